// Compute shaders around the kernels: one invocation a word, or for products tiles of 32 positions x 32 channels.
import { rounding, wgslPrelude, type ShaderKernel } from '@bitgrad/shaders';

/** Invocations of a workgroup. */
const GROUP = 64;
/** Positions and channels of a tile, and steps along k between two barriers. */
const TILE = 32;
const DEPTH = 8;
/** Most workgroups along one axis. */
const AXIS = 65535;

/** A compute shader, and how many workgroups it takes. */
export interface Dispatch {
  readonly code: string;
  readonly groups: readonly [number, number];
  /** Words read from and written to global memory, counted from the loops. */
  readonly reads: number;
  readonly writes: number;
  readonly tiled: boolean;
}

const bindings = ({ reads, product }: ShaderKernel): string =>
  reads
    .map((_, j) => {
      const wide = product !== undefined && j === 1;
      const element = wide ? 'vec4<u32>' : 'u32';
      const read = wide
        ? `fn w${j}(i: i32) -> u32 { return b${j}[i >> 2u][i & 3]; }\nfn q${j}(i: i32) -> vec4<u32> { return b${j}[i]; }`
        : `fn w${j}(i: i32) -> u32 { return b${j}[i]; }`;
      return `@group(0) @binding(${j}) var<storage, read> b${j}: array<${element}>;\n${read}`;
    })
    .concat(`@group(0) @binding(${reads.length}) var<storage, read_write> stored: array<u32>;`)
    .join('\n');

const entry = `@compute @workgroup_size(${GROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  zero = group.z;
  let l = i32(index);`;

/** Whether a product of m positions runs in tiles; fewer positions would leave most of a tile idle. */
export const tiles = (m: number): boolean => m >= 8 && Math.ceil(m / TILE) <= AXIS;

function plain(kernel: ShaderKernel, words: number): Dispatch {
  const total = Math.ceil(words / GROUP);
  const width = Math.min(total, AXIS);
  const code = `${wgslPrelude}${rounding}${bindings(kernel)}
${kernel.code}
${entry}
  let i = (i32(group.y) * ${width} + i32(group.x)) * ${GROUP} + l;
  if (i < ${words}) { stored[i] = word(i); }
}`;
  return {
    code,
    groups: [width, Math.ceil(total / width)],
    reads: words * kernel.loads,
    writes: words,
    tiled: false,
  };
}

function tiled(kernel: ShaderKernel, words: number): Dispatch {
  const { m, n, k, arithmetic, packs } = kernel.product!;
  const type = arithmetic === 'float' ? 'f32' : 'i32';
  const lanes = [0, 1, 2, 3];
  const columns = Math.ceil(n / 4);
  // One copy of the epilogue in a loop: sixteen copies make a shader that drivers take seconds to compile.
  const store = `var sums = array<vec4<${type}>, 4>(acc0, acc1, acc2, acc3);
  for (var e: i32 = 0; e < 16; e++) {
    let m = m0 + tm * 4 + e / 4;
    let n = n0 + tn * 4 + e % 4;
    if (m < ${m} && n < ${n}) {
      let result = outcome(m, n, sums[e / 4][e % 4]);
      ${packs ? 'atomicOr(&signs[tm * 4 + e / 4], result << u32(n - n0));' : `stored[m * ${n} + n] = result;`}
    }
  }
  ${
    packs
      ? `workgroupBarrier();
  if (l < ${TILE} && m0 + l < ${m}) { stored[(m0 + l) * ${Math.ceil(n / 32)} + i32(group.y)] = atomicLoad(&signs[l]); }`
      : ''
  }`;
  const code = `${wgslPrelude}${rounding}${bindings(kernel)}
var<workgroup> left: array<u32, ${TILE * DEPTH}>;
var<workgroup> right: array<vec4<u32>, ${(TILE / 4) * DEPTH}>;
${packs ? `var<workgroup> signs: array<atomic<u32>, ${TILE}>;` : ''}
${kernel.code}
${entry}
  let m0 = i32(group.x) * ${TILE};
  let n0 = i32(group.y) * ${TILE};
  let tm = l / 8;
  let tn = l % 8;
  ${lanes.map((j) => `var acc${j}: vec4<${type}>;`).join(' ')}
  for (var k0: i32 = 0; k0 < ${k}; k0 += ${DEPTH}) {
    for (var e: i32 = l; e < ${TILE * DEPTH}; e += ${GROUP}) {
      let m = m0 + e / ${DEPTH};
      let k = k0 + e % ${DEPTH};
      var v: u32 = 0u;
      if (m < ${m} && k < ${k}) { v = tap(m, k, 0); }
      left[e] = v;
    }
    let k = k0 + l / 8;
    let column = n0 / 4 + l % 8;
    var weights = vec4<u32>(0u);
    if (k < ${k} && column < ${columns}) { weights = q1(column * ${k} + k); }
    right[l] = weights;
    workgroupBarrier();
    for (var s: i32 = 0; s < ${DEPTH}; s++) {
      let b = right[s * 8 + tn];
      ${lanes.map((j) => `acc${j} = mac4(acc${j}, left[(tm * 4 + ${j}) * ${DEPTH} + s], b);`).join('\n      ')}
    }
    workgroupBarrier();
  }
  ${store}
}`;
  const groups = [Math.ceil(m / TILE), Math.ceil(n / TILE)] as const;
  const reads = k * (m * groups[1] + columns * 4 * groups[0]);
  return { code, groups, reads, writes: words, tiled: true };
}

/** The compute shader of a kernel that writes so many words. */
export function dispatchOf(kernel: ShaderKernel, words: number): Dispatch {
  const { product } = kernel;
  return product && product.shared === product.n && tiles(product.m)
    ? tiled(kernel, words)
    : plain(kernel, words);
}

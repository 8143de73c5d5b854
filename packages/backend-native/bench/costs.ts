// What a kernel cannot do without: products, and bytes that it reads and writes once. From these, what bounds it on one thread.
import { functions } from '@bitgrad/backend-wasm/training';

type Fields = Readonly<Record<string, number>>;

/** How many products a cycle allows at most, with 16 numbers in a register. */
const PER_CYCLE = {
  /** Two loads of 64 bytes, each 16 sums of four products with +-1. */
  signed: 128,
  /** One count of 512 bits. */
  packed: 512,
  /** 16 numbers multiplied and added: two instructions, of which two run at a time; rounded twice, as everywhere. */
  float: 16,
};

/** Products of a kind, and bytes. */
export interface Cost {
  readonly products: number;
  readonly kind: keyof typeof PER_CYCLE;
  readonly bytes: number;
}

const bytes = (count: number): Cost => ({ products: 0, kind: 'float', bytes: count });
const image = ({ h, w, c }: Fields): number => h! * w! * c! * 4;
const pooled = ({ oh, ow, c }: Fields): number => oh! * ow! * c! * 4;
const images = (f: Fields): number => f.n1! - f.n0!;

/** Of each part of a call. */
const ofParts: Readonly<Record<string, (f: Fields) => Cost>> = {
  signedOuter: (f) => ({
    products: f.n! * f.oh! * f.ow! * (f.o1! - f.o0!) * f.runs! * (f.m1! - f.m0!),
    kind: 'signed',
    bytes: f.n! * f.oh! * f.ow! * (f.o1! - f.o0!) * 4,
  }),
  binaryConv: (f) => ({
    products: (f.p1! - f.p0!) * f.o! * f.c! * f.kh! * f.kw!,
    kind: 'packed',
    bytes: (f.p1! - f.p0!) * f.o! * 4,
  }),
  convRows: (f) => ({
    products: (f.p1! - f.p0!) * f.o! * f.runsH! * f.runsW! * f.length!,
    kind: 'float',
    bytes: (f.p1! - f.p0!) * f.o! * 4,
  }),
  outerSum: (f) => ({
    products: images(f) * f.oh! * f.ow! * f.runs! * (f.m1! - f.m0!) * f.o!,
    kind: 'float',
    bytes: images(f) * f.oh! * f.ow! * f.o! * 4,
  }),
  elementwise: (f) => bytes((f.i1! - f.i0!) * 4 * (f.inputCount! + 1)),
  packSigns: (f) => bytes(images(f) * image(f)),
  signBytes: (f) => bytes(images(f) * image(f) * 1.25),
  padImages: (f) => bytes(images(f) * image(f) * 2),
  maxPool: (f) => bytes(images(f) * (image(f) + pooled(f))),
  maxPoolGrad: (f) => bytes(images(f) * (2 * image(f) + pooled(f))),
  avgPool: (f) => bytes(images(f) * (image(f) + pooled(f))),
  avgPoolGrad: (f) => bytes(images(f) * (image(f) + pooled(f))),
  batchNormApply: (f) => bytes((f.r1! - f.r0!) * f.c! * 8),
  batchNormGradApply: (f) => bytes((f.r1! - f.r0!) * f.c! * 12),
  adam: (f) => bytes((f.i1! - f.i0!) * 28),
  momentum: (f) => bytes((f.i1! - f.i0!) * 20),
};

/** Of all parts of a call together. */
const ofCalls: Readonly<Record<string, (f: Fields) => Cost>> = {
  signedRows: (f) => ({
    products: f.n! * f.h! * f.w! * f.c! * f.o! * f.taps!,
    kind: 'signed',
    bytes: f.n! * (image(f) + f.oh! * f.ow! * f.o! * 4),
  }),
  batchNormMoments: (f) => bytes(f.rows! * f.c! * 4),
  batchNormGradSums: (f) => bytes(f.rows! * f.c! * 8),
};

/**
 * The costs of the calls of a function.
 * @param args the parameters of one call behind those of the other
 */
export function costsOf(name: string, args: ArrayLike<number>): Cost[] {
  const names = Object.keys((functions as Readonly<Record<string, object>>)[name]!);
  const fields = (call: number): Fields =>
    Object.fromEntries(names.map((field, i) => [field, args[call * names.length + i]!]));
  const count = args.length / names.length;
  if (ofCalls[name]) return [ofCalls[name](fields(0))];
  return ofParts[name] ? Array.from({ length: count }, (_, call) => ofParts[name]!(fields(call))) : [];
}

/**
 * Bytes a millisecond, read and written, of a copy of as much as a step goes through. What is copied was written before: pages
 * that never were are all the same one, which the first-level cache holds.
 */
function measuredTraffic(): number {
  const [from, to] = [new Float32Array(1 << 25).fill(1), new Float32Array(1 << 25)];
  to.set(from);
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    to.set(from);
    return performance.now() - start;
  });
  return (2 * from.byteLength) / Math.min(...times);
}

/** What a processor needs at least, by its clock and what a copy of 128 MB takes here. */
export function measureMachine(ghz: number) {
  const traffic = measuredTraffic();
  return {
    words:
      `Bounds of one thread: ${ghz} GHz, products with +-1 ${PER_CYCLE.signed} a cycle, packed ${PER_CYCLE.packed}, float ${PER_CYCLE.float}; ` +
      `${(traffic / 1e6).toFixed(1)} GB/s, reading and writing.`,
    /** Milliseconds of a cost's products or of its bytes, whichever take longer. */
    bound: ({ products, kind, bytes: count }: Cost): number =>
      Math.max(products / (PER_CYCLE[kind] * ghz * 1e6), count / traffic),
  };
}

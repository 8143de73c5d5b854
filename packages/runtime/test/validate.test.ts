import { describe, expect, it } from 'vitest';
import { BitgradError, validateMetadata, validateModel, validatePlan, type Plan } from '../src/index.js';
import { affineModel, convModel } from './support/models.js';

type Loose = Record<string, unknown>;
const failureOf = (run: () => unknown): { code: string; message: string } => {
  try {
    run();
  } catch (error) {
    if (error instanceof BitgradError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
};

/** A plan of one op, its output spec last; the input is converted to the type wanted by the op's first input. */
function single(
  op: Loose,
  inputs: [string, number[]][],
  weights: [string, number[]][],
  out: [string, number[]],
): Plan {
  const spec = ([type, shape]: [string, number[]]) => ({ type, shape });
  // Every input is a constant, so that all types can come in; the plan's own input and output are bystanders.
  const buffers = [spec(['u8', [1]]), ...inputs.map(spec), spec(out), spec(['f32', [1]])];
  const n = inputs.length;
  return {
    version: 1,
    input: 0,
    output: n + 2,
    buffers,
    weights: [...inputs.map(spec), ...weights.map(spec), spec(['f32', [1]])],
    ops: [
      ...inputs.map((_, i) => ({ op: 'constant', inputs: [], weights: [i], output: i + 1 })),
      { inputs: inputs.map((_, i) => i + 1), weights: weights.map((_, i) => n + i), ...op, output: n + 1 },
      { op: 'affine', inputs: [0], weights: [n + weights.length, n + weights.length], output: n + 2 },
    ],
  } as unknown as Plan;
}
const window = { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
const conv = { op: 'conv', ...window, padValue: 0, shift: 0, groups: 1 };
const convOf = (changes: Loose, input = 'bits', weight = 'bits', w = [2, 3, 3, 3], out = [2, 2, 2]) =>
  single(
    { ...conv, ...changes },
    [[input, [4, 4, 3]]],
    [[weight, w]],
    [input === 'f32' ? 'f32' : 'i32', out],
  );

describe('structure of a plan', () => {
  const base = affineModel().plan as unknown as Loose & { ops: Loose[]; buffers: Loose[] };
  it.each<[string, (plan: typeof base) => void, string, RegExp]>([
    ['version 0', (p) => (p.version = 0), 'invalid-file', /plan\.version: got 0/],
    ['newer version', (p) => (p.version = 2), 'unsupported-op', /plan\.version: got 2.*Update/],
    ['no ops', (p) => (p.ops = []), 'invalid-file', /length of plan\.ops: got 0/],
    [
      'ops that are no list',
      (p) => (p.ops = {} as never),
      'invalid-file',
      /plan\.ops: got \{\}, expected an array/,
    ],
    ['op that is no object', (p) => (p.ops = [3 as never]), 'invalid-file', /plan\.ops\[0\]: got 3/],
    [
      'op without a name',
      (p) => delete p.ops[0]!.op,
      'invalid-file',
      /plan\.ops\[0\]\.op: expected a string/,
    ],
    [
      'unknown op',
      (p) => (p.ops[0]!.op = 'fft'),
      'unsupported-op',
      /plan\.ops\[0\]\.op: got "fft", expected conv, .*Update/,
    ],
    ['op of Object.prototype', (p) => (p.ops[0]!.op = 'constructor'), 'unsupported-op', /constructor/],
    ['input out of range', (p) => (p.ops[0]!.inputs = [2]), 'invalid-file', /inputs\[0\]: got 2.*0 to 1/],
    [
      'input not yet written',
      (p) => (p.ops[0]!.inputs = [1]),
      'invalid-file',
      /\(affine\)\.inputs\[0\]: got 1/,
    ],
    [
      'too few inputs',
      (p) => (p.ops[0]!.inputs = []),
      'invalid-file',
      /length of .*inputs: got 0, expected 1/,
    ],
    [
      'too few weights',
      (p) => (p.ops[0]!.weights = [0]),
      'invalid-file',
      /length of .*weights: got 1, expected 2/,
    ],
    ['weight out of range', (p) => (p.ops[0]!.weights = [0, 2]), 'invalid-file', /weights\[1\]: got 2/],
    ['fractional index', (p) => (p.ops[0]!.output = 0.5), 'invalid-file', /output: got 0\.5/],
    [
      'writing the input',
      (p) => (p.ops[0]!.output = 0),
      'invalid-file',
      /output: got 0, expected a buffer that nothing wrote/,
    ],
    [
      'output never written',
      (p) => p.buffers.push(p.buffers[1]!),
      'invalid-file',
      /plan\.buffers: got "3 buffers"/,
    ],
    [
      'output is the input',
      (p) => {
        p.buffers[0]!.type = 'f32';
        p.output = 0;
      },
      'invalid-file',
      /plan\.output: got 0/,
    ],
    [
      'output of packed type',
      (p) => (p.buffers[1]!.type = 'bits'),
      'invalid-file',
      /type of plan\.output: got "bits"/,
    ],
    [
      'input of packed type',
      (p) => (p.buffers[0]!.type = 'bits'),
      'invalid-file',
      /type of plan\.input: got "bits"/,
    ],
    [
      'buffer of type i8',
      (p) => (p.buffers[0]!.type = 'i8'),
      'invalid-file',
      /plan\.buffers\[0\]\.type: got "i8"/,
    ],
    ['size 0', (p) => (p.buffers[0]!.shape = [0]), 'invalid-file', /plan\.buffers\[0\]\.shape\[0\]: got 0/],
    ['no axes', (p) => (p.buffers[0]!.shape = []), 'invalid-file', /length of plan\.buffers\[0\]\.shape/],
    [
      'five axes',
      (p) => (p.buffers[0]!.shape = [1, 1, 1, 1, 1]),
      'invalid-file',
      /length of plan\.buffers\[0\]\.shape/,
    ],
    [
      'huge buffer',
      (p) => (p.buffers[0]!.shape = [2 ** 20, 2 ** 20]),
      'limit-exceeded',
      /elements of plan\.buffers\[0\]/,
    ],
    [
      'wrong output shape',
      (p) => (p.buffers[1]!.shape = [3]),
      'invalid-file',
      /plan\.ops\[0\] \(affine\)\.output: got "f32 \[3\]", expected f32 \[2\]/,
    ],
    ['name of the wrong type', (p) => (p.ops[0]!.name = 3), 'invalid-file', /\.name: got 3/],
    [
      'long name',
      (p) => (p.ops[0]!.name = 'x'.repeat(1025)),
      'limit-exceeded',
      /length of .*\.name: got 1025/,
    ],
  ])('%s', (_, edit, code, message) => {
    const plan = structuredClone(base);
    edit(plan);
    const error = failureOf(() => validatePlan(plan));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
  it.each([null, undefined, 3, 'plan', [], () => 0])('refuses %s for a plan', (value) => {
    expect(failureOf(() => validatePlan(value)).code).toBe('invalid-file');
  });
  it('counts memory and operations', () => {
    const { plan } = convModel();
    const limits = {
      fileBytes: 1e9,
      headerBytes: 1e9,
      memoryBytes: 1e9,
      elements: 1e9,
      ops: 100,
      operations: 1e9,
    };
    // Bytes: 192 + 64 (16 rows of one word) + 128 * 3 + 8; operations: 48 levels, 8 each; 16 positions of
    // 2 * 27 products and 9 taps, 16 each; 32; 32; 16 taps of 2 channels and 16.
    validatePlan(plan, { ...limits, memoryBytes: 648, operations: 3904 });
    expect(failureOf(() => validatePlan(plan, { ...limits, memoryBytes: 647 })).message).toMatch(/got 648/);
    expect(failureOf(() => validatePlan(plan, { ...limits, operations: 3903 })).message).toMatch(/got 3904/);
  });
});

describe('ops', () => {
  it.each<[string, Plan, RegExp | 'ok']>([
    ['conv', convOf({}), 'ok'],
    ['conv: zero stride', convOf({ strides: [0, 1] }), /\(conv\)\.strides\[0\]: got 0/],
    ['conv: missing attribute', convOf({ kernel: undefined }), /\(conv\)\.kernel/],
    ['conv: attributes with defaults left out', convOf({ groups: undefined, dilations: undefined }), 'ok'],
    ['conv: groups', convOf({ groups: 2 }), /\.groups: got 2, expected a divisor of 3 and 2/],
    [
      'conv: pads beyond the window',
      convOf({ pads: [3, 0, 0, 0] }),
      /\.pads\[0\]: got 3, expected less than the window, 3/,
    ],
    ['conv: window beyond the image', convOf({ dilations: [2, 1] }), /\.kernel\[0\]: got 3/],
    ['conv: too many taps', convOf({ kernel: [2000, 2000] }), /taps/],
    [
      'conv: kernel of another shape',
      convOf({}, 'bits', 'bits', [2, 3, 3, 4]),
      /weights\[0\]: .*got "bits \[2, 3, 3, 4\]", expected bits \[2, 3, 3, 3\]/,
    ],
    ['conv: float weights on bits', convOf({}, 'bits', 'f32'), /weights\[0\]\.type/],
    ['conv: integers', convOf({}, 'i32'), /inputs\[0\]\.type/],
    ['conv: shift on bits', convOf({ shift: 1 }), /\.shift: got 1, expected 0 with bits/],
    ['conv: pad value on bits', convOf({ padValue: 2 }), /\.padValue: got 2/],
    ['conv: fractional pad value', convOf({ padValue: 0.5 }), /\.padValue: got 0\.5/],
    ['conv: pad value on floats', convOf({ padValue: 1 }, 'f32'), /\.padValue: got 1/],
    ['conv: pad value on bytes', convOf({ padValue: -65535, shift: 8 }, 'u8', 'i8'), 'ok'],
    ['conv: shift 9', convOf({ shift: 9 }, 'u8'), /\.shift: got 9/],
    [
      'conv on a vector',
      single({ ...conv, kernel: [1, 1] }, [['bits', [4]]], [['bits', [1, 1, 1, 4]]], ['i32', [1]]),
      /inputs\[0\]\.shape/,
    ],
    [
      'depthwise',
      single(
        { op: 'depthwise', ...window, padValue: -1, shift: 0, multiplier: 2 },
        [['bits', [3, 3, 5]]],
        [['bits', [3, 3, 10]]],
        ['i32', [1, 1, 10]],
      ),
      'ok',
    ],
    [
      'depthwise: multiplier',
      single(
        { op: 'depthwise', ...window, padValue: -1, shift: 0, multiplier: 3 },
        [['bits', [3, 3, 5]]],
        [['bits', [3, 3, 10]]],
        ['i32', [1, 1, 10]],
      ),
      /weights\[0\]: .*expected bits \[3, 3, 15\]/,
    ],
    ['dense', single({ op: 'dense' }, [['f32', [7, 5]]], [['i8', [2, 5]]], ['f32', [7, 2]]), 'ok'],
    [
      'dense: width',
      single({ op: 'dense' }, [['f32', [7, 5]]], [['i8', [2, 6]]], ['f32', [7, 2]]),
      /weights\[0\]/,
    ],
    [
      'matmul',
      single(
        { op: 'matmul', transposeB: false },
        [
          ['f32', [2, 3]],
          ['f32', [3, 4]],
        ],
        [],
        ['f32', [2, 4]],
      ),
      'ok',
    ],
    [
      'matmul: inner sizes',
      single(
        { op: 'matmul', transposeB: true },
        [
          ['f32', [2, 3]],
          ['f32', [3, 4]],
        ],
        [],
        ['f32', [2, 3]],
      ),
      /inputs\[1\]/,
    ],
    [
      'matmul: packed',
      single(
        { op: 'matmul', transposeB: true },
        [
          ['bits', [2, 3]],
          ['bits', [4, 3]],
        ],
        [],
        ['i32', [2, 4]],
      ),
      'ok',
    ],
    [
      'matmul: packed, not transposed',
      single(
        { op: 'matmul', transposeB: false },
        [
          ['bits', [2, 3]],
          ['bits', [3, 4]],
        ],
        [],
        ['i32', [2, 4]],
      ),
      /inputs\[0\]\.type/,
    ],
    [
      'matmul of vectors',
      single(
        { op: 'matmul', transposeB: true },
        [
          ['f32', [3]],
          ['f32', [3]],
        ],
        [],
        ['f32', [1]],
      ),
      /inputs\[0\]\.shape/,
    ],
    [
      'matmul: no boolean',
      single(
        { op: 'matmul', transposeB: 1 },
        [
          ['f32', [2, 3]],
          ['f32', [3, 4]],
        ],
        [],
        ['f32', [2, 4]],
      ),
      /transposeB: got 1/,
    ],
    [
      'threshold: type',
      single(
        { op: 'threshold' },
        [['i32', [3]]],
        [
          ['f32', [3]],
          ['bits', [3]],
        ],
        ['bits', [3]],
      ),
      /weights\[0\]: .*expected i32 \[3\]/,
    ],
    [
      'threshold: flips',
      single(
        { op: 'threshold' },
        [['i32', [3]]],
        [
          ['i32', [3]],
          ['bits', [4]],
        ],
        ['bits', [3]],
      ),
      /weights\[1\]/,
    ],
    [
      'affine: channels',
      single(
        { op: 'affine' },
        [['i32', [3]]],
        [
          ['f32', [3]],
          ['f32', [1]],
        ],
        ['f32', [3]],
      ),
      /weights\[1\]/,
    ],
    [
      'quantize',
      single(
        { op: 'quantize' },
        [['f32', [3]]],
        [
          ['f32', [2]],
          ['f32', [3]],
        ],
        ['f32', [3]],
      ),
      'ok',
    ],
    [
      'quantize: levels',
      single(
        { op: 'quantize' },
        [['f32', [3]]],
        [
          ['f32', [2]],
          ['f32', [2]],
        ],
        ['f32', [3]],
      ),
      /weights\[1\]/,
    ],
    [
      'quantize integers',
      single(
        { op: 'quantize' },
        [['i32', [3]]],
        [
          ['f32', [2]],
          ['f32', [3]],
        ],
        ['f32', [3]],
      ),
      /inputs\[0\]\.type/,
    ],
    ['clamp', single({ op: 'clamp', min: null, max: 3 }, [['f32', [3]]], [], ['f32', [3]]), 'ok'],
    [
      'clamp: order',
      single({ op: 'clamp', min: 4, max: 3 }, [['f32', [3]]], [], ['f32', [3]]),
      /\.max: got 3, expected at least min, 4/,
    ],
    ['clamp: missing', single({ op: 'clamp', min: 4 }, [['f32', [3]]], [], ['f32', [3]]), /\.max/],
    [
      'prelu',
      single(
        { op: 'prelu' },
        [['f32', [3]]],
        [
          ['f32', [3]],
          ['f32', [3]],
          ['i32', [3]],
        ],
        ['f32', [3]],
      ),
      /weights\[2\]/,
    ],
    [
      'unary',
      single({ op: 'unary', function: 'sin' }, [['f32', [3]]], [], ['f32', [3]]),
      /function: got "sin"/,
    ],
    [
      'add: one row',
      single(
        { op: 'add' },
        [
          ['i32', [2, 3]],
          ['i32', [1, 3]],
        ],
        [],
        ['i32', [2, 3]],
      ),
      'ok',
    ],
    [
      'add: other shape',
      single(
        { op: 'add' },
        [
          ['i32', [2, 3]],
          ['i32', [3]],
        ],
        [],
        ['i32', [2, 3]],
      ),
      /inputs\[1\]/,
    ],
    [
      'add: other type',
      single(
        { op: 'add' },
        [
          ['i32', [3]],
          ['f32', [3]],
        ],
        [],
        ['i32', [3]],
      ),
      /inputs\[1\]/,
    ],
    [
      'mul integers',
      single(
        { op: 'mul' },
        [
          ['i32', [3]],
          ['i32', [3]],
        ],
        [],
        ['i32', [3]],
      ),
      /inputs\[0\]\.type/,
    ],
    [
      'maxPool',
      single({ op: 'maxPool', ...window, pads: [2, 2, 2, 2] }, [['u8', [1, 1, 3]]], [], ['u8', [3, 3, 3]]),
      'ok',
    ],
    [
      'maxPool: dilated',
      single({ op: 'maxPool', ...window, dilations: [1, 2] }, [['u8', [9, 9, 3]]], [], ['u8', [7, 5, 3]]),
      /dilations/,
    ],
    [
      'avgPool: output type',
      single({ op: 'avgPool', ...window }, [['u8', [3, 3, 3]]], [], ['u8', [1, 1, 3]]),
      /expected f32/,
    ],
    [
      'concat',
      single(
        { op: 'concat', axis: 0 },
        [
          ['bits', [1, 3]],
          ['bits', [2, 3]],
        ],
        [],
        ['bits', [3, 3]],
      ),
      'ok',
    ],
    [
      'concat: axis',
      single(
        { op: 'concat', axis: 2 },
        [
          ['bits', [1, 3]],
          ['bits', [2, 3]],
        ],
        [],
        ['bits', [3, 3]],
      ),
      /axis: got 2/,
    ],
    [
      'concat: shapes',
      single(
        { op: 'concat', axis: 1 },
        [
          ['bits', [1, 3]],
          ['bits', [2, 3]],
        ],
        [],
        ['bits', [1, 6]],
      ),
      /inputs\[1\]/,
    ],
    [
      'concat: ranks',
      single(
        { op: 'concat', axis: 1 },
        [
          ['bits', [1, 3]],
          ['bits', [3]],
        ],
        [],
        ['bits', [1, 6]],
      ),
      /inputs\[1\]/,
    ],
    [
      'pad',
      single(
        { op: 'pad', before: [0, 1], after: [2, 0], value: -1 },
        [['bits', [1, 3]]],
        [],
        ['bits', [3, 4]],
      ),
      'ok',
    ],
    [
      'pad: value of bits',
      single({ op: 'pad', before: [0], after: [2], value: 0 }, [['bits', [3]]], [], ['bits', [5]]),
      /value: got 0/,
    ],
    [
      'pad: value of bytes',
      single({ op: 'pad', before: [0], after: [2], value: 256 }, [['u8', [3]]], [], ['u8', [5]]),
      /value: got 256/,
    ],
    [
      'pad: value of integers',
      single({ op: 'pad', before: [0], after: [2], value: 2 ** 31 }, [['i32', [3]]], [], ['i32', [5]]),
      /value/,
    ],
    [
      'pad: axes',
      single({ op: 'pad', before: [0, 0], after: [2], value: 0 }, [['u8', [3]]], [], ['u8', [5]]),
      /length of .*before/,
    ],
    ['slice', single({ op: 'slice', begin: [1] }, [['u8', [3]]], [], ['u8', [2]]), 'ok'],
    [
      'slice: end',
      single({ op: 'slice', begin: [2] }, [['u8', [3]]], [], ['u8', [2]]),
      /\.output: got "u8 \[2\]", expected a part of u8 \[3\] from \[2\]/,
    ],
    ['reshape', single({ op: 'reshape' }, [['u8', [3]]], [], ['u8', [4]]), /expected 3 elements/],
    [
      'transpose',
      single({ op: 'transpose', permutation: [1, 0] }, [['bits', [2, 3]]], [], ['bits', [3, 2]]),
      'ok',
    ],
    [
      'transpose: twice',
      single({ op: 'transpose', permutation: [1, 1] }, [['bits', [2, 3]]], [], ['bits', [3, 3]]),
      /permutation/,
    ],
    ['softmax of integers', single({ op: 'softmax' }, [['i32', [3]]], [], ['i32', [3]]), /inputs\[0\]\.type/],
    [
      'layerNorm',
      single(
        { op: 'layerNorm', epsilon: 1e-3 },
        [['f32', [3]]],
        [
          ['f32', [3]],
          ['f32', [3]],
        ],
        ['f32', [3]],
      ),
      'ok',
    ],
    [
      'layerNorm: epsilon',
      single(
        { op: 'layerNorm', epsilon: 0 },
        [['f32', [3]]],
        [
          ['f32', [3]],
          ['f32', [3]],
        ],
        ['f32', [3]],
      ),
      /epsilon: got 0/,
    ],
    [
      'layerNorm: epsilon 0 in float32',
      single(
        { op: 'layerNorm', epsilon: 1e-60 },
        [['f32', [3]]],
        [
          ['f32', [3]],
          ['f32', [3]],
        ],
        ['f32', [3]],
      ),
      /epsilon/,
    ],
  ])('%s', (_, plan, expected) => {
    if (expected === 'ok') validatePlan(plan);
    else {
      const error = failureOf(() => validatePlan(plan));
      expect(error.message).toMatch(expected);
      expect(error.code).toBe('invalid-file');
    }
  });
  it('constant of type i8', () => {
    expect(
      failureOf(() => validatePlan(single({ op: 'softmax' }, [['i8', [3]]], [], ['f32', [3]]))).code,
    ).toBe('invalid-file');
  });
  it('accumulators: the bound itself passes, one more does not', () => {
    const dense = (input: string, k: number) =>
      single({ op: 'dense' }, [[input, [k]]], [['i8', [1, k]]], ['i32', [1]]);
    const most = Math.floor((2 ** 31 - 1) / 255 / 128);
    validatePlan(dense('u8', most));
    expect(failureOf(() => validatePlan(dense('u8', most + 1)))).toMatchObject({ code: 'overflow' });
    validatePlan(dense('bits', 2 ** 24 - 1));
    expect(failureOf(() => validatePlan(dense('bits', 2 ** 24)))).toMatchObject({ code: 'overflow' });
    const padded = (padValue: number, shift: number) =>
      convOf({ padValue, shift, pads: [1, 1, 1, 1] }, 'u8', 'i8', [2, 3, 3, 3], [4, 4, 2]);
    validatePlan(padded(65535, 8));
  });
});

describe('weights', () => {
  const change = (edit: (weights: Float32Array[]) => void) => {
    const model = convModel();
    edit(model.weights as Float32Array[]);
    return failureOf(() => validateModel(model));
  };
  it('of quantize are sorted and no NaN', () => {
    const model = convModel();
    expect(change((w) => (w[5]![0] = NaN)).message).toMatch(/plan\.ops\[3\] \(quantize\)\.weights\[0\]/);
    const sorted = single(
      { op: 'quantize' },
      [['f32', [1]]],
      [
        ['f32', [2]],
        ['f32', [3]],
      ],
      ['f32', [1]],
    );
    const weights = (t: number[]) => [
      new Float32Array(1),
      Float32Array.from(t),
      new Float32Array(3),
      new Float32Array(1),
    ];
    validateModel({ plan: sorted, weights: weights([-1, -1]), metadata: {} });
    validateModel({ plan: sorted, weights: weights([-Infinity, Infinity]), metadata: {} });
    expect(
      failureOf(() => validateModel({ plan: sorted, weights: weights([1, 0]), metadata: {} })).message,
    ).toMatch(/unsorted/);
    validateModel(model);
  });
  it('of packed type have zeros in their unused bits', () => {
    expect(change((w) => (w[1]![0] = 8)).message).toMatch(/unused bits of weights\[1\], word 0: got 8/);
    expect(change((w) => (w[2]![17] = 0x80000000)).message).toMatch(/unused bits of weights\[2\], word 17/);
  });
  it('of dense layers are finite', () => {
    const plan = single({ op: 'dense' }, [['f32', [2]]], [['f32', [1, 2]]], ['f32', [1]]);
    const weights = [new Float32Array(2), Float32Array.of(1, Infinity), new Float32Array(1)];
    expect(failureOf(() => validateModel({ plan, weights, metadata: {} })).message).toMatch(
      /NaN or infinity/,
    );
  });
});

describe('metadata', () => {
  it('keeps known fields only', () => {
    const { metadata } = affineModel();
    expect(validateMetadata({ ...metadata, mood: 1 })).toEqual(metadata);
    expect(validateMetadata({})).toEqual({});
  });
  it.each<[Loose, RegExp]>([
    [{ name: 3 }, /metadata\.name: got 3/],
    [{ classes: 3 }, /metadata\.classes: got 3/],
    [{ classes: ['a', 2] }, /metadata\.classes\[1\]: got 2/],
    [{ normalization: { mean: [0], std: [0] } }, /metadata\.normalization\.std\[0\]: got 0/],
    [{ normalization: { mean: ['0'], std: [1] } }, /metadata\.normalization\.mean\[0\]/],
    [
      { layers: [{ name: 'x', binaryMacs: -1, otherMacs: 0, floatBytes: 0 }] },
      /metadata\.layers\[0\]\.binaryMacs: got -1/,
    ],
    [{ floatBytes: 0.5 }, /metadata\.floatBytes/],
    [{ extra: [] }, /metadata\.extra/],
    [{ quantizers: 'ste' }, /metadata\.quantizers/],
  ])('%j', (value, message) => {
    expect(failureOf(() => validateMetadata(value)).message).toMatch(message);
  });
});

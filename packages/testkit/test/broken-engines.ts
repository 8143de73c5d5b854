// Engines that make one mistake each, by the case of the engine suite that has to find it.
import {
  channelCount,
  elementCount,
  jsEngine,
  type Engine,
  type Executable,
  type Op,
  type PackedModel,
  type Plan,
  type TensorData,
} from '@bitgrad/runtime';

/** An engine that runs another model than it is given. */
const mistaking =
  (change: (model: PackedModel) => PackedModel): (() => Engine) =>
  () => ({ ...jsEngine(), compile: (model, options) => jsEngine().compile(change(model), options) });

/** An engine that takes an op for another. */
const misreading = (change: (op: Op, plan: Plan) => object | undefined): (() => Engine) =>
  mistaking(({ plan, ...rest }) => ({
    ...rest,
    plan: { ...plan, ops: plan.ops.map((op) => ({ ...op, ...change(op, plan) }) as Op) },
  }));

/** An engine that lays weights out wrong; `change` may write to the copies it is given. */
const misplacing = (change: (op: Op, w: TensorData[], plan: Plan) => void): (() => Engine) =>
  mistaking(({ plan, weights, ...rest }) => {
    const copies = weights.map((data) => data.slice());
    for (const op of plan.ops) change(op, (op.weights ?? []).map((i) => copies[i]!), plan); // prettier-ignore
    return { ...rest, plan, weights: copies };
  });

/** An engine whose executables do something else. */
export const misbehaving = (change: (executable: Executable) => Partial<Executable>): (() => Engine) => {
  return () => ({
    ...jsEngine(),
    compile: async (model, options) => {
      const executable = await jsEngine().compile(model, options);
      return { ...executable, ...change(executable) };
    },
  });
};

const inputOf = ({ inputs }: Op, { buffers }: Plan) => buffers[inputs[0]!]!;
const bits = (words: TensorData, c: number) => ({
  stride: 32 * Math.ceil(c / 32),
  flip: (i: number): void => void (words[i >> 5]! ^= 1 << (i & 31)),
  get: (i: number): number => (words[i >> 5]! >>> (i & 31)) & 1,
});

/** Takes elements [rows][from][to] for [rows][to][from], packed or not. */
function turned(data: TensorData, shape: readonly number[], from: number, to: number): void {
  const c = channelCount(shape);
  const rows = elementCount(shape) / (from * to);
  const packed = data instanceof Uint32Array && bits(data, c);
  const place = (i: number): number => (packed ? Math.floor(i / c) * packed.stride + (i % c) : i);
  const values = Array.from({ length: elementCount(shape) }, (_, i) => packed ? packed.get(place(i)) : data[i]!); // prettier-ignore
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < from; i++)
      for (let j = 0; j < to; j++) {
        const at = (row * from + i) * to + j;
        const value = values[row * from * to + j * from + i]!;
        if (!packed) data[at] = value;
        else if (packed.get(place(at)) !== value) packed.flip(place(at));
      }
}

/** Whether a product writes the input of an op, and thresholds are on its sums. */
const onSums = (op: Op, { ops }: Plan): boolean =>
  ops.some(({ op: name, output }) => output === op.inputs[0] && ['conv', 'depthwise'].includes(name));

/** Rows of `c` channels whose last channel is lost, as by a mask that is one bit short. */
const shortRows = (c: number): (() => Engine) =>
  misplacing((op, w, plan) => {
    if (op.op === 'threshold' && channelCount(inputOf(op, plan).shape) === c) bits(w[1]!, c).flip(c - 1);
  });

/** What each does wrong is what its case is there for. */
export const brokenEngines: Readonly<Record<string, () => Engine>> = {
  // The second plane with the padding of the first.
  'sums of bytes in two planes': misreading((op) =>
    op.op === 'conv' && op.padValue === 5 ? { padValue: 6 } : undefined,
  ),
  // The affine step's result on its own shortcut.
  'shortcuts around binary convolutions': misreading((op) =>
    op.op === 'add' ? { inputs: [op.inputs[0], op.inputs[0]] } : undefined,
  ),
  // -1 outside the image counts as nothing.
  'binary convolutions around the word size, every padding value': misreading((op) =>
    op.op === 'conv' && op.padValue === -1 ? { padValue: 0 } : undefined,
  ),
  // [left, top] for [top, left].
  'windows: strides, asymmetric padding, dilation': misreading((op) => {
    if (op.op !== 'conv') return undefined;
    const [top, left, bottom, right] = op.pads;
    return { pads: [left, top, right, bottom] };
  }),
  // Output channel o belongs to group o % groups.
  'groups, aligned to words and not': misplacing((op, [w], { weights }) => {
    if (op.op !== 'conv' || op.groups === 1) return;
    const o = weights[op.weights[0]]!.shape[0]!;
    const size = w!.length / o;
    const rows = Array.from({ length: o }, (_, i) => w!.slice(i * size, (i + 1) * size));
    const each = o / op.groups;
    rows.forEach((_, i) => w!.set(rows[(i % op.groups) * each + Math.floor(i / op.groups)]! as never, i * size)); // prettier-ignore
  }),
  // Weights as [taps][multiplier][channels].
  'depthwise convolutions': misplacing((op, [w], { weights }) => {
    if (op.op !== 'depthwise') return;
    const { shape } = weights[op.weights[0]]!;
    turned(w!, shape, shape.at(-1)! / op.multiplier, op.multiplier);
  }),
  // The value of padded taps is shifted too.
  'bytes with shifts and padding values, i8 and packed weights': misreading((op) =>
    op.op === 'conv' && op.shift > 1 ? { padValue: op.padValue * 2 ** op.shift } : undefined,
  ),
  // Thresholds that are done with the product lose their flips behind the last whole word.
  'thresholds on sums: constants, flips, odd channels': misplacing((op, w, plan) => {
    if (op.op !== 'threshold' || !onSums(op, plan)) return;
    const c = channelCount(inputOf(op, plan).shape);
    const { get, flip, stride } = bits(w[1]!, c);
    for (let i = stride - 32; i < c; i++) if (get(i)) flip(i);
  }),
  // Long sums stop early.
  'fully connected layers, one and many rows, long sums': misplacing((op, [w], plan) => {
    const c = op.op === 'dense' ? channelCount(inputOf(op, plan).shape) : 0;
    if (c > 4096 && w instanceof Int8Array) for (let i = 0; i < w.length; i++) if (i % c >= 4096) w[i] = 0;
  }),
  'products of two buffers': misreading((op) =>
    op.op === 'matmul' && op.transposeB ? { transposeB: false } : undefined,
  ),
  // Weights of values that do not sum to 1.
  'blocks of attention': misreading((op, { ops }) => {
    const scores = op.op === 'softmax' && ops.some(({ op: name, output }) => name === 'matmul' && output === op.inputs[0]); // prettier-ignore
    return scores ? { op: 'unary', function: 'sigmoid' } : undefined;
  }),
  'thresholds, affine, steps, clamps and sums on every element type': misreading((op) =>
    op.op === 'clamp' && op.max !== null ? { max: null } : undefined,
  ),
  // The variance without what keeps it from 0.
  'smooth functions, softmax and layer normalization': misreading((op) =>
    op.op === 'layerNorm' ? { epsilon: op.epsilon / 2 } : undefined,
  ),
  'pooling over real taps, on every element type': misreading((op) =>
    op.op === 'avgPool' && op.pads[0] > 0 ? { pads: [0, 0, 0, 0] } : undefined,
  ),
  // The inverse permutation.
  'concat, pad, slice, reshape, transpose, aligned to words and not': misreading((op) =>
    op.op === 'transpose'
      ? { permutation: op.permutation.map((_, axis) => op.permutation.indexOf(axis)) }
      : undefined,
  ),
  // An op takes the place of its input though a later one reads that too.
  'random plans': misreading((op, { ops, buffers, input }) => {
    const at = ops.findIndex(({ output }) => output === op.output);
    const before = ops.slice(0, at).reverse();
    const place = (buffer: number): number =>
      before.find(
        ({ inputs, output }) =>
          inputs[0] === buffer &&
          buffer !== input &&
          JSON.stringify(buffers[output]) === JSON.stringify(buffers[buffer]),
      )?.output ?? buffer;
    return { inputs: op.inputs.map(place) };
  }),
  'networks of 1 to 26 filters': shortRows(13),
  'networks of 27 to 52 filters': shortRows(39),
  'networks of 53 to 78 filters': shortRows(69),
  'networks of 79 to 104 filters': shortRows(97),
  'networks of 105 to 130 filters': shortRows(130),
  'a batch gives the results of its examples, in the array given': misbehaving((executable) => ({
    runAsync: async (input) => executable.run(input),
  })),
  'refuses wrong lengths and types, and runs after dispose': misbehaving(() => ({
    dispose: () => undefined,
  })),
  'reports a kernel for every op, and holds no more memory than allowed': misbehaving((executable) => ({
    report: () => ({ ...executable.report(), ops: [] }),
  })),
  'says why it runs on fewer threads than were asked for': misbehaving((executable) => ({
    report: () => ({ ...executable.report(), threadsReason: undefined as never }),
  })),
  // Models share one array for their results.
  'two models side by side do not disturb each other': (() => {
    const shared = new Float32Array(1000);
    return misbehaving((executable) => ({
      runAsync: async (input) => {
        const result = executable.run(input);
        shared.set(result);
        await Promise.resolve();
        await Promise.resolve();
        return Object.assign(result, shared.slice(0, result.length));
      },
    }));
  })(),
};

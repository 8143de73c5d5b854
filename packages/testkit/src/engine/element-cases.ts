// Element by element, by rows, pooling, and ops that only move elements; random plans; life of an executable.
import { BitgradError, type PackedModel } from '@bitgrad/runtime';
import { defineCase, fail, ensure } from '../case.js';
import { checkTrials, compareOutputs, reference, type EngineSubject } from './check.js';
import { runDirty } from './dirty.js';
import { convTrial, trial, type ModelBuilder, type Trial } from './model.js';
import { randomPlan } from './random-plan.js';

const types = ['bits', 'u8', 'i32', 'f32'] as const;
type Type = (typeof types)[number];

/** An op without weights on each element type; `attributes` may depend on nothing but shapes. */
const onTypes = (
  label: string,
  shape: readonly number[],
  attributes: (type: Type, x: number, b: ModelBuilder) => Record<string, unknown>,
  kinds: readonly Type[] = types,
  out?: readonly number[],
): Trial[] =>
  kinds.map((type) =>
    trial(`${label} of ${type}`, { type: type === 'f32' ? 'f32' : 'u8', shape }, (b) => {
      const x = b.as(type, 0);
      b.op({ inputs: [x], ...attributes(type, x, b) }, out);
    }),
  );

const pool = (op: string, shape: readonly number[], kernel: number, stride: number, pad: number): Trial[] =>
  onTypes(`${op} ${kernel}/${stride}/${pad} ${shape}`, shape, () => ({
    op,
    kernel: [kernel, kernel],
    strides: [stride, stride],
    dilations: [1, 1],
    pads: [pad, pad, pad, pad],
  }));

const floats = (
  label: string,
  shape: readonly number[],
  add: (b: ModelBuilder) => Record<string, unknown>,
  input?: Float32Array,
): Trial => trial(label, { type: 'f32', shape }, (b) => void b.op({ inputs: [0], ...add(b) }), input);

const ramp = Float32Array.from({ length: 120 }, (_, i) => (i - 60) / 7);
const rows = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7) * 5);
const channel = (b: ModelBuilder, c: number, n: number) =>
  Array.from({ length: n }, () => b.weight('f32', [c]));

const elements = (): Trial[] => [
  ...types.map((type) =>
    trial(`threshold of ${type}`, { type: type === 'f32' ? 'f32' : 'u8', shape: [3, 33] }, (b) => {
      const x = b.as(type, 0);
      const float = type === 'f32';
      const t = b.weight(float ? 'f32' : 'i32', [33], (i) =>
        i % 7 === 0
          ? float
            ? -Infinity
            : -(2 ** 31)
          : i % 7 === 1
            ? float
              ? Infinity
              : 2 ** 31 - 1
            : (i - 15) / (float ? 4 : 1),
      );
      b.op({ op: 'threshold', inputs: [x], weights: [t, b.weight('bits', [33])] });
    }),
  ),
  ...onTypes('affine', [2, 3, 33], (_, _x, b) => ({ op: 'affine', weights: channel(b, 33, 2) })),
  floats('prelu', [4, 5], (b) => ({ op: 'prelu', weights: channel(b, 5, 3) })),
  floats('relu', [4, 5], () => ({ op: 'clamp', min: 0, max: null })),
  floats('hard tanh', [4, 5], () => ({ op: 'clamp', min: -1, max: 1 })),
  floats('quantize', [4, 5], (b) => ({
    op: 'quantize',
    weights: [b.weight('f32', [5], (i) => i - 2), b.weight('f32', [6], (i) => i * i)],
  })),
  ...(['add', 'mul'] as const).flatMap((op) =>
    [
      [3, 5],
      [1, 5],
    ].map((shape) =>
      trial(`${op} ${shape}`, { type: 'f32', shape: [3, 5] }, (b) => {
        const y = b.op({ op: 'constant', inputs: [], weights: [b.weight('f32', shape)] });
        b.op({ op, inputs: [0, y] });
      }),
    ),
  ),
  trial('add of integers wraps', { type: 'u8', shape: [2, 3] }, (b) => {
    const most = b.weight('i32', [2, 3], () => 2 ** 31 - 9);
    const y = b.op({ op: 'constant', inputs: [], weights: [most] });
    b.op({ op: 'add', inputs: [b.as('i32', 0), y] });
  }),
];

const smooth = (): Trial[] => [
  ...(['sigmoid', 'tanh', 'gelu'] as const).map((name) =>
    floats(name, [120], () => ({ op: 'unary', function: name }), ramp),
  ),
  floats('softmax', [4, 33], () => ({ op: 'softmax' }), rows(132)),
  floats('softmax of one', [3, 1], () => ({ op: 'softmax' })),
  floats(
    'layerNorm',
    [4, 33],
    (b) => ({ op: 'layerNorm', weights: channel(b, 33, 2), epsilon: 1e-5 }),
    rows(132),
  ),
];

const moves = (): Trial[] => [
  ...[
    [32, 64],
    [33, 5],
  ].flatMap(([c, e]) => [
    ...onTypes(`concat ${c}`, [2, 3, c!], (_, x) => ({
      op: 'concat',
      axis: 2,
      inputs: [x, x],
    })),
    ...onTypes(`pad ${e}`, [2, 3, c!], (type) => ({
      op: 'pad',
      before: [1, 0, e! === 64 ? 32 : 2],
      after: [0, 0, e! === 64 ? 32 : 3],
      value: type === 'bits' ? -1 : 1,
    })),
    ...onTypes(`transpose ${c}`, [2, 3, c!], () => ({ op: 'transpose', permutation: [2, 0, 1] })),
  ]),
  ...onTypes('concat of nine, axis 0', [1, 3, 33], (_, x) => ({
    op: 'concat',
    axis: 0,
    inputs: new Array<number>(9).fill(x),
  })),
  ...onTypes('slice in rows', [3, 4, 64], () => ({ op: 'slice', begin: [1, 2, 32] }), ['bits'], [2, 2, 32]),
  // A product reads whole words: what is behind the last level of a row has to be 0.
  trial('slice of a part of a word, multiplied', { type: 'u8', shape: [3, 4, 64] }, (b) => {
    const x = b.op({ op: 'slice', inputs: [b.as('bits', 0)], begin: [1, 2, 32] }, [2, 2, 20]);
    b.op({ op: 'dense', inputs: [x], weights: [b.weight('bits', [7, 20])] });
  }),
  ...onTypes('slice', [3, 4, 35], () => ({ op: 'slice', begin: [1, 1, 3] }), types, [2, 2, 31]),
  ...onTypes('transpose of rows', [2, 3, 33], () => ({ op: 'transpose', permutation: [1, 0, 2] }), [
    'bits',
    'f32',
  ]),
  ...onTypes('reshape', [2, 3, 33], () => ({ op: 'reshape' }), types, [198]),
  ...onTypes('reshape in words', [2, 3, 32], () => ({ op: 'reshape' }), ['bits', 'i32'], [6, 32]),
];

const on = (name: string, trials: () => readonly Trial[]) =>
  defineCase<EngineSubject>(name, (subject) => checkTrials(subject, trials(), (model) => model));

const codeOf = async (f: () => unknown): Promise<string> => {
  try {
    await f();
    return 'nothing thrown';
  } catch (error) {
    return error instanceof BitgradError ? error.code : String(error);
  }
};

const small = (): Trial =>
  convTrial({ type: 'u8', size: [3, 3], c: 3, cOut: 6, weight: 'i8', threshold: true });

const lifeCases = [
  defineCase<EngineSubject>(
    'a batch gives the results of its examples, in the array given',
    async ({ create, tolerance }) => {
      const model = small();
      const input = model.input as Uint8Array;
      const batch = new Uint8Array(3 * input.length);
      [input, input.map((v) => 255 - v), input].forEach((part, i) => batch.set(part, i * input.length));
      const want = await reference(model, batch);
      const executable = await create().compile(model);
      const output = new Int32Array(want.length);
      const got = await runDirty(executable, batch, output);
      ensure(got === output, 'the result is the array given');
      compareOutputs('batch', got, want, tolerance);
      compareOutputs(
        'then one',
        await runDirty(executable, input),
        want.subarray(0, want.length / 3),
        tolerance,
      );
      if (executable.synchronous) compareOutputs('run()', executable.run(batch), want, tolerance);
      else {
        const code = await codeOf(() => executable.run(batch));
        ensure(code === 'invalid-state', 'run() of an asynchronous executable', code, 'invalid-state');
      }
      executable.dispose();
    },
  ),
  defineCase<EngineSubject>('refuses wrong lengths and types, and runs after dispose', async ({ create }) => {
    const executable = await create().compile(small());
    for (const bad of [new Uint8Array(28), new Uint8Array(0), new Float32Array(27)]) {
      const code = await codeOf(() => executable.runAsync(bad));
      if (code !== 'shape-mismatch')
        fail(`input ${bad.constructor.name} of ${bad.length}`, code, 'shape-mismatch');
    }
    executable.dispose();
    executable.dispose();
    const code = await codeOf(() => executable.runAsync(small().input));
    ensure(code === 'disposed', 'run after dispose', code, 'disposed');
  }),
  defineCase<EngineSubject>(
    'reports a kernel for every op, and holds no more memory than allowed',
    async ({ create }) => {
      const model = small();
      const executable = await create().compile(model);
      const { engine, ops, arenaBytes, weightBytes } = executable.report();
      executable.dispose();
      ensure(engine === create().name, 'name in the report', engine, create().name);
      model.plan.ops.forEach(({ op }, index) => {
        const row = ops[index];
        ensure(
          row?.index === index && row.op === op && row.kernel.length > 0,
          `report of op ${index}, ${op}`,
          row,
        );
      });
      const code = await codeOf(() => create().compile(model, { memoryBytes: arenaBytes + weightBytes - 1 }));
      ensure(code === 'limit-exceeded', 'compilation under a smaller memory limit', code, 'limit-exceeded');
      const aborted = await codeOf(() =>
        create().compile(model, {
          signal: AbortSignal.abort(new BitgradError({ code: 'io', source: 'testkit', what: 'stop' })),
        }),
      );
      ensure(aborted === 'io', 'an aborted compilation rejects with the reason', aborted, 'io');
    },
  ),
  defineCase<EngineSubject>('says why it runs on fewer threads than were asked for', async ({ create }) => {
    const one = await create().compile(small());
    const several = await create().compile(small(), { threads: 2 });
    const { threads, threadsReason } = several.report();
    const { threadsReason: unasked } = one.report();
    one.dispose();
    several.dispose();
    ensure(threads === 2 || !!threadsReason, 'reason why there is one thread', threadsReason, 'a text');
    ensure(unasked === undefined, 'reason where one thread was asked for', unasked, 'none');
  }),
  defineCase<EngineSubject>(
    'two models side by side do not disturb each other',
    async ({ create, tolerance }) => {
      const engine = create();
      const models = [small(), convTrial({ type: 'f32', size: [3, 3], c: 2, cOut: 4 })];
      const executables = await Promise.all(models.map((model: PackedModel) => engine.compile(model)));
      for (let round = 0; round < 2; round++) {
        const results = await Promise.all(
          executables.map((executable, i) => runDirty(executable, models[i]!.input)),
        );
        for (const [i, result] of results.entries())
          compareOutputs(`model ${i}`, result, await reference(models[i]!, models[i]!.input), tolerance);
      }
      executables[0]!.dispose();
      compareOutputs(
        'the other after one is disposed',
        await runDirty(executables[1]!, models[1]!.input),
        await reference(models[1]!, models[1]!.input),
        tolerance,
      );
      executables[1]!.dispose();
    },
  ),
];

/** Cases of everything but products. */
export const elementCases = [
  on('thresholds, affine, steps, clamps and sums on every element type', elements),
  on('smooth functions, softmax and layer normalization', smooth),
  on('pooling over real taps, on every element type', () => [
    ...pool('maxPool', [5, 6, 33], 2, 2, 0),
    ...pool('maxPool', [4, 4, 5], 3, 2, 1),
    ...pool('avgPool', [4, 4, 33], 3, 2, 1),
  ]),
  on('concat, pad, slice, reshape, transpose, aligned to words and not', moves),
  on('random plans', () =>
    Array.from({ length: 12 }, (_, i) => ({ ...randomPlan(3000 + i, 5), label: `random plan ${3000 + i}` })),
  ),
  ...lifeCases,
];

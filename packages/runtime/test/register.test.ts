// Elementwise ops from outside: what is taken, what is refused, and that the JS engine and the oracle agree on them.
import { E } from '@bitgrad/bits';
import { afterEach, expect, it } from 'vitest';
import {
  attribute,
  createPlanBuilder,
  decodeModel,
  encodeModel,
  jsEngine,
  registerOp,
  validateModel,
  type OwnOp,
  type PackedModel,
} from '../src/index.js';
import { oracle } from './support/oracle.js';

let remove = (): void => undefined;
afterEach(() => {
  remove();
  remove = () => undefined;
});

const x = E.input('x');
const registered = (value: OwnOp['value'], rest: Partial<OwnOp> = {}) => {
  const op = registerOp({ name: 'mine', value, ...rest });
  ({ remove } = op);
  return op;
};
const modelOf = (op: ReturnType<typeof registered>, shape = [4]): PackedModel => {
  const b = createPlanBuilder();
  const input = b.buffer('f32', shape);
  return validateModel(b.finish(input, b.op(op.draft({ inputs: [input], weights: [] }))));
};

it('an op of two inputs with weights and attributes runs as the oracle says, from a file too', async () => {
  const mix = registerOp({
    name: 'mix',
    inputs: 2,
    weights: ['a', 'b'],
    attributes: { power: attribute.count(2), soft: attribute.flag },
    value({ power, soft }) {
      const sum = E.add(E.mul(x, E.input('a')), E.div(E.input('y'), E.input('b')));
      const product = Array.from({ length: power - 1 }).reduce<typeof x>((p) => E.mul(p, sum), sum);
      return soft ? E.exp(E.neg(E.abs(product))) : E.sqrt(E.abs(product));
    },
  });
  ({ remove } = mix);
  const b = createPlanBuilder();
  const first = b.buffer('f32', [3, 5]);
  const second = b.op({ op: 'softmax', inputs: [first] });
  const w = (at: number): number =>
    b.weight(
      'f32',
      [5],
      Float32Array.from({ length: 5 }, (_, i) => i + at),
    );
  const y = b.op(mix.draft({ inputs: [first, second], weights: [w(-2), w(1)], power: 3, soft: true }));
  const model = decodeModel(
    encodeModel(...(Object.values(b.finish(first, y)) as Parameters<typeof encodeModel>)),
  );
  const input = Float32Array.from({ length: 15 }, (_, i) => Math.cos(i) / 2);
  const executable = await jsEngine().compile(model);
  expect(Array.from(executable.run(input))).toEqual(
    oracle(model, input, { float32: true })[model.plan.output],
  );
  expect(executable.report().ops.at(-1)).toMatchObject({ op: 'mix', kernel: 'mix' });
  executable.dispose();
});

it.each([
  ['an op that there is', () => registerOp({ name: 'affine', value: () => x }), 'duplicate-name', /affine/],
  ['an option that there is not', () => registerOp({ name: 'mine', value: () => x, weight: [] } as never), 'invalid-option', /Did you mean "weights"/], // prettier-ignore
  ['no value', () => registerOp({ name: 'mine' } as never), 'invalid-option', /value/],
  ['an operation that not every engine has', () => modelOf(registered(() => E.max(x, 0))), 'invalid-option', /got "max".*select by a comparison/], // prettier-ignore
  ['a select that does not compare', () => modelOf(registered(() => E.select(x, 1, x))), 'invalid-option', /got "input".*ge, gt, le, lt/], // prettier-ignore
  ['an input that there is not', () => modelOf(registered(() => E.add(x, E.input('y')))), 'invalid-option', /got y|\["y"\]/], // prettier-ignore
  ['weights in another order', () => modelOf(registered(() => E.add(E.input('b'), E.input('a')), { weights: ['a', 'b'] })), 'invalid-option', /number of weights|order: a, b/], // prettier-ignore
] as const)('refuses %s', (_, run, code, message) => {
  expect(run).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error,
  );
});

it('counts its operations against the limit of operations', () => {
  const op = registered(() => [...Array(9).keys()].reduce<typeof x>((sum) => E.mul(sum, 2), x));
  const model = modelOf(op, [1000]);
  expect(() => validateModel(model, { operations: 8999 })).toThrow(/operations of one inference/);
  expect(() => validateModel(model, { operations: 9000 })).not.toThrow();
});

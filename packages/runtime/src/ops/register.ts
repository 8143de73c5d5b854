// Elementwise ops from outside: what one file of another package has to state, and how it joins the ops that are known.
import { checkOptions, children, inputsOf, option, type Expression } from '@bitgrad/bits';
import type { OpDraft } from '../builder.js';
import { failure } from '../fail.js';
import type { OpBase } from '../plan.js';
import { elementCount } from '../tensors.js';
import {
  bound,
  count,
  flag,
  name as nameOf,
  number,
  type AttributesOf,
  type AttributeTable,
} from './attributes.js';
import { channelWeights, floatsToFloats, type OpDefinition } from './define.js';
import { ops } from './index.js';
import { operands } from './operands.js';
import { values } from './values.js';

/** Kinds of attributes: a finite number, a number or null, true or false, 1 to 2^20, one of some names. */
export const attribute = { number, bound, flag, count, name: nameOf };

/** An op of your own, from `f32` to `f32` of the same shape, element by element. */
export interface OwnOp<
  W extends readonly string[] = readonly string[],
  A extends AttributeTable = AttributeTable,
> {
  /** Stored in files. A file that has it is read only where it is registered. */
  readonly name: string;
  /** Default 1. With 2, the second has the shape of the first, or is one row of it. */
  readonly inputs?: 1 | 2;
  /** Names of the weights, `f32`, a value for each channel. Default none. */
  readonly weights?: W;
  /** Default none. */
  readonly attributes?: A;
  /**
   * The value of an element, each node rounded to float32, of the inputs `x` (and `y`) and the weights by name, first used in
   * their order. Made of add, sub, mul, div, neg, abs, sqrt, exp, and select by ge, gt, le or lt.
   */
  value(attributes: AttributesOf<A>): Expression;
}

/** A registered op. */
export interface RegisteredOp<W extends readonly string[], A extends AttributeTable> {
  /** A use of it, for `PlanBuilder.op`. */
  draft(
    op: Pick<OpBase<string>, 'inputs' | 'name'> &
      AttributesOf<A> &
      (W extends readonly [] ? object : { readonly weights: { readonly [K in keyof W]: number } }),
  ): OpDraft;
  /** Forgets the op. */
  remove(): void;
}

const arithmetic: ReadonlySet<string> = new Set(
  'input constant add sub mul div neg abs sqrt exp select'.split(' '),
);
const comparisons: ReadonlySet<string> = new Set(['ge', 'gt', 'le', 'lt']);

/** @throws BitgradError `invalid-option` for an expression that not every engine renders; @returns its operations */
function checked(
  what: string,
  expression: Expression,
  weights: readonly string[],
  operandCount: number,
): number {
  const used = inputsOf(expression).filter((input) => !['x', 'y'].slice(0, operandCount).includes(input));
  if (used.join() !== weights.join())
    throw failure('invalid-option', {
      what: `inputs of the value of ${what}`,
      got: used,
      expected:
        weights.length > 0 ? `the weights, first used in their order: ${weights.join(', ')}` : 'x only',
    });
  const seen = new Set<Expression>();
  const visit = (node: Expression, known = arithmetic): void => {
    if (!known.has(node.op))
      throw failure('invalid-option', {
        what: `the value of ${what}`,
        got: node.op,
        expected: [...known].join(', '),
        next: 'min, max and the like are a select by a comparison.',
      });
    if (seen.has(node)) return;
    seen.add(node);
    children(node).forEach((child, i) =>
      visit(child, node.op === 'select' && i === 0 ? comparisons : arithmetic),
    );
  };
  visit(expression);
  return [...seen].reduce((sum, node) => sum + ('a' in node ? (node.op === 'exp' ? 16 : 1) : 0), 0);
}

/**
 * Registers an elementwise op under a name, for this process: plans with it are then validated, and run by the JS engine and
 * the GPU engines, whose kernels are made from its value. Engines of compiled code (wasm, native) refuse such a plan with
 * `unsupported-op`, so that `loadModel` goes on to the next of its engines.
 * @throws BitgradError `duplicate-name` where an op has the name; `invalid-option`, for a value when it is first used
 */
export function registerOp<
  const W extends readonly string[] = readonly [],
  const A extends AttributeTable = Readonly<Record<never, never>>,
>(op: OwnOp<W, A>): RegisteredOp<W, A> {
  const {
    name,
    inputs = 1,
    weights = [],
    attributes,
    value,
  } = checkOptions<OwnOp<W, A>>('runtime', 'registerOp', op, {
    name: option.required(option.string),
    inputs: option.integer(1, 2),
    weights: option.list(option.string),
    attributes: option.object,
    value: option.required(option.callback),
  });
  if (Object.hasOwn(ops, name))
    throw failure('duplicate-name', { what: 'op', got: name, expected: 'a name that no op has' });
  const expressionOf = (given: AttributesOf<A>): { expression: Expression; operations: number } => {
    const expression = value(given);
    return { expression, operations: checked(name, expression, weights, inputs) };
  };
  const definition: OpDefinition<readonly string[], A> = {
    inputs: [inputs, inputs],
    weights,
    ...(attributes && { attributes }),
    rule(args) {
      channelWeights(args, 'f32');
      const result = inputs === 2 ? operands(args, ['f32']) : floatsToFloats(args);
      return { ...result, cost: elementCount(result.shape) * expressionOf(args.a).operations };
    },
  };
  const [definitions, expressions] = [ops, values] as unknown as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  definitions[name] = definition;
  expressions[name] = (given: AttributesOf<A>) => expressionOf(given).expression;
  return {
    draft: (fields) => ({ op: name, ...fields }) as unknown as OpDraft,
    remove() {
      delete definitions[name];
      delete expressions[name];
    },
  };
}

// What an op is. A definition states what untrusted plans must satisfy and what follows from it: type and shape of the
// result, and its cost. The doc comment above each definition states the arithmetic, exactly.
import type { ErrorCode } from '@bitgrad/bits';
import type { BufferSpec, ElementType, OpBase, Shape, WeightSpec } from '../plan.js';
import { channelCount } from '../tensors.js';
import type { AttributesOf, AttributeTable } from './attributes.js';

/** Raises `invalid-file`, or `code`, about a field of the op unless `ok`. */
export type Need = (ok: boolean, field: string, got: unknown, expected: string, code?: ErrorCode) => void;

/** What a rule sees. */
export interface RuleArguments<Attributes = object> {
  /** Attributes, read. */
  readonly a: Attributes;
  readonly x: readonly BufferSpec[];
  readonly w: readonly WeightSpec[];
  /** The declared output: only ops whose result is not decided by the rest look at it. */
  readonly out: BufferSpec;
  readonly need: Need;
}

/** Type and shape of the output, and operations of one inference when more than one for each output element. */
export interface RuleResult {
  readonly type: ElementType;
  readonly shape: Shape;
  readonly cost?: number;
}

/** An op of packed models. */
export interface OpDefinition<
  Weights extends readonly string[] = readonly string[],
  Attributes extends AttributeTable = AttributeTable,
> {
  /** Least and most inputs; default one. */
  readonly inputs?: readonly [least: number, most: number];
  /** Names of the weights, in order; default none. */
  readonly weights?: Weights;
  /** Default none. */
  readonly attributes?: Attributes;
  /** Checks what the op demands of its inputs, weights and attributes. */
  rule(args: RuleArguments<AttributesOf<Attributes>>): RuleResult;
}

/** Types an op's definition. #__NO_SIDE_EFFECTS__: what uses only the values of ops leaves the definitions out. */
export const defineOp = <
  const Weights extends readonly string[] = readonly [],
  const Attributes extends AttributeTable = Readonly<Record<never, never>>,
>(
  definition: OpDefinition<Weights, Attributes>,
): OpDefinition<Weights, Attributes> => definition;

type WeightsOf<W extends readonly string[]> = W extends readonly []
  ? object
  : { readonly weights: { readonly [K in keyof W]: number } };

/** An op of a plan, from its name and its definition. */
export type OpOf<Name extends string, D> =
  D extends OpDefinition<infer W, infer A> ? OpBase<Name> & WeightsOf<W> & AttributesOf<A> : never;

/** `f32 [3, 4]`. */
export const showSpec = ({ type, shape }: WeightSpec): string => `${type} [${shape.join(', ')}]`;

/** Whether two shapes are equal. */
export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

/** Demands one of some types of a buffer or weight. */
export function needType(
  need: Need,
  field: string,
  { type }: WeightSpec,
  types: readonly ElementType[],
): void {
  need(types.includes(type), `${field}.type`, type, types.join(' or '));
}

/** Demands a type and shape of a buffer or weight. */
export function needSpec(need: Need, field: string, spec: WeightSpec, type: ElementType, shape: Shape): void {
  need(spec.type === type && sameShape(spec.shape, shape), field, showSpec(spec), showSpec({ type, shape }));
}

/** Demands a value for each channel of the weights from `from` on. */
export function channelWeights({ x, w, need }: RuleArguments, type: ElementType, from = 0): void {
  const shape = [channelCount(x[0]!.shape)];
  for (let i = from; i < w.length; i++) needSpec(need, `weights[${i}]`, w[i]!, type, shape);
}

/** The rule of ops that turn `f32` into `f32` of the same shape, with a value for each channel in every weight. */
export function floatsToFloats(args: RuleArguments): RuleResult {
  needType(args.need, 'inputs[0]', args.x[0]!, ['f32']);
  channelWeights(args, 'f32');
  return args.x[0]!;
}

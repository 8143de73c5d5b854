// Puts a plan together op by op. Type and shape of what an op writes follow from its definition, so whoever builds a plan
// states neither.
import { failure } from './fail.js';
import type { ModelMetadata, PackedModel } from './model.js';
import type { Need, OpDefinition } from './ops/define.js';
import { refuseUnknownFields } from './ops/fields.js';
import { ops as definitions } from './ops/index.js';
import { elementCount } from './tensors.js';
import { planVersion, type BufferSpec, type ElementType, type Op, type Shape, type TensorData, type WeightSpec } from './plan.js'; // prettier-ignore

/** Omit that keeps the members of a union apart. */
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An op without its output, which the builder numbers. */
export type OpDraft = DistributiveOmit<Op, 'output'>;

/** A plan under construction; methods return numbers of buffers or weights. */
export interface PlanBuilder {
  readonly buffers: readonly BufferSpec[];
  /** A buffer of its own: the input. */
  buffer(type: BufferSpec['type'], shape: Shape): number;
  weight(type: ElementType, shape: Shape, data: TensorData): number;
  /**
   * Appends an op that writes a new buffer.
   * @param shape of the result, for `slice` and `reshape`, where nothing else decides it
   * @throws BitgradError `invalid-option` when inputs, weights or attributes are not what the op takes
   */
  op(draft: OpDraft, shape?: Shape): number;
  finish(input: number, output: number, metadata?: ModelMetadata): PackedModel;
}

/** Type and shape of what an op writes. */
function resultOf(
  draft: OpDraft,
  x: readonly BufferSpec[],
  w: readonly WeightSpec[],
  shape?: Shape,
): BufferSpec {
  const need: Need = (ok, field, got, expected, code = 'invalid-option') => {
    if (!ok) throw failure(code, { what: `${field} of ${draft.name ?? draft.op}`, got, expected });
  };
  const { rule, inputs = [1, 1], weights = [] }: OpDefinition = definitions[draft.op];
  need(x.length >= inputs[0] && x.length <= inputs[1], 'number of inputs', x.length, inputs.join(' to '));
  need(w.length === weights.length, 'number of weights', w.length, String(weights.length));
  const out = { type: x[0]?.type ?? 'f32', shape: shape ?? x[0]?.shape ?? [] };
  const { type, shape: result } = rule({ a: draft, x, w, out, need });
  return { type: type as BufferSpec['type'], shape: [...result] };
}

/** A type and a list of sizes; whether they fit together is for `validatePlan`. */
const specOf = <T>(type: T, shape: Shape): { type: T; shape: number[] } => {
  elementCount(shape);
  return { type, shape: [...shape] };
};

/** An empty plan. */
export function createPlanBuilder(): PlanBuilder {
  const buffers: BufferSpec[] = [];
  const specs: WeightSpec[] = [];
  const weights: TensorData[] = [];
  const ops: Op[] = [];
  return {
    buffers,
    buffer: (type, shape) => buffers.push(specOf(type, shape)) - 1,
    weight(type, shape, data) {
      specs.push(specOf(type, shape));
      return weights.push(data) - 1;
    },
    op(draft, shape) {
      if (!Object.hasOwn(definitions, draft?.op ?? ''))
        throw failure('unsupported-op', { what: 'op', got: draft?.op ?? draft ?? 'nothing', expected: Object.keys(definitions).join(', ') }); // prettier-ignore
      refuseUnknownFields(draft, draft.name ?? draft.op);
      const x = draft.inputs.map((i) => buffers[i]!);
      const w = (draft.weights ?? []).map((i) => specs[i]!);
      const output = buffers.push(resultOf(draft, x, w, shape)) - 1;
      ops.push({ ...draft, output } as Op);
      return output;
    },
    finish: (input, output, metadata = {}) => ({
      plan: { version: planVersion, input, output, buffers, weights: specs, ops },
      weights,
      metadata,
    }),
  };
}

// A packed model that also tells what its signs were: the values that each layer saw in place of its real-valued input
// are joined to one output, so that any engine can give them in one run.
import { elementCount, type Op, type PackedModel, type Shape, type TensorData } from '@bitgrad/runtime';

/** What the layer `name` saw at one of its calls: `size` values from `offset` on. */
interface Tap {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** The model whose output is all taps, and where each of them is. */
export interface Tapped {
  readonly model: PackedModel;
  readonly taps: readonly Tap[];
}

const mostJoined = 64;

/** The buffer of quantized values that an op of the layer of its name reads or, for more than two levels, writes. */
const tapOf = ({ plan }: PackedModel, op: Op): number | undefined => {
  if (op.op === 'quantize') return op.output;
  const reads = ['conv', 'dense', 'depthwise', 'affine'].includes(op.op);
  const [input] = op.inputs;
  return reads && plan.buffers[input!]!.type === 'bits' ? input : undefined;
};

/** @returns undefined for a model without quantized inputs */
export function tapped(packed: PackedModel): Tapped | undefined {
  const { plan } = packed;
  const buffers = [...plan.buffers];
  const specs = [...plan.weights];
  const weights: TensorData[] = [...packed.weights];
  const ops: Op[] = [...plan.ops];
  const push = (draft: object, shape: Shape): number => {
    const output = buffers.push({ type: 'f32', shape }) - 1;
    ops.push({ ...draft, output } as Op);
    return output;
  };
  const weight = (values: Float32Array): number => {
    specs.push({ type: 'f32', shape: [values.length] });
    return weights.push(values) - 1;
  };
  const taps: Tap[] = [];
  let parts: number[] = [];
  let offset = 0;
  for (const op of plan.ops) {
    const buffer = tapOf(packed, op);
    if (buffer === undefined || op.name === undefined) continue;
    const { shape, type } = plan.buffers[buffer]!;
    const [size, c] = [elementCount(shape), shape.at(-1)!];
    const levels = () => [weight(new Float32Array(c).fill(1)), weight(new Float32Array(c))];
    const floats =
      type === 'f32' ? buffer : push({ op: 'affine', inputs: [buffer], weights: levels() }, shape);
    parts.push(push({ op: 'reshape', inputs: [floats] }, [size]));
    taps.push({ name: op.name, offset, size });
    offset += size;
  }
  if (parts.length === 0) return undefined;
  while (parts.length > 1) {
    const joined: number[] = [];
    for (let at = 0; at < parts.length; at += mostJoined) {
      const inputs = parts.slice(at, at + mostJoined);
      const total = inputs.reduce((sum, i) => sum + buffers[i]!.shape[0]!, 0);
      joined.push(inputs.length === 1 ? inputs[0]! : push({ op: 'concat', inputs, axis: 0 }, [total]));
    }
    parts = joined;
  }
  const [output] = parts;
  return {
    model: { plan: { ...plan, output: output!, buffers, weights: specs, ops }, weights, metadata: {} },
    taps,
  };
}

// Latent weights of large binary layers take two bytes each: a quantizer reads their signs, and Adam's next step hides the rest.
import { Float16Array } from '@petamoriken/float16';

/** Smaller kernels are left alone: they weigh nothing. */
const least = 65_536;
/** The smallest number above 0 of 16 bits: what is nearer to 0 keeps its sign this way. */
const tiny = 2 ** -24;

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  quantization?: { readonly dtype: 'float16'; readonly original_dtype: 'float32' };
}
interface Saved {
  readonly modelTopology: {
    readonly config: { readonly layers: readonly { readonly config: Record<string, unknown> }[] };
  };
  readonly weightsManifest: readonly { readonly weights: Weight[] }[];
}

/** Numbers of 16 bits (IEEE 754 binary16, to nearest even) that have the signs of float32 numbers. */
export function toHalves(values: Float32Array): Uint8Array {
  const kept = values.map((x) => (x !== 0 && Math.abs(x) < tiny ? Math.sign(x) * tiny : x));
  return new Uint8Array(new Float16Array(kept).buffer);
}

/**
 * A saved model of tfjs with the kernels of its large binary layers in 16 bits, as the format itself has it (`quantization`),
 * so that whatever loads tfjs models reads it.
 * @param json model.json
 * @param bytes weights.bin, all float32
 */
export function halved(json: string, bytes: Uint8Array): { json: string; bytes: Uint8Array } {
  const model = JSON.parse(json) as Saved;
  const binary = new Set(
    model.modelTopology.config.layers
      .filter(({ config }) => config.kernel_quantizer)
      .map(({ config }) => `${String(config.name)}/kernel`),
  );
  const all = new Float32Array(bytes.slice().buffer);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const weight of model.weightsManifest.flatMap(({ weights }) => weights)) {
    if (weight.dtype !== 'float32') throw new Error(`${weight.name} is of ${weight.dtype}`);
    const size = weight.shape.reduce((a, b) => a * b, 1);
    const values = all.slice(at, at + size);
    at += size;
    const small = !binary.has(weight.name) || size < least;
    if (!small) weight.quantization = { dtype: 'float16', original_dtype: 'float32' };
    parts.push(small ? new Uint8Array(values.buffer) : toHalves(values));
  }
  if (at !== all.length) throw new Error(`${all.length} weights saved, ${at} in model.json`);
  return { json: JSON.stringify(model), bytes: Buffer.concat(parts) };
}

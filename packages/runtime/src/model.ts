// A packed model in memory: plan, weights and what a user needs to know to feed it and read its answers.
import type { OutputKind, PictureSettings, SoundSettings } from '@bitgrad/bits';
import type { Plan, TensorData } from './plan.js';

/**
 * How training turned pixels into numbers: value = (byte - mean[c]) * (1 / std[c]), in units of bytes (0 to 255), each step
 * rounded to float32; the same object as `Normalization` of @bitgrad/datasets.
 */
export interface InputNormalization {
  /** One entry, or one for each channel. */
  mean: readonly number[];
  /** One entry, or one for each channel; > 0. */
  std: readonly number[];
}

/** Multiply-accumulates and sizes of one layer, as the compiler counted them. */
export interface LayerInfo {
  name: string;
  /** Multiply-accumulates with 1-bit weights and 1-bit inputs. */
  binaryMacs: number;
  /** All other multiply-accumulates. */
  otherMacs: number;
  /** Bytes of this layer's parameters in float32, before packing. */
  floatBytes: number;
}

/** Everything about a model that does not change what it computes; every field may be absent. */
export interface ModelMetadata {
  name?: string;
  /** Class names, one for each output along the last axis; of one `sigmoid` output also two, the second where it is 1. */
  classes?: readonly string[];
  /** What the outputs are; in a file without it, logits where a row has more than one. */
  output?: OutputKind;
  /** For image models: how training normalized its input (a `u8` plan has it folded in). */
  normalization?: InputNormalization;
  /** For image models: how training brought pictures to the size of the model; without it, `cover` over white. */
  picture?: PictureSettings;
  /** For models of sound: how recordings became bytes. */
  sound?: SoundSettings;
  /** Names of the quantizers that the model was trained with. */
  quantizers?: readonly string[];
  /** Bytes of all parameters in float32, before packing. */
  floatBytes?: number;
  layers?: readonly LayerInfo[];
  /** What wrote the file, for example `@bitgrad/compiler 0.1.0`. */
  producer?: string;
  /** Anything else, JSON-safe. */
  extra?: Readonly<Record<string, unknown>>;
}

/** A decoded `.bitgrad` file: what an engine compiles. `weights[i]` belongs to `plan.weights[i]`. */
export interface PackedModel {
  plan: Plan;
  weights: readonly TensorData[];
  metadata: ModelMetadata;
}

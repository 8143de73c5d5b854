// A model of the zoo: its bytes, which travel in the module, its card, and how it is loaded.
import { loadModel, type Classifier } from '@bitgrad/classify';
import type { ModelCard } from './card.js';

/** What {@link loadModel} of @bitgrad/classify takes: `engine`, `threads`, `limits`, `signal`. */
export type PretrainedOptions = NonNullable<Parameters<typeof loadModel>[1]>;

/** A model that is ready to run. */
export interface ZooModel extends Classifier {
  readonly card: ModelCard;
  readonly labels: readonly string[];
}

/** A model that is not loaded yet. */
export interface Pretrained {
  readonly card: ModelCard;
  /** The `.bitgrad` file. */
  bytes(): Uint8Array<ArrayBuffer>;
  /** Loads it on the best engine that runs here. @throws BitgradError as `loadModel` of @bitgrad/classify */
  load(options?: PretrainedOptions): Promise<ZooModel>;
}

/**
 * For the modules of src/generated.
 * @public
 * @param base64 the `.bitgrad` file
 */
export function pretrained(card: ModelCard, base64: string): Pretrained {
  const bytes = (): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return Object.freeze<Pretrained>({
    card,
    bytes,
    async load(options) {
      return { ...(await loadModel(bytes(), options)), card, labels: card.labels };
    },
  });
}

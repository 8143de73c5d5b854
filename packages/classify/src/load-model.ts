// A model that reads pictures: one line from a file to classes.
import { checkOptions, option, type PictureOptions } from '@bitgrad/bits';
import {
  imageInput,
  loadModel as load,
  topClasses,
  type LoadOptions,
  type Model,
  type ModelSource,
} from '@bitgrad/runtime';
import { defaultEngines } from './engines.js';
import { pixelsOf, type Picture } from './pixels.js';

/** How a picture is brought to a model; what is not given is as in training. */
export interface ClassifyOptions extends PictureOptions {
  /** How many classes; default 5. */
  readonly top?: number;
}

/** A class of a picture. */
export interface Classification {
  /** The name of the class; its number where the file has no names. */
  readonly label: string;
  /** 0 to 1. */
  readonly probability: number;
  /** Number of the class, from 0. */
  readonly index: number;
}

/** A packed model that reads pictures. */
export interface Classifier extends Model {
  /**
   * The most probable classes of a picture, best first.
   * @param picture an address or a path of a PNG, JPEG, WebP, GIF or BMP file, a Blob or File, an image, canvas, video (its
   *   present frame), ImageBitmap or VideoFrame, or pixels: uint8 [height, width, 1, 3 or 4]
   * @throws BitgradError `io`, `invalid-file`, `invalid-option`; `shape-mismatch` or `incompatible` for a model that takes no
   *   pictures or gives no classes
   */
  classify(picture: Picture, options?: ClassifyOptions): Promise<readonly Classification[]>;
}

/**
 * Loads a packed model on the best engine that runs here.
 * @param source bytes, a Blob or Response, an address, or in Node the path of a file
 * @throws BitgradError as `loadModel` of @bitgrad/runtime
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Classifier> {
  checkOptions('classify', 'loadModel', { options }, { options: option.object });
  const model = await load(source, { engine: defaultEngines(), ...options });
  return {
    ...model,
    async classify(picture, given = {}) {
      const { top = 5, ...fit } = checkOptions<ClassifyOptions>('classify', 'classify', given, {
        top: option.integer(1),
        fit: option.oneOf('cover', 'contain', 'stretch'),
        background: option.any,
        invert: option.boolean,
      });
      const input = imageInput(await pixelsOf(picture), model, fit);
      return topClasses(await model.predict(input), model, top).map(({ name, probability, index }) => ({
        label: name,
        probability,
        index,
      }));
    },
  };
}

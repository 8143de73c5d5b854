// The common path as functions: a run is opened, trained and packed, and a packed model answers.
import { openRun as open, type OpenOptions, type RecipeInput, type Run } from '@bitgrad/recipe';
import { readImage } from '@bitgrad/datasets/node';
import { checkOptions, option, type PictureFit, type Pixels } from '@bitgrad/core';
import {
  imageInput,
  loadModel as load,
  topClasses,
  type ClassScore,
  type LoadOptions,
  type Model,
  type ModelSource,
} from '@bitgrad/runtime';
import { backendTable } from './backends.js';
import { chooseEngine } from './engines.js';
import { nodeStorage } from './model-dir/storage.js';
import { usePlugins } from './plugins.js';

/** What {@link openRun} takes beside a recipe. */
export interface OpenRunOptions extends OpenOptions {
  /** Paths or package names of plugins. */
  readonly plugins?: readonly string[];
}

/**
 * Opens a run in Node: `openRun` of @bitgrad/recipe with this package's backends and plugins, the data sets of folders, and
 * paths for what is saved.
 * @throws BitgradError `invalid-option`, `unknown-name`, `invalid-plugin`, `backend-unavailable`, and from what reads data
 */
export async function openRun(recipe: RecipeInput = {}, options: OpenRunOptions = {}): Promise<Run> {
  checkOptions('cli', 'openRun', { options }, { options: option.object });
  const { plugins = [], ...rest } = options;
  await usePlugins(plugins, process.cwd());
  return open(recipe, { backends: backendTable, storage: nodeStorage, ...rest });
}

/** How a picture is brought to a model. */
export interface ClassifyOptions {
  /** How many classes; default 5. */
  readonly top?: number;
  /** Default as in training. */
  readonly fit?: PictureFit;
  /** The picture is dark on light where training had light on dark; default false. */
  readonly invert?: boolean;
}

/** A packed model that reads pictures. */
export interface Classifier extends Model {
  /**
   * The most probable classes of a picture, best first.
   * @param image the path of a PNG, JPEG, WebP, GIF or BMP file, or pixels: uint8 [height, width, 4]
   * @throws BitgradError `io`, `invalid-file`; `incompatible` for a model that takes no pictures or gives no classes
   */
  classify(image: string | Pixels, options?: ClassifyOptions): Promise<readonly ClassScore[]>;
}

/**
 * Loads a packed model on the best engine that runs here.
 * @param source bytes, the path of a file, or an address
 * @throws BitgradError as `loadModel` of @bitgrad/runtime
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Classifier> {
  const model = await load(source, { engine: (await chooseEngine('auto')).engine, ...options });
  return {
    ...model,
    async classify(image, given = {}) {
      const { top, ...fit } = checkOptions<ClassifyOptions>('cli', 'classify', given, {
        top: option.integer(1),
        fit: option.oneOf('cover', 'contain', 'stretch'),
        invert: option.boolean,
      });
      const pixels = typeof image === 'string' ? await readImage(image) : image;
      return topClasses(await model.predict(imageInput(pixels, model, fit)), model, top);
    },
  };
}

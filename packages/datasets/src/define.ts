// What a data set is that is named by a short text: how it is read, and the options of its own.
import { defineMember, option, type Definition, type OptionRule, type OptionRules } from '@bitgrad/core';
import type { Dataset, Examples } from './dataset.js';
import type { DataSource } from './source.js';

/** How far reading has come. */
export interface LoadProgress {
  /** Pictures that are ready, of all that are wanted. */
  readonly done: number;
  readonly total: number;
}

/** Options of every data set. */
export interface CommonLoadOptions {
  /**
   * At most this many training images: the first ones after a shuffle by `seed`. For `digits` the number to make,
   * default 10,000.
   */
  readonly limit?: number;
  /** The same for test images; `digits` makes 2,000 by default. */
  readonly testLimit?: number;
  /** Decides which images are held out, made, and kept by a limit; default 0. */
  readonly seed?: number;
  /** Bytes of a file, and of the decoded images together; default 2^30. */
  readonly maxBytes?: number;
  /** Class names of a model: labels become those of the model, by name; the set may have some of its classes only. */
  readonly classes?: readonly string[];
  /** Called as pictures become ready. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** Rules of {@link CommonLoadOptions}. */
export const commonRules: OptionRules<CommonLoadOptions> = {
  limit: option.integer(1),
  testLimit: option.integer(1),
  seed: option.integer(),
  maxBytes: option.integer(1),
  classes: option.list(option.string, 1),
  onProgress: option.callback,
};

/** A data set by name, with options `O` of its own. */
export interface DatasetDefinition<O extends object = object> extends Definition {
  readonly kind: 'dataset';
  /** Whether its name is followed by a folder, `name:DIR`, or by a file, `name:FILE`. */
  readonly folder?: boolean | 'file';
  readonly options?: { readonly [K in keyof Required<O>]: OptionRule };
  /** Where its files can be had: `bitgrad data get`, {@link getData}. */
  readonly source?: DataSource;
  /**
   * Reads or makes it. Limits and class names are seen to afterwards: it may use them to read less.
   * @param options checked already; `directory` is what follows the name
   */
  load(
    options: CommonLoadOptions & O & { readonly directory: string },
  ): Dataset<Examples> | Promise<Dataset<Examples>>;
}

/**
 * Declares a data set; a plugin offers it as `datasets: { 'my-set': mySet }`.
 * @throws BitgradError `invalid-plugin`
 */
export const defineDataset = <O extends object = object>(
  definition: Omit<DatasetDefinition<O>, 'kind'>,
): DatasetDefinition<O> =>
  defineMember<DatasetDefinition<O>>('dataset', definition, ['load'], ['folder', 'options', 'source']);

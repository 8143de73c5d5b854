// Data sets as they are named on the command line, read once for a command.
import type { Augmentation, Dataset } from '@bitgrad/datasets';
import { loadDataset } from '@bitgrad/datasets/node';
import { BitgradError } from '@bitgrad/core';

/** The options that decide a data set. */
export interface DataOptions {
  /** `digits`, `mnist:DIR`, `cifar10:DIR`, `cifar100:DIR` or `folder:DIR`. */
  readonly data: string;
  /** At most this many training images. */
  readonly limit?: number;
  /** At most this many test images. */
  readonly testLimit?: number;
  /** Decides which images a limit takes, and what `digits` draws. */
  readonly seed: number;
}

/** @throws BitgradError `invalid-option`, `io`, `invalid-file`, `truncated-file` */
export const openData = ({ data, limit, testLimit, seed }: DataOptions): Promise<Dataset> =>
  loadDataset(data, { limit, testLimit, seed });

/**
 * Augmentation from text: `none`, or a list such as `shift:2,flip` or `crop:4,flip`.
 * @throws BitgradError `invalid-option`
 */
export function parseAugment(text: string): Augmentation | undefined {
  if (text === 'none') return undefined;
  const parts = text.split(',').map((part) => {
    const [name, amount, ...rest] = part.split(':');
    const pixels = Number(amount);
    const counted = amount !== undefined && Number.isSafeInteger(pixels) && pixels > 0 && rest.length === 0;
    if (name === 'flip' && amount === undefined) return { flip: true };
    if (name === 'shift' && counted) return { shift: pixels };
    if (name === 'crop' && counted) return { crop: { padding: pixels } };
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
      what: '--augment',
      got: text,
      expected: 'none, or some of shift:PIXELS, crop:PIXELS and flip, separated by commas',
    });
  });
  return Object.assign({}, ...parts) as Augmentation;
}

// Data sets as they are named on the command line: paths, and shapes of packed models.
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { dataKind, type DataOptions } from '@bitgrad/recipe';

/** The same data, wherever the command is started: the folder as an absolute path. */
export function absoluteData(data: string, directory: string): string {
  const kind = dataKind(data);
  // Behind a colon some shells leave ~ as it is.
  const folder = data.slice(kind.length + 1).replace(/^~(?=$|[\\/])/, homedir());
  return folder === '' ? data : `${kind}:${resolve(directory, folder)}`;
}

/** The shape of a model's input for {@link DataOptions}; none where it takes no pictures. */
export const pictureShape = (shape: readonly number[]): DataOptions['shape'] => {
  const [height, width, channels] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3)) return undefined;
  return Math.max(height!, width!) > 4096 ? undefined : { size: [height!, width!], channels };
};

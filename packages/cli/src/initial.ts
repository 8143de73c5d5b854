// What a run starts from instead of new weights: another run's folder, or a model of the zoo.
import { resolve } from 'node:path';
import { BitgradError, reasonOf } from '@bitgrad/core';
import type { OpenOptions } from '@bitgrad/recipe';
import { openRun as openModelOf, readRun } from './model-dir/open.js';

/** The folder of latent weights that `zoo:NAME` stands for. */
async function zooFolder(name: string): Promise<string> {
  const { latentFolder } = await import('@bitgrad/zoo/node').catch((cause: unknown) => {
    throw new BitgradError({
      code: 'io',
      source: 'cli',
      what: `zoo:${name} is in the package @bitgrad/zoo, which cannot be loaded (${reasonOf(cause)})`,
      next: 'npm install @bitgrad/zoo',
      cause,
    });
  });
  return latentFolder(name);
}

/**
 * What opens the model to start from; its files are read before anything else is done.
 * @param from the folder of a run, or `zoo:NAME`
 * @param named whether plugins were named, which may have what the model is made of
 * @throws BitgradError `io`, `checksum-mismatch`, `invalid-file`, `invalid-option`, `unknown-name`
 */
export async function initialFrom(
  from: string,
  directory: string,
  note: (text: string) => void,
  named: boolean,
): Promise<NonNullable<OpenOptions['initial']>> {
  const folder = from.startsWith('zoo:') ? await zooFolder(from.slice(4)) : resolve(directory, from);
  const source = await readRun(folder, note);
  return () => openModelOf(source, named);
}

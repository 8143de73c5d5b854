// How processes that tests start find our packages: as TypeScript sources, or as they are published, where `npm test` has just
// built them (BITGRAD_BUILT=1): a process starts in a third of the time, and runs what users run.
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Whether `dist` of every package and app is what its sources make. */
export const built = process.env.BITGRAD_BUILT === '1';
const cli = fileURLToPath(new URL('../packages/cli/', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Flags of Node for a program that imports our packages. */
export const packageFlags = built ? [] : ['--conditions=@bitgrad/source', `--import=${tsx}`];
/** Words for Node before the arguments of `bitgrad`; BITGRAD_CLI names another one, such as bin/bitgrad.mjs of an install. */
export const commandWords = process.env.BITGRAD_CLI
  ? [process.env.BITGRAD_CLI]
  : built
    ? [`${cli}bin/bitgrad.mjs`]
    : [...packageFlags, `${cli}src/main.ts`];

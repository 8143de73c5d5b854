// Flags of Node for processes that run this harness from its TypeScript source, wherever they are started.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** For `execArgv`: by name, tsx would be looked for from the folder that the user is in. */
export const everyonesFlags: readonly string[] = ['--conditions=@bitgrad/source', `--import=${tsx}`];
/** Those of this process's children: where `npm test` has just built the packages, these are used, which starts faster. */
export const sourceFlags = everyonesFlags.slice(process.env.BITGRAD_BUILT === '1' ? 1 : 0);

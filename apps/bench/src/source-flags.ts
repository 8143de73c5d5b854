// Flags of Node for processes that run this harness from its TypeScript source, wherever they are started.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** For `execArgv`: by name, tsx would be looked for from the folder that the user is in. */
export const sourceFlags: readonly string[] = ['--conditions=@bitgrad/source', `--import=${tsx}`];

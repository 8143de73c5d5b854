// Flags of Node for processes that run this harness from its TypeScript source, wherever they are started.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** By name, tsx would be looked for from the folder that the user is in. */
const tsx = `--import=${pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href}`;

/** For `execArgv`. */
export const everyonesFlags: readonly string[] = ['--conditions=@bitgrad/source', tsx];
/** Those of this process's children: where `npm test` has just built the packages, these are used, which starts faster. */
export const sourceFlags = process.env.BITGRAD_BUILT === '1' ? [tsx] : everyonesFlags;

// The engine of a program that names none. A page that names another one must not carry the code of the portable engine,
// so the loader does not import it: the engine makes itself known where its module runs.
import type { Engine } from './engine.js';

let make: (() => Engine) | undefined;

/**
 * Makes an engine's factory the default, and returns it. Calls are marked as pure: in Node the module runs and the
 * default is there; a bundler leaves it out of a page that uses neither.
 */
export const asDefault = (factory: () => Engine): (() => Engine) => (make = factory);

/** The default engine; undefined where a bundler left it out. */
export const defaultEngine = (): Engine | undefined => make?.();

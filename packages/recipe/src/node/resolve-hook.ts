// A module resolution fallback: a plugin outside of any node_modules may import the published entry points of bitgrad
// and TensorFlow.js; what Node does not find from the plugin's place is resolved from that of the program which loads it.
import * as nodeModule from 'node:module';

const provided = String.raw`^(@bitgrad/|@tensorflow/tfjs-(core|layers)(/|$)|valibot$)`;

/** The hook's source: on older Node it runs in a thread of its own, where it can only be given text and data. */
const source = `
let base;
const provided = new RegExp(${JSON.stringify(provided)});
export function initialize(data) { base = data.base; }
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !provided.test(specifier)) throw error;
    return next(specifier, { ...context, parentURL: base });
  }
}`;

interface ResolveContext {
  parentURL?: string;
}
type Resolve<T> = (specifier: string, context: ResolveContext) => T;
interface Hooks {
  /** Node 22.15 and 23.5: in this thread. */
  registerHooks?(hooks: {
    resolve: (specifier: string, context: ResolveContext, next: Resolve<unknown>) => unknown;
  }): void;
  /** Node 20.6. */
  register?(url: string, options: { parentURL: string; data: unknown }): void;
}

let installed = false;

/**
 * Installs the fallback, once.
 * @param base the module from whose place is resolved what a plugin does not find
 */
export function installResolveHook(base: string): void {
  if (installed) return;
  installed = true;
  const { registerHooks, register } = nodeModule as unknown as Hooks;
  if (registerHooks) {
    const pattern = new RegExp(provided);
    registerHooks({
      resolve(specifier, context, next) {
        try {
          return next(specifier, context);
        } catch (error) {
          if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND' || !pattern.test(specifier))
            throw error;
          return next(specifier, { ...context, parentURL: base });
        }
      },
    });
    return;
  }
  register?.(`data:text/javascript,${encodeURIComponent(source)}`, { parentURL: base, data: { base } });
}

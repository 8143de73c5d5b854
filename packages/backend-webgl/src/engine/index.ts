// The WebGL2 deployment engine for packed models. Free of tfjs.
import {
  checkCompileOptions,
  checkOptions,
  type ExecutableOptions,
  type Engine,
  type PackedModel,
  type Probe,
} from '@bitgrad/runtime';
import { createContext, failure, isSoftware, rendererOf, shareContext, type Gl } from './context.js';
import { createExecutable, type WebglExecutable } from './executable.js';

export type { GlCounts, WebglExecutable, WebglReport } from './executable.js';
export { isSoftware } from './context.js';

/** Options of {@link webglEngine}. */
export interface WebglEngineOptions {
  /**
   * A WebGL2 context of yours; the engine changes its bindings, viewport and current program, and never loses it. By
   * default the engine makes its own, on a canvas that is never shown.
   */
  context?: WebGL2RenderingContext;
  /** Run on a software renderer (default true: the results are right, only slow). */
  allowSoftware?: boolean;
}

/** An engine whose executables can be restored after the context was lost. */
export interface WebglEngine extends Engine {
  compile(model: PackedModel, options?: ExecutableOptions): Promise<WebglExecutable>;
}

/**
 * The WebGL2 engine. All models of one engine share a context, which is given back with the last of them.
 * @returns an engine named `webgl`; integer results follow plan.ts bit for bit, float32 results but for divisions,
 *   square roots and subnormal numbers
 * @throws BitgradError `invalid-option`
 */
export function webglEngine(options: WebglEngineOptions = {}): WebglEngine {
  const { allowSoftware = true, context: given } = checkOptions('backend-webgl', 'webglEngine', options, {
    context: {
      expected: 'a WebGL2 context',
      allows: (gl) => typeof (gl as WebGL2RenderingContext | null)?.texStorage2D === 'function',
    },
    allowSoftware: { expected: 'true or false', allows: (v) => typeof v === 'boolean' },
  });
  let shared: Gl | undefined;
  let users = 0;
  const unavailable = (what: string, got?: string) =>
    failure('backend-unavailable', { what, got, next: 'Use the wasm engine.' });
  const acquire = (): Gl => {
    if (shared?.gl.isContextLost()) {
      shared = undefined;
      users = 0;
    }
    if (!shared) {
      const gl = given ?? createContext();
      if (!gl) throw unavailable('WebGL2 is not available here');
      if (gl.isContextLost()) throw failure('context-lost', { what: 'the given WebGL context is lost' });
      if (!allowSoftware && isSoftware(rendererOf(gl)))
        throw unavailable('the WebGL renderer is software', rendererOf(gl));
      shared = shareContext(gl, !given);
    }
    const mine = shared;
    mine.retain();
    users++;
    return {
      ...mine,
      release() {
        mine.release();
        if (shared === mine && --users === 0) shared = undefined;
      },
    };
  };
  return Object.freeze({
    name: 'webgl',
    async probe(): Promise<Probe> {
      const gl = given ?? shared?.gl ?? createContext();
      if (!gl) return { available: false, reason: 'WebGL2 is not available here', features: {} };
      const renderer = rendererOf(gl);
      const software = isSoftware(renderer);
      if (gl !== given && gl !== shared?.gl) gl.getExtension('WEBGL_lose_context')?.loseContext();
      const features = { renderer, software };
      return software && !allowSoftware
        ? { available: false, reason: `the renderer is software (${renderer})`, features }
        : { available: true, reason: '', features };
    },
    async compile(model: PackedModel, compile?: ExecutableOptions) {
      const options = checkCompileOptions('backend-webgl', model, compile);
      options.signal?.throwIfAborted();
      return createExecutable(model, acquire, options);
    },
  });
}

// The training adapter: starts tfjs's webgl backend, replaces two pooling gradients that tfjs 4.22 gets wrong, and lets a
// lost context be an error instead of an endless wait.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, checkOptions, defineAdapter, type BackendAdapter, type Probe } from '@bitgrad/core';
import { binary } from './binary.js';
import { createContext, isSoftware, rendererOf } from './engine/context.js';
import { poolGradients } from './pool-gradients.js';

/** What is used of tfjs's MathBackendWebGL. */
interface TfjsBackend {
  readonly gpgpu: { readonly gl: WebGL2RenderingContext };
}

const lostError = (): BitgradError =>
  new BitgradError({
    code: 'context-lost',
    source: 'backend-webgl',
    what: 'the WebGL context was lost, and every tensor with it',
    next: 'Call start() of the adapter for a new context, and go on from a checkpoint.',
  });

async function probe(): Promise<Probe> {
  const gl = createContext();
  if (!gl)
    return { available: false, reason: 'WebGL2 is not available here: use a browser with it', features: {} };
  const renderer = rendererOf(gl);
  const float32 = gl.getExtension('EXT_color_buffer_float') !== null;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  const features = { renderer, software: isSoftware(renderer), float32 };
  if (!float32)
    return { available: false, reason: `${renderer} cannot render to float32 textures`, features };
  return { available: true, reason: '', features };
}

/**
 * Training on WebGL2, in browsers. `probe().features` name the renderer, and whether it is software.
 *
 * When the context is lost, ops and reads raise `context-lost`, those under way too. `start()` then makes a new context;
 * tensors of the old one are gone: build or load the model again, from a checkpoint.
 * @param options none: other adapters have some, this one refuses them
 * @throws BitgradError `invalid-option` for any option; from `start`: `backend-unavailable` when WebGL2, float32 textures or the tfjs backend is missing
 */
export function webgl(options: Readonly<Record<string, never>> = {}): BackendAdapter {
  checkOptions<object>('backend-webgl', 'webgl', options, {});
  return defineAdapter({
    name: 'webgl',
    source: 'backend-webgl',
    capabilities: { fusedKernels: Object.keys(binary), gpu: true },
    tfjs: {
      name: 'webgl',
      package: '@tensorflow/tfjs-backend-webgl',
      load: () => import('@tensorflow/tfjs-backend-webgl'),
    },
    probe,
    kernels() {
      if (tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED'))
        return { kernels: { ...poolGradients, ...binary } };
      throw new BitgradError({
        code: 'backend-unavailable',
        source: 'backend-webgl',
        what: 'the tfjs webgl backend computes in float16 here',
        next: 'Choose another backend.',
      });
    },
    loss(backend) {
      const { gl } = (backend as TfjsBackend).gpgpu;
      const loss = new Promise((resolve) =>
        gl.canvas.addEventListener('webglcontextlost', resolve, { once: true }),
      );
      return { run: 'runWebGLProgram', lost: () => gl.isContextLost(), loss, error: lostError };
    },
  });
}

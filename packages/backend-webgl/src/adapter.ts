// The training adapter: starts tfjs's webgl backend, replaces two pooling gradients that tfjs 4.22 gets wrong, and lets a
// lost context be an error instead of an endless wait.
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  checkOptions,
  installKernels,
  kernelOwner,
  within,
  type BackendAdapter,
  type BackendProbe,
} from '@bitgrad/core';
import { guardLoss, type GuardedBackend } from '@bitgrad/shaders';
import { binary } from './binary.js';
import { createContext, isSoftware, rendererOf } from './engine/context.js';
import { poolGradients } from './pool-gradients.js';

/** What is used of tfjs's MathBackendWebGL. */
interface TfjsBackend extends GuardedBackend {
  readonly gpgpu: { readonly gl: WebGL2RenderingContext };
}

const contextOf = (backend: object): WebGL2RenderingContext => (backend as TfjsBackend).gpgpu.gl;

const lostError = (): BitgradError =>
  new BitgradError({
    code: 'context-lost',
    source: 'backend-webgl',
    what: 'the WebGL context was lost, and every tensor with it',
    next: 'Call start() of the adapter for a new context, and go on from a checkpoint.',
  });

/** Settles when the context of a backend is lost: one listener for each. */
const losses = new WeakMap<object, Promise<unknown>>();

const kernels = { ...poolGradients, ...binary };

/** Guards a backend against the loss of its context; see guardLoss. */
function guard(backend: object): () => void {
  const gl = contextOf(backend);
  const loss =
    losses.get(backend) ??
    new Promise((resolve) => gl.canvas.addEventListener('webglcontextlost', resolve, { once: true }));
  losses.set(backend, loss);
  const lost = (): boolean => gl.isContextLost();
  return guardLoss(backend as TfjsBackend, 'runWebGLProgram', { lost, loss, error: lostError });
}

/** Makes tfjs forget a backend whose context is lost, so that the next start makes a new one. */
function forgetLost(): void {
  const present = tf.engine().registry['webgl'];
  if (!present || !contextOf(present).isContextLost()) return;
  const factory = tf.findBackendFactory('webgl');
  tf.removeBackend('webgl');
  tf.registerBackend('webgl', factory, 2);
}

const unavailable = (what: string, next: string, cause?: unknown): BitgradError =>
  new BitgradError({ code: 'backend-unavailable', source: 'backend-webgl', what, next, cause });

/** How long a download or the start of tfjs may take. */
const startMs = 60_000;

const late = (what: string): BitgradError =>
  unavailable(`${what} did not come within ${startMs / 1000} s`, 'Choose another backend.');

async function load(): Promise<void> {
  try {
    const code = import('@tensorflow/tfjs-backend-webgl');
    await within(startMs, code, () => late('the code of the tfjs webgl backend'));
  } catch (cause) {
    throw unavailable(
      '@tensorflow/tfjs-backend-webgl cannot be loaded',
      'npm install @tensorflow/tfjs-backend-webgl',
      cause,
    );
  }
}

async function probe(): Promise<BackendProbe> {
  const gl = createContext();
  if (!gl)
    return { available: false, reason: 'WebGL2 is not available here: use a browser with it', features: {} };
  const renderer = rendererOf(gl);
  const float32 = gl.getExtension('EXT_color_buffer_float') !== null;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  const features = { renderer, software: isSoftware(renderer), float32 };
  if (!float32)
    return { available: false, reason: `${renderer} cannot render to float32 textures`, features };
  try {
    await load();
  } catch (error) {
    return { available: false, reason: (error as Error).message, features };
  }
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
  const owner = kernelOwner('webgl');
  return Object.freeze({
    name: 'webgl',
    capabilities: Object.freeze({
      trainsConvolutions: true,
      fusedKernels: Object.freeze(Object.keys(binary)),
      synchronousReads: true,
    }),
    probe,
    async start() {
      const { available, reason } = await probe();
      if (!available) throw unavailable(reason, 'Choose another backend.');
      forgetLost();
      const starting = tf.setBackend('webgl');
      if (!(await within(startMs, starting, () => late('the start of the tfjs webgl backend'))))
        throw unavailable('the tfjs webgl backend did not start', 'Choose another backend.');
      if (!tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED'))
        throw unavailable('the tfjs webgl backend computes in float16 here', 'Choose another backend.');
      const active = tf.backend();
      if (owner.holds(active)) return;
      owner.take(active, () =>
        installKernels('webgl', kernels, { source: 'backend-webgl', onRemove: guard(active) }),
      );
    },
    report: () => owner.report(),
    async dispose() {
      owner.release();
    },
  });
}

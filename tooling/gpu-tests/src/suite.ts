// The training suite, and the life of a training backend, where the backend runs: in a page or in Node.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { use, type BackendAdapter, type Probe } from '@bitgrad/core';
import { createModel } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { trainingBackendCases } from '@bitgrad/testkit/cases';

/** What a page offers to the tests of its backend. */
export interface TrainingPage {
  probe(): Promise<Probe>;
  check(name: string): Promise<void>;
  modelCycles(n: number): Promise<CycleCounts>;
  adapterCycles(n: number): Promise<{ kernels: boolean; works: boolean }>;
  loss(): Promise<LossOutcome>;
}

/** Tensors and bytes on the GPU before and after cycles of making, training and disposing a model. */
interface CycleCounts {
  tensors: number;
  bytesInGpu: number;
  /** Growth of all the memory that tfjs has taken, between half of the cycles and the end. */
  allocated: number;
}

/** Codes of the errors of what was under way and what came after a loss, and whether training went on after `start`. */
interface LossOutcome {
  reading: string;
  next: string;
  running: string;
  value: number;
  same: boolean;
}

interface GpuMemory extends tf.MemoryInfo {
  numBytesInGPU: number;
  numBytesInGPUAllocated?: number;
  numBytesAllocatedInGPU?: number;
}

let registered: true | undefined;

/** A model, run once and disposed; with a training step and a read, which take long on software renderers, if asked. */
async function once(train: boolean): Promise<void> {
  registered ??= (use(stePlugin), true);
  const options = { classes: 3, kernelQuantizer: 'ste', seed: 1, hidden: [8] };
  const model = createModel('mlp', { inputShape: [4, 4, 1], ...options });
  const x = tf.ones([2, 4, 4, 1]);
  if (train) {
    const weights = model.trainableWeights.map((w) => w.read() as tf.Variable);
    const loss = (): tf.Scalar => tf.mean(model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
    const { value, grads } = tf.variableGrads(loss, weights);
    await value.data();
    tf.dispose([value, ...Object.values(grads)]);
  } else tf.dispose(model.predict(x));
  x.dispose();
  model.dispose();
}

const allocated = (): number => {
  const memory = tf.memory() as GpuMemory;
  return memory.numBytesInGPUAllocated ?? memory.numBytesAllocatedInGPU ?? 0;
};

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

/**
 * @param create the adapter under test
 * @param lose loses the GPU of the active tfjs backend
 */
export function trainingPage(
  create: () => BackendAdapter,
  lose: () => void,
  tolerance?: number,
): TrainingPage {
  const adapter = create();
  let starting: Promise<void> | undefined;
  const started = (): Promise<void> => (starting ??= adapter.start());
  return {
    probe: () => create().probe(),
    async check(name) {
      await started();
      await trainingBackendCases.find((c) => c.name === name)!.check({ adapter, create, tolerance });
    },
    async modelCycles(n) {
      await started();
      await once(true);
      const before = tf.memory() as GpuMemory;
      let half = 0;
      for (let i = 1; i <= n; i++) {
        await once(i % (n / 8) === 0);
        if (i === n / 2) half = allocated();
      }
      const after = tf.memory() as GpuMemory;
      return {
        tensors: after.numTensors - before.numTensors,
        bytesInGpu: after.numBytesInGPU - before.numBytesInGPU,
        allocated: allocated() - half,
      };
    },
    async adapterCycles(n) {
      await started();
      const kernels = (): unknown[] => tf.getKernelsForBackend(tf.getBackend()).map((k) => k.kernelFunc);
      await adapter.dispose();
      const stock = new Set(kernels());
      for (let i = 0; i < n; i++) {
        const other = create();
        await other.start();
        await other.dispose();
      }
      const same = kernels().length === stock.size && kernels().every((k) => stock.has(k));
      await adapter.start();
      const x = tf.ones([3]);
      const works = (await x.data()).join() === '1,1,1';
      x.dispose();
      return { kernels: same, works };
    },
    async loss() {
      await started();
      const x = tf.randomNormal([64, 64], 0, 1, 'float32', 1);
      const product = tf.matMul(x, x);
      const want = (await product.data())[5];
      const next = tf.matMul(product, x);
      const reading = next.data().then(() => 'read', codeOf);
      lose();
      const outcome = { reading: await reading, next: await next.data().then(() => 'read', codeOf) };
      const running = await Promise.resolve()
        .then(() => tf.matMul(next, x).data())
        .then(() => 'ran', codeOf);
      await adapter.start();
      const again = tf.randomNormal([64, 64], 0, 1, 'float32', 1);
      const value = (await tf.matMul(again, again).data())[5]!;
      await once(true);
      return { ...outcome, running, value, same: value === want };
    },
  };
}

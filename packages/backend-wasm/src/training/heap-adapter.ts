// Adapters that train on the heap of tfjs's wasm backend: the kernels are the same, what runs their calls is an adapter's own.
import { defineAdapter, type BackendAdapter, type KernelSet, type Probe } from '@bitgrad/core';
import { createAsk, encode, type Runner } from './calls.js';
import { createHeap, memoryOf, type TfjsWasmBackend } from './heap.js';
import { createJob } from './job.js';
import type { KernelContext } from './kernels/family.js';
import { fusedKernels, kernelFamilies } from './kernels/index.js';
import { createWorth } from './worth.js';

/** What runs the calls of kernels. */
interface Runners {
  /** On the calling thread, on the heap. */
  readonly local: Runner;
  /** On all threads, on the heap; none: one thread. */
  readonly pool?: Runner | undefined;
  dispose(): void;
}

/** What differs between adapters on the heap. */
interface HeapAdapterDefinition {
  readonly name: string;
  /** The package that the adapter is in: the source of its errors. */
  readonly source: string;
  /** Whether fused, packed and table kernels are there, or only what tfjs lacks or gets wrong. */
  readonly fused: boolean;
  readonly startMs: number;
  probe(): Promise<Probe>;
  /** Starts tfjs's backend, if it does not run yet. */
  activate(): Promise<boolean>;
  runners(memory: WebAssembly.Memory): Promise<Runners>;
}

/** The kernels on the heap of a backend; removing them frees their memory and what runs them. */
function kernelSet(active: TfjsWasmBackend, fused: boolean, runners: Runners): KernelSet {
  const { local, pool = local } = runners;
  const heap = createHeap(active);
  const counts: Record<string, number> = {};
  const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  const worth = createWorth(pool.threads);
  const ask = createAsk(local);
  const jobs = Array.from({ length: pool.threads }, (_, i) =>
    createJob(heap, i === 0 ? local : pool, ask, i + 1),
  );
  const context: KernelContext = {
    ...{ heap, count, fused, ask },
    call: (name, fields) => local.run([encode(name, fields)])[0]!,
    run(kernel, work, body) {
      const threads = worth.threads(kernel, work);
      if (threads > 1) count(`${kernel}/threads`);
      const start = performance.now();
      const job = jobs[threads - 1]!;
      try {
        return body(job);
      } finally {
        // What a failed kernel has asked for runs too: nothing of it is left for the next one.
        job.flush();
        worth.learn(kernel, work, threads, performance.now() - start);
      }
    },
  };
  return {
    kernels: Object.assign({}, ...kernelFamilies(fused).map((family) => family(context))),
    expected: 'NHWC float32 tensors without dilation',
    counts,
    onRemove() {
      heap.dispose();
      runners.dispose();
    },
  };
}

/** An adapter on the heap of tfjs's wasm backend. */
export const heapAdapter = (definition: HeapAdapterDefinition): BackendAdapter => {
  const { name, source, fused, startMs, probe, activate, runners } = definition;
  return defineAdapter({
    ...{ name, source, startMs, probe, activate },
    capabilities: { fusedKernels: fused ? fusedKernels : [], gpu: false },
    tfjs: {
      name: 'wasm',
      package: '@tensorflow/tfjs-backend-wasm',
      load: () => import('@tensorflow/tfjs-backend-wasm'),
    },
    async kernels(backend) {
      const active = backend as TfjsWasmBackend;
      return kernelSet(active, fused, await runners(memoryOf(active)));
    },
  });
};

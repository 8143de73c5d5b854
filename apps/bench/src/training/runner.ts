// A process that trains one net with one tfjs runner, in portions, as its parent asks.
import '@tensorflow/tfjs-backend-wasm';
import { native } from '@bitgrad/backend-native';
import { wasm } from '@bitgrad/backend-wasm';
import type { BackendAdapter } from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import { bitgradTrainee } from './bitgrad-trainee.js';
import {
  runners,
  type MemoryGrowth,
  type Net,
  type RunnerMessage,
  type RunnerName,
  type RunnerRequest,
} from './nets.js';
import { createStepper, type Trainee } from './stepper.js';
import { patchFilterGradient, stockTrainee } from './stock-trainee.js';

const [runner, description] = process.argv.slice(2);
const net = JSON.parse(description!) as Net;
const send = (message: RunnerMessage): void => void process.send!(message);

async function prepare(): Promise<{ trainee: Trainee; adapter?: BackendAdapter }> {
  const { kind, threads } = runners[runner as RunnerName];
  if (kind === 'tfjs') {
    await tf.setBackend('wasm');
    patchFilterGradient();
    return { trainee: stockTrainee(net) };
  }
  const adapter = kind === 'native' ? native({ threads }) : wasm({ threads });
  await adapter.start();
  return { trainee: bitgradTrainee(net), adapter };
}

const heapBytes = (): number =>
  (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length;

/** Tensors and heap before and after many steps of a small batch. */
function measureMemory(trainee: Trainee, steps: number): MemoryGrowth {
  const step = createStepper(trainee, net, 8);
  for (let i = 0; i < 5; i++) step();
  const [tensors, heap] = [tf.memory().numTensors, heapBytes()];
  for (let i = 0; i < steps; i++) step();
  return { steps, tensors: [tensors, tf.memory().numTensors], heapBytes: [heap, heapBytes()] };
}

process.on('disconnect', () => process.exit(1));
try {
  const { trainee, adapter } = await prepare();
  const step = createStepper(trainee, net);
  process.on('message', (request: RunnerRequest) => {
    try {
      if (request.type === 'memory')
        return send({ type: 'memory', memory: measureMemory(trainee, request.steps) });
      const done = Array.from({ length: request.count }, () => step());
      send({
        type: 'steps',
        times: done.map(({ times }) => times),
        losses: done.map(({ loss }) => loss),
        peakBytes: process.resourceUsage().maxRSS * 1024,
        kernels: adapter?.report() ?? {},
      });
    } catch (error) {
      send({ type: 'error', message: (error as Error).message });
    }
  });
  send({ type: 'ready', detail: `tfjs ${tf.version_core}, Node ${process.version}` });
} catch (error) {
  send({ type: 'error', message: (error as Error).message });
}

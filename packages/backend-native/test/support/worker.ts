// A worker thread that runs a model, and ends while it does so if it is told to.
import { parentPort, workerData } from 'node:worker_threads';
import { convTrial } from '@bitgrad/testkit/engine';
import { nativeEngine } from '../../src/engine/index.js';

const executable = await nativeEngine().compile(convTrial({ type: 'u8', size: [16, 16], c: 64, cOut: 96 }), {
  threads: 2,
});
const input = Uint8Array.from({ length: 100 * 16 * 16 * 64 }, (_, i) => (i * 31) & 255);
const running = executable.runAsync(input);
if ((workerData as { ends: boolean }).ends) {
  parentPort!.postMessage('ends');
  setTimeout(() => process.exit(), 1);
} else {
  let sum = 0;
  for (const x of await running) sum += x;
  parentPort!.postMessage(sum);
}

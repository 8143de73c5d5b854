// The thread that `node/pool.ts` starts: reads, decodes and resizes one picture at a time.
import { parentPort, workerData } from 'node:worker_threads';
import type { ImageForm } from './images.js';
import { readPicture } from './node/read.js';

/** What the thread is given at its start. */
export interface WorkerSettings {
  readonly form: ImageForm;
  readonly maxBytes: number;
}

/** A picture to read. */
export interface WorkerJob {
  readonly index: number;
  readonly path: string;
}

/** Its bytes; without them it could not be read, which the other side says better. */
export interface WorkerAnswer {
  readonly index: number;
  readonly bytes?: Uint8Array;
}

const { form, maxBytes } = workerData as WorkerSettings;

parentPort?.on('message', ({ index, path }: WorkerJob) => {
  void readPicture(path, form, maxBytes).then(
    (bytes) =>
      parentPort!.postMessage({ index, bytes } satisfies WorkerAnswer, [bytes.buffer as ArrayBuffer]),
    () => parentPort!.postMessage({ index } satisfies WorkerAnswer),
  );
});

// Reading many pictures, in threads where they are worth their start. The bytes do not depend on the number of threads.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { WorkerAnswer, WorkerJob, WorkerSettings } from '../decode-worker.js';
import type { ImageForm } from '../images.js';
import { readPicture } from './read.js';

/** How {@link readPictures} works. */
export interface PoolOptions {
  readonly threads: number;
  readonly maxBytes: number;
  /** Called with each picture as it is ready, in any order. */
  readonly onPicture: (index: number, bytes: Uint8Array) => void;
}

/** A thread starts within this time, or is done without. */
const startMs = 20_000;

/** The worker's file beside this one, built or as source; undefined where a bundler has left it out. */
function workerFile(): { url: URL; flags?: string[] } | undefined {
  const source = import.meta.url.endsWith('.ts');
  const url = new URL(source ? '../decode-worker.ts' : './decode-worker.js', import.meta.url);
  if (url.protocol !== 'file:' || !existsSync(fileURLToPath(url))) return undefined;
  if (!source) return { url };
  try {
    const loader = createRequire(import.meta.url).resolve('tsx');
    return { url, flags: ['--import', pathToFileURL(loader).href, '--conditions=@bitgrad/source'] };
  } catch {
    return undefined;
  }
}

/** One thread: takes jobs until there are none. Resolves to the jobs that it could not do. */
function runThread(
  settings: WorkerSettings,
  next: () => WorkerJob | undefined,
  options: PoolOptions,
): Promise<WorkerJob[]> {
  const file = workerFile();
  if (!file) return Promise.resolve([]);
  return new Promise((resolve) => {
    let job: WorkerJob | undefined;
    const worker = new Worker(file.url, {
      workerData: settings,
      ...(file.flags && { execArgv: file.flags }),
    });
    const finish = (failed: WorkerJob[]): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(failed);
    };
    const give = (): void => {
      job = next();
      if (job) worker.postMessage(job);
      else finish([]);
    };
    const timer = setTimeout(() => finish([]), startMs);
    worker.on('online', () => {
      clearTimeout(timer);
      give();
    });
    worker.on('message', ({ index, bytes }: WorkerAnswer) => {
      if (!bytes) return finish([job!]);
      options.onPicture(index, bytes);
      give();
    });
    const broken = (): void => finish(job ? [job] : []);
    worker.on('error', broken);
    worker.on('exit', broken);
  });
}

/**
 * Reads pictures.
 * @param paths in the order of their indices
 * @throws BitgradError as `readPicture`, for the first of the pictures that cannot be read
 */
export async function readPictures(
  paths: readonly string[],
  form: ImageForm,
  options: PoolOptions,
): Promise<void> {
  const { threads, maxBytes, onPicture } = options;
  let given = 0;
  let stopped = false;
  const next = (): WorkerJob | undefined =>
    stopped || given >= paths.length ? undefined : { index: given, path: paths[given++]! };
  if (threads > 1) {
    const runs = Array.from({ length: Math.min(threads, paths.length) }, async () => {
      const failed = await runThread({ form, maxBytes }, next, options);
      // One that cannot be read ends it for all: nothing is gained by reading the others.
      stopped ||= failed.length > 0;
      return failed;
    });
    const failed = (await Promise.all(runs)).flat().sort((a, b) => a.index - b.index);
    // Read again here: the error that it raises is the answer, unless only the thread was at fault.
    for (const { index, path } of failed) onPicture(index, await readPicture(path, form, maxBytes));
    stopped = false;
  }
  for (let job = next(); job; job = next()) onPicture(job.index, await readPicture(job.path, form, maxBytes));
}

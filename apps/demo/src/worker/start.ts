// Starts the tfjs worker: one script for the float twin, for training and for teaching, so that the page ships tfjs once.

/** A new worker; `role` decides what it does. */
export function startWorker(role: 'float' | 'train' | 'teach'): Worker {
  // Bundlers read name and address as they are written.
  if (role === 'float')
    return new Worker(new URL('./tfjs.worker.ts', import.meta.url), { type: 'module', name: 'float' });
  if (role === 'teach')
    return new Worker(new URL('./tfjs.worker.ts', import.meta.url), { type: 'module', name: 'teach' });
  return new Worker(new URL('./tfjs.worker.ts', import.meta.url), { type: 'module', name: 'train' });
}

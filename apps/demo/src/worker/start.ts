// Starts the tfjs worker: one script for the float twin and for training, so that the page ships tfjs once.

/** A new worker; `role` decides what it does. */
export const startWorker = (role: 'float' | 'train'): Worker =>
  role === 'float'
    ? new Worker(new URL('./tfjs.worker.ts', import.meta.url), { type: 'module', name: 'float' })
    : new Worker(new URL('./tfjs.worker.ts', import.meta.url), { type: 'module', name: 'train' });

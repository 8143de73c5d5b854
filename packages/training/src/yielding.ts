// Gives the event loop a turn now and then, so that a page stays live and signals are seen while training runs.

type Immediate = (callback: () => void) => void;

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    // setTimeout is clamped to 4 ms in pages, and to a second in hidden tabs; a message is not.
    const immediate = (globalThis as { setImmediate?: Immediate }).setImmediate;
    if (immediate) return void immediate(resolve);
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(0);
  });

/** A function to await between steps: gives a turn when `everyMs` have passed since the last one. */
export function createYielder(everyMs: number): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < everyMs) return;
    await turn();
    last = performance.now();
  };
}

// What tfjs 4.22 does not do when a GPU is lost under a training: its WebGL backend then waits for ever for a fence, or
// reads zeros. A guarded backend fails at once instead.

/** The methods of a tfjs GPU backend that need the GPU. */
export interface GuardedBackend {
  read(dataId: object): Promise<unknown>;
  readSync(dataId: object): unknown;
}

/** How a loss is noticed. */
export interface LossWatch {
  /** Whether the GPU is lost by now. */
  lost(): boolean;
  /** Settles when it is lost. */
  readonly loss: Promise<unknown>;
  /** The error to raise. */
  error(): Error;
}

/** How long after a failed read a loss may become known, in milliseconds. */
const lossDelayMs = 1000;

/**
 * Lets a backend raise `watch.error()` from reads and from programs once its GPU is lost, reads under way included.
 * @param run name of the method that runs programs
 * @returns takes it back
 */
export function guardLoss(backend: GuardedBackend, run: string, watch: LossWatch): () => void {
  const check = (): void => {
    if (watch.lost()) throw watch.error();
  };
  const methods = backend as unknown as Record<string, (...args: never[]) => unknown>;
  const [read, readSync, program] = [backend.read, backend.readSync, methods[run]!];
  // Not Promise.race: every read would leave a reaction on the promise of the loss.
  const waiting = new Set<(error: Error) => void>();
  void watch.loss.then(() => waiting.forEach((reject) => reject(watch.error())));
  const guarded: Record<string, (...args: never[]) => unknown> = {
    async read(dataId: never) {
      check();
      let reject!: (error: Error) => void;
      const lost = new Promise<never>((_, refuse) => (reject = refuse));
      waiting.add(reject);
      try {
        const values = await Promise.race([read.call(backend, dataId), lost]);
        check();
        return values;
      } catch (error) {
        // The loss may become known only after what it broke.
        await Promise.race([watch.loss, new Promise((resolve) => setTimeout(resolve, lossDelayMs))]);
        check();
        throw error;
      } finally {
        waiting.delete(reject);
      }
    },
    readSync(dataId: never) {
      check();
      const values = readSync.call(backend, dataId);
      check();
      return values;
    },
    [run](...args: never[]) {
      check();
      return program.apply(backend, args);
    },
  };
  Object.assign(methods, guarded);
  return () => {
    for (const name of Object.keys(guarded)) if (methods[name] === guarded[name]) delete methods[name];
  };
}

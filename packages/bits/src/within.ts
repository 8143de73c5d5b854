// A limit on a wait for something that others have to do: a worker, a download, a driver.

/**
 * Waits for a promise, at most about `ms` milliseconds, and raises what `late` gives after that. What the promise
 * becomes later is ignored.
 *
 * The limit runs in two halves, so that a thread that was busy all the while sees the answer that came meanwhile.
 */
export function within<T>(ms: number, promise: PromiseLike<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer = setTimeout(() => {
      timer = setTimeout(() => reject(late()), ms / 2);
    }, ms / 2);
    Promise.resolve(promise)
      .then(resolve, reject)
      .then(() => clearTimeout(timer));
  });
}

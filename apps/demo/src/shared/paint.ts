// Paints plots one after the other, each in a task of its own: many that change at once do not hold up the page.

const waiting = new Map<object, () => void>();
let scheduled = false;

const next = (): void => {
  scheduled = false;
  const first = waiting.entries().next().value;
  if (!first) return;
  const [key, paint] = first;
  waiting.delete(key);
  schedule();
  paint();
};

const schedule = (): void => {
  if (scheduled || waiting.size === 0) return;
  scheduled = true;
  setTimeout(next);
};

/** Paints soon; a later call for the same `key` replaces one that still waits. */
export function paintSoon(key: object, paint: () => void): void {
  waiting.set(key, paint);
  schedule();
}

/** Forgets what waits for `key`. */
export const forgetPaint = (key: object): void => void waiting.delete(key);

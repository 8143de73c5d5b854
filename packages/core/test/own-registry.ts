// The registry of a process, which other test files have plugins in.
const slot = Symbol.for('bitgrad.registry');
const holder = globalThis as { [slot]?: unknown };

/**
 * Takes the registry away, or puts something in its place.
 * @returns puts it back
 */
export function withoutRegistry(instead?: unknown): () => void {
  const before = holder[slot];
  holder[slot] = instead;
  return () => void (holder[slot] = before);
}

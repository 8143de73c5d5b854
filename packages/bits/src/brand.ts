// Marks that hold across copies of a package. `instanceof` answers no for an object of a second copy (two versions
// installed, or one bundled and one not), and what should have been found is then silently left out.

/** A mark that objects of every copy of this project share. */
export interface Brand<T> {
  /** Marks a prototype or an object; it is not enumerable. */
  mark(target: object): void;
  /** Whether a value, or its prototype, carries the mark. */
  has(value: unknown): value is T;
}

/** @param name such as `layers.QuantLayer`: the same name is the same mark in every copy */
export function brand<T>(name: string): Brand<T> {
  const key = Symbol.for(`bitgrad.${name}`);
  return {
    mark: (target) => void Object.defineProperty(target, key, { value: true, configurable: true }),
    has: (value): value is T =>
      typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[key] === true,
  };
}

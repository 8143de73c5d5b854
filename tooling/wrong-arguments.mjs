// "Every error is a BitgradError", made from a package's exports: each exported function is called with what people pass
// by mistake, and either works or raises a BitgradError with a code. Nothing may throw otherwise, or hang.

/** What gets passed by mistake: something forgotten, a promise without await, a name or path where a thing is wanted. */
export const wrongValues = Object.freeze({
  undefined: () => undefined,
  null: () => null,
  number: () => 3,
  NaN: () => NaN,
  negative: () => -1.5,
  string: () => 'cnn',
  'empty string': () => '',
  boolean: () => true,
  object: () => ({}),
  array: () => [],
  'array of arrays': () => [[1, 2], [3]],
  promise: () => Promise.resolve({}),
  function: () => () => undefined,
  class: () => Date,
  Map: () => new Map(),
  bytes: () => new Uint8Array(3),
  'object of another kind': () => ({
    kind: 'nothing',
    name: 'nothing',
    options: {},
    shape: 'x',
    layers: 3,
    size: {},
  }),
});

const unknownKey = 'notAnOption';
const waitMs = 5000;

const isClass = (fn) => /^class\b/.test(Function.prototype.toString.call(fn));
const isPlain = (x) =>
  typeof x === 'object' && x !== null && [Object.prototype, null].includes(Object.getPrototypeOf(x));

const describeError = (error) =>
  error instanceof Error
    ? `${error.name}: ${error.message.split('\n')[0].slice(0, 160)}`
    : `thrown: ${String(error)}`;

/** By name and code, not by class: another copy of the class counts as well. */
const isTyped = (error) => error?.name === 'BitgradError' && typeof error.code === 'string';

const limited = (promise) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer after ${waitMs} ms`)), waitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** Calls, waits for a promise, and takes the first value of a generator: that is where late checks would throw. */
async function callOnce(fn, args, then = (made) => made) {
  const result = then(isClass(fn) ? new fn(...args) : fn(...args));
  if (typeof result?.then === 'function') await limited(result);
  else if (typeof result?.next === 'function') {
    await limited(Promise.resolve(result.next()));
    await result.return?.();
  }
}

/** Every call to try for one function, as `[text, args, mustFail, what to call of what it makes]`. */
function* callsOf(name, fn, given) {
  const values = Object.entries(wrongValues).filter(([label]) => !given?.without?.includes(label));
  const good = given?.args;
  const count = good ? good().length : Math.max(1, fn.length);
  for (let at = 0; at < count; at++)
    for (const [label, make] of values) {
      const args = good ? good() : new Array(at).fill(undefined);
      args[at] = make();
      yield [`${name}(${at > 0 ? `argument ${at}: ` : ''}${label})`, args];
    }
  if (!good) return;
  for (let at = 0; at < count; at++) {
    const options = good()[at];
    // What a package has made and frozen is no object that somebody writes.
    if (!isPlain(options) || Object.isFrozen(options)) continue;
    for (const key of Object.keys(options))
      for (const [label, make] of values) {
        const args = good();
        args[at] = { ...args[at], [key]: make() };
        yield [`${name}({ ${key}: ${label} })`, args];
      }
  }
  for (const method of given.methods ?? []) {
    const { length } = fn(...good())[method];
    for (let at = 0; at < Math.max(1, length); at++)
      for (const [label, make] of values) {
        const call = (made) => made[method](...new Array(at).fill(undefined), make());
        yield [`${name}().${method}(${at > 0 ? `argument ${at}: ` : ''}${label})`, good(), false, call];
      }
  }
  if (given.options === undefined) return;
  const args = good();
  args[given.options] = { ...args[given.options], [unknownKey]: 1 };
  yield [`${name}({ ${unknownKey} })`, args, true];
}

/**
 * Calls every exported function wrongly.
 *
 * `cases[name].args()` makes right arguments; then each of them, and each member of those that are plain objects, is
 * replaced by a wrong value in turn. Without a case every argument is tried with undefined before it. `options` is the
 * position of an argument that is an option object: an unknown name in it must be refused. `methods` names those of what is
 * made, which are called wrongly too. `skip[name]` says why a function is not called.
 * @returns one line for each call that neither works nor raises a BitgradError
 */
export async function wrongCalls(exports, { cases = {}, skip = {}, after } = {}) {
  const failures = [];
  for (const name of [...Object.keys(cases), ...Object.keys(skip)])
    if (typeof exports[name] !== 'function') failures.push(`${name} is not an exported function`);
  for (const [name, fn] of Object.entries(exports)) {
    if (typeof fn !== 'function' || name in skip || name === 'BitgradError') continue;
    for (const [text, args, mustFail, then] of callsOf(name, fn, cases[name])) {
      try {
        await callOnce(fn, args, then);
        if (mustFail) failures.push(`${text} accepts an option that does not exist`);
      } catch (error) {
        if (!isTyped(error)) failures.push(`${text} raises ${describeError(error)}`);
        else if (mustFail && !error.message.includes(unknownKey))
          failures.push(`${text} does not name the option: ${error.message}`);
      }
      await after?.();
    }
  }
  return failures;
}

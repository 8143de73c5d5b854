// What the tests that run emulated use of Vitest, which has no binaries for two processors in one place.
import assert from 'node:assert/strict';

const tests = [];
const add = (name, ...rest) => tests.push([name, rest.at(-1)]);
const named = (name, value) => name.replace('%j', JSON.stringify(value));

export const expect = (value, message) => ({
  toBe: (other) => assert.ok(Object.is(value, other), `${message ?? ''}: ${value}, not ${other}`),
  toStrictEqual: (other) => assert.deepStrictEqual(value, other, message),
});
export const it = Object.assign(add, {
  each:
    (values) =>
    (name, ...rest) =>
      values.forEach((value) => add(named(name, value), () => rest.at(-1)(value))),
});
export const describe = {
  skipIf: (reason) => (_, define) => {
    if (reason) throw new Error(reason);
    define();
  },
};

// Once the file has said what its tests are.
setImmediate(async () => {
  let failed = 0;
  for (const [name, test] of tests)
    try {
      const start = performance.now();
      await test();
      console.log(`passed: ${name} (${((performance.now() - start) / 1000).toFixed(0)} s)`);
    } catch (error) {
      failed++;
      console.log(`failed: ${name}\n${error.stack}`);
    }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  process.exit(failed || tests.length === 0 ? 1 : 0);
});

// Unexpected console output fails the test that made it: warnings that nobody reads are not warnings.
import { afterEach, beforeEach, expect, vi } from 'vitest';

/** tfjs prints these once per process; they tell nothing about the test. */
const harmless = [
  /TensorFlow\.js in Node\.js/,
  /speed things up dramatically/,
  /was already registered/,
  /already been set/,
];
const methods = ['error', 'warn'];
let calls = [];

beforeEach(() => {
  calls = [];
  for (const method of methods)
    vi.spyOn(console, method).mockImplementation((...parts) => {
      const text = parts.join(' ');
      if (!harmless.some((pattern) => pattern.test(text))) calls.push(`console.${method}: ${text}`);
    });
});

afterEach(() => {
  // A test that expects output mocks the method itself, which replaces this spy.
  const seen = calls;
  vi.restoreAllMocks();
  expect(seen, 'unexpected console output').toEqual([]);
});

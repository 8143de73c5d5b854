// The words of a program and the elementwise ops of the Rust side are TypeScript's: `pnpm render-rust` writes them.
import { expect, it } from 'vitest';
import { renderedRust } from '../scripts/render-rust.js';

it.each(renderedRust())('$name is as rendered', ({ present, wanted }) => {
  expect(present).toBe(wanted);
});

// The elementwise ops of the module are the expressions of the runtime: `pnpm render-values` writes them.
import { expect, it } from 'vitest';
import { renderedValues } from '../../scripts/render-values.js';

it('has the values that the definitions state', () => {
  const { present, wanted } = renderedValues();
  expect(present).toBe(wanted);
});

// Whether Dawn runs here, on the software renderer that Chromium ships where there is no GPU driver.
import { prepareDawn } from '@bitgrad/gpu-tests/dawn';
import { nodeGpu } from '../../src/index.js';

/** Why tests on Dawn are skipped; empty when they run. Throws when BITGRAD_REQUIRE names dawn and it is missing. */
export async function missingDawn(): Promise<string> {
  prepareDawn();
  const { available, reason } = await nodeGpu({ allowSoftware: true }).probe();
  if (!available && process.env['BITGRAD_REQUIRE']?.split(',').includes('dawn')) throw new TypeError(reason);
  return available ? '' : reason;
}

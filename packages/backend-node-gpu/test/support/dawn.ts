// Whether Dawn runs here, on the software renderer that Chromium ships where there is no GPU driver.
import { existsSync } from 'node:fs';
import { nodeGpu } from '../../src/index.js';

const renderer = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Why tests on Dawn are skipped; empty when they run. Throws when BITGRAD_REQUIRE names dawn and it is missing. */
export async function missingDawn(): Promise<string> {
  if (existsSync(renderer)) {
    process.env['VK_ICD_FILENAMES'] ??= renderer;
    process.env['XDG_RUNTIME_DIR'] ??= '/tmp';
  }
  const { available, reason } = await nodeGpu({ allowSoftware: true }).probe();
  if (!available && process.env['BITGRAD_REQUIRE']?.split(',').includes('dawn')) throw new TypeError(reason);
  return available ? '' : reason;
}

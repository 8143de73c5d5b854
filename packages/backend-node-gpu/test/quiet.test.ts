// Where there is no Vulkan driver the reason is told without Dawn, whose warnings would stand on stderr.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { nodeGpuEngine } from '../src/engine/index.js';
import { surelyNoAdapter } from '../src/engine/vulkan.js';

const startMs = 60_000;
const empty = mkdtempSync(join(tmpdir(), 'no-driver-'));
const drivers = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES', 'VK_ADD_DRIVER_FILES'];
const withoutDrivers = (): void => {
  for (const name of drivers) vi.stubEnv(name, undefined);
  vi.stubEnv('XDG_RUNTIME_DIR', undefined);
  for (const name of ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_DIRS', 'XDG_DATA_DIRS'])
    vi.stubEnv(name, empty);
};
afterEach(() => vi.unstubAllEnvs());

it.skipIf(process.platform !== 'linux')('without a driver Dawn is not started in this process', async () => {
  withoutDrivers();
  // A machine may have its driver in a folder that no variable moves.
  if (!(await surelyNoAdapter(startMs))) return;
  const { available, reason } = await nodeGpuEngine({ allowSoftware: true }).probe();
  expect(available).toBe(false);
  expect(reason).toMatch(/Dawn finds no GPU: install its Vulkan driver/);
  // What loading Dawn would define.
  expect('GPUBufferUsage' in globalThis).toBe(false);
});

it('a driver in sight is asked in this process', async () => {
  withoutDrivers();
  vi.stubEnv('VK_ICD_FILENAMES', '/somewhere/driver.json');
  expect(await surelyNoAdapter(startMs)).toBe(false);
  vi.stubEnv('VK_ICD_FILENAMES', undefined);
  const folder = mkdtempSync(join(tmpdir(), 'driver-'));
  vi.stubEnv('XDG_DATA_DIRS', folder);
  mkdirSync(join(folder, 'vulkan/icd.d'), { recursive: true });
  writeFileSync(join(folder, 'vulkan/icd.d/some.json'), '{}');
  expect(await surelyNoAdapter(startMs)).toBe(false);
});

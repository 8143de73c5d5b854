// Where there is no Vulkan driver the reason is told without Dawn, whose warnings would stand on stderr.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packageFlags } from '@bitgrad/tooling/processes';
import { afterEach, expect, it, vi } from 'vitest';
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

/** In a process of its own, as Dawn may run in this one: what it says, of the engine and of itself. */
const asked = `import { nodeGpuEngine } from '@bitgrad/backend-node-gpu/engine';
const probe = await nodeGpuEngine({ allowSoftware: true }).probe();
// What loading Dawn would define.
console.log(JSON.stringify({ ...probe, dawn: 'GPUBufferUsage' in globalThis }));`;

it.skipIf(process.platform !== 'linux')('without a driver Dawn is not started in the process', async () => {
  withoutDrivers();
  // A machine may have its driver in a folder that no variable moves.
  if (!(await surelyNoAdapter(startMs))) return;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [...packageFlags, '--input-type=module', '--eval', asked],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), timeout: startMs },
  );
  expect(JSON.parse(stdout)).toMatchObject({
    available: false,
    reason: expect.stringMatching(/Dawn finds no GPU: install its Vulkan driver/),
    dawn: false,
  });
  expect(stderr).toBe('');
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

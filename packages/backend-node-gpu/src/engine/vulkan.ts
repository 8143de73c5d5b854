// Dawn writes warnings to stderr where Linux has no Vulkan driver, and cannot be told not to. Where none is in sight it is
// therefore asked in a process of its own first, whose output nobody sees.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Folders in which the Vulkan loader looks for the descriptions of drivers. */
function driverFolders(env: NodeJS.ProcessEnv): string[] {
  const bases = [
    env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'),
    env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'),
    ...(env['XDG_CONFIG_DIRS'] ?? '/etc/xdg').split(':'),
    ...(env['XDG_DATA_DIRS'] ?? '/usr/local/share:/usr/share').split(':'),
    ...['/etc', '/usr/local/etc', '/run/opengl-driver/share'],
  ];
  return bases.map((base) => join(base, 'vulkan/icd.d'));
}

const hasDescriptions = (folder: string): boolean => {
  try {
    return readdirSync(folder).some((name) => name.endsWith('.json'));
  } catch {
    return false;
  }
};

/** Whether a Vulkan driver is in sight, or none is needed. */
const driverInSight = (env: NodeJS.ProcessEnv): boolean =>
  process.platform !== 'linux' ||
  ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_ADD_DRIVER_FILES'].some((name) => env[name]) ||
  driverFolders(env).some(hasDescriptions);

/**
 * Whether Dawn surely finds no adapter here.
 * @param limitMs how long the process may take
 */
export async function surelyNoAdapter(limitMs: number): Promise<boolean> {
  if (driverInSight(process.env)) return false;
  const dawn = pathToFileURL(createRequire(import.meta.url).resolve('webgpu')).href;
  const script = `const { create } = await import(${JSON.stringify(dawn)});
process.stdout.write((await create([]).requestAdapter()) ? 'some' : 'none', () => process.exit());`;
  return new Promise((resolve) => {
    const flags = ['--input-type=module', '--eval', script];
    execFile(process.execPath, flags, { timeout: limitMs }, (_, stdout) => resolve(stdout === 'none'));
  });
}

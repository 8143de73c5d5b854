// The command of the repository, as a process: it knows every plugin, and this package cannot import it.
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { commandWords } from '@bitgrad/tooling/processes';

const root = new URL('../../../', import.meta.url);

/** Standard output of `bitgrad ARGS`; a failing certificate is not an error here. */
export function bitgrad(...args: string[]): string {
  const options: ExecFileSyncOptions = { cwd: fileURLToPath(new URL('packages/cli/', root)) };
  try {
    return String(execFileSync(process.execPath, [...commandWords, ...args], options));
  } catch (error) {
    const { status, stdout } = error as { status?: number; stdout?: Buffer };
    if (status === 1 && stdout) return String(stdout);
    throw error;
  }
}

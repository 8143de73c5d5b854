// Builds the addon where cargo is; without it everything else works, and tests of the native engine are skipped.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const cargo = (...args) =>
  spawnSync('cargo', args, { cwd: path('native'), stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

if (cargo('--version').status !== 0) {
  console.log(
    'There is no cargo: the native engine is not built (https://rustup.rs, or apt install cargo-web).',
  );
} else {
  const { status, stderr } = cargo('build', '--release', '--locked', '--target-dir', 'target');
  if (status !== 0) {
    console.error(stderr);
    process.exit(1);
  }
  const built = { darwin: 'libbitgrad_native.dylib', win32: 'bitgrad_native.dll' };
  mkdirSync(path('src/generated'), { recursive: true });
  // By a new file: a process may run the old one.
  const to = path('src/generated/bitgrad-native.node');
  copyFileSync(
    path(`native/target/release/${built[process.platform] ?? 'libbitgrad_native.so'}`),
    `${to}.new`,
  );
  renameSync(`${to}.new`, to);
}

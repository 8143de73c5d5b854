// `npm run quickstart`: from a fresh clone to a trained binary network, with nothing but Node and npm.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { install, root, run } from './pnpm.mjs';

const out = 'runs/quickstart';
const wanted = 0.95;
const started = performance.now();
const say = (text) => process.stdout.write(`\n${text}\n`);

say('1/3 installing');
install();
say('2/3 building the bitgrad command');
run(['turbo', 'run', 'build', '--filter=bitgrad', '--output-logs=errors-only', '--ui=stream']);
const args = [
  'train --model cnn --quantizer ste --backend wasm --data digits',
  '--limit 4000 --test-limit 1000 --epochs 3 --batch 32 --seed 1',
  `--out ${out} --overwrite`,
].join(' ');
say(`3/3 training: bitgrad ${args}`);
const { status, signal } = spawnSync(process.execPath, ['packages/cli/bin/bitgrad.mjs', ...args.split(' ')], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));

const { result } = JSON.parse(readFileSync(resolve(root, out, 'bitgrad.json'), 'utf8'));
const seconds = Math.round((performance.now() - started) / 1000);
say(
  `Done in ${seconds} s. A network with 1-bit weights and activations reads ${(result.testAccuracy * 100).toFixed(1)} % ` +
    `of digits it has never seen.\nNext: pnpm bitgrad eval ${out}, pnpm bitgrad train --help, pnpm bitgrad list`,
);
if (result.testAccuracy < wanted) {
  process.stderr.write(`expected a test accuracy of at least ${wanted}\n`);
  process.exit(1);
}

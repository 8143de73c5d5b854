// `npm run quickstart`: from a fresh clone to a trained binary network in one packed file, checked and timed, with nothing
// but Node and npm.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { install, root, run } from './pnpm.mjs';

const out = 'runs/quickstart';
const file = `${out}/model.bitgrad`;
const wanted = 0.95;
const started = performance.now();
const say = (text) => process.stdout.write(`\n${text}\n`);

/** Runs `bitgrad <args>`; its standard output is shown, or returned as JSON. */
function bitgrad(args, json = false) {
  const { status, signal, stdout } = spawnSync(
    process.execPath,
    ['packages/cli/bin/bitgrad.mjs', ...args.split(' ')],
    { cwd: root, stdio: ['inherit', json ? 'pipe' : 'inherit', 'inherit'], encoding: 'utf8' },
  );
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
  return json ? JSON.parse(stdout.trimEnd().split('\n').at(-1)) : undefined;
}

say('1/5 installing');
install();
say('2/5 building the bitgrad command');
run(['turbo', 'run', 'build', '--filter=bitgrad', '--output-logs=errors-only', '--ui=stream']);
const train = [
  'train --model cnn --quantizer ste --backend wasm --data digits',
  '--limit 4000 --test-limit 1000 --epochs 3 --batch 32 --seed 1',
  `--out ${out} --overwrite`,
].join(' ');
say(`3/5 training: bitgrad ${train}`);
bitgrad(train);
const compile = `compile ${out} -o ${file} --time`;
say(`4/5 compiling, comparing with the trained model, timing: bitgrad ${compile}`);
const packed = bitgrad(`${compile} --json`, true);
const check = `run ${file} --data digits --limit 1000`;
say(`5/5 running the packed file on the test images: bitgrad ${check}`);
const { testAccuracy } = bitgrad(`${check} --json`, true);

const { result } = JSON.parse(readFileSync(resolve(root, out, 'bitgrad.json'), 'utf8'));
const percent = (share) => `${(share * 100).toFixed(1)} %`;
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const rows = [
  ['', 'float32 (tfjs wasm)', `packed (${packed.engine})`, ''],
  [
    'size',
    kilobytes(packed.floatBytes),
    kilobytes(packed.packedBytes),
    `${packed.ratio.toFixed(1)}x smaller`,
  ],
  ['one image', `${packed.floatMs.toFixed(3)} ms`, `${packed.packedMs.toFixed(3)} ms`, `${(packed.floatMs / packed.packedMs).toFixed(1)}x faster`], // prettier-ignore
];
const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i].length)));
say(
  rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()).join('\n'),
);
say(
  `Done in ${Math.round((performance.now() - started) / 1000)} s. A network with 1-bit weights and activations reads ` +
    `${percent(result.testAccuracy)} of digits it has never seen; packed into one file, ${percent(testAccuracy)}, with ` +
    `${percent(packed.agreement)} of ${packed.images} answers equal.\n` +
    `Next: pnpm bitgrad inspect ${file}, pnpm bitgrad bench ${file} --threads 2, pnpm bitgrad --help`,
);
if (result.testAccuracy < wanted || testAccuracy < wanted || packed.agreement < 1) {
  process.stderr.write(`expected test accuracies of at least ${wanted} and an agreement of 1\n`);
  process.exit(1);
}

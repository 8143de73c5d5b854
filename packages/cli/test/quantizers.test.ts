// Every quantizer that the command lists trains by name, stops, and resumes to the same bytes: those with learned
// parameters, with schedules and with wrapped optimizers too. `.ci/run` has all; `npm test` two of each plugin.
import { join } from 'node:path';
import { amount } from '@bitgrad/tooling/endurance';
import { expect, it } from 'vitest';
import { cli, lastLine, listed, read, temporaryFolder } from './run.js';

const { quantizers } = await listed<{ quantizers: { name: string; plugin: string; roles: string[] }[] }>();
const before = (i: number) => quantizers.slice(0, i).filter(({ plugin }) => plugin === quantizers[i]!.plugin);
const tried = amount({ test: quantizers.filter((_, i) => before(i).length < 2), ci: quantizers });
/** As `--quantizer` takes it: what is for inputs only goes with sign weights. */
const specs = tried.map(({ name, roles }) => (roles.includes('kernel') ? name : `ste/${name}`));

it.each(specs)('%s', async (name) => {
  const out = temporaryFolder();
  const args = (folder: string): string[] => [
    ...[
      'train',
      '--model',
      'mlp',
      '--model-options',
      '{"hidden":[16,16]}',
      '--quantizer',
      name,
      '--backend',
      'wasm',
    ],
    ...['--limit', '64', '--test-limit', '32', '--batch', '16', '--epochs', '2', '--lr', '0.01'],
    ...['--out', join(out, folder), '--json'],
  ];
  const whole = await cli(args('whole'));
  expect(whole.code, whole.stderr).toBe(0);
  expect(JSON.parse(lastLine(whole.stdout))).toMatchObject({ finished: true, steps: 8 });
  const controller = new AbortController();
  const stopped = await cli(args('parts'), controller.signal, (text) => {
    if (text.startsWith('epoch 1/2 | loss')) controller.abort('SIGINT');
  });
  expect(stopped.code).toBe(130);
  const resumed = await cli([...args('parts'), '--resume']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(read(out, 'parts', 'weights.bin').equals(read(out, 'whole', 'weights.bin'))).toBe(true);
});

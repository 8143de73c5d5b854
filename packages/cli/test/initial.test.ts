// Runs that begin with the latent weights of the zoo.
import { expect, it } from 'vitest';
import { openRun } from '../src/index.js';
import { cli, temporaryFolder } from './run.js';

const recipe = { model: 'tfc', quantizer: 'fda', data: 'digits', limit: 50, testLimit: 300, epochs: 1, backend: 'wasm' }; // prettier-ignore

it('openRun starts from a model of the zoo: it reads digits before it is trained', async () => {
  const notes: string[] = [];
  const run = await openRun(recipe, { init: 'zoo:mnist-tfc', note: (text) => notes.push(text) });
  expect(notes).toContainEqual(expect.stringMatching(/^(\d+) of \1 weights are taken over$/));
  const tuned = (await run.evaluate())!;
  await run.dispose();
  const fresh = await openRun(recipe);
  const random = (await fresh.evaluate())!;
  await fresh.dispose();
  expect(random.hardened.accuracy).toBeLessThan(0.3);
  expect(tuned.hardened.accuracy).toBeGreaterThan(0.5);
});

it('the command takes zoo:NAME, and says what there is', async () => {
  const args = ['train', '--model', 'tfc', '--data', 'digits', '--limit', '50', '--test-limit', '20', '--epochs', '1', '--backend', 'wasm', '--out', temporaryFolder()]; // prettier-ignore
  const { code, stdout } = await cli([...args, '--init-from', 'zoo:mnist-tfc']);
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/(\d+) of \1 weights are taken over/) }); // prettier-ignore
  const wrong = await cli([...args, '--overwrite', '--init-from', 'zoo:mnist']);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/one of .*mnist-tfc/) });
  const both = openRun(recipe, {
    init: 'zoo:mnist-tfc',
    initial: () => Promise.reject(new Error('not asked')),
  });
  await expect(both).rejects.toThrow(/init and initial/);
});

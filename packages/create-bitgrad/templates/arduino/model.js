// Trains a small network and writes it as C beside the sketch: npm run model.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRun } from 'bitgrad';
import { exportC } from '@bitgrad/export-c';
import { decodeModel } from '@bitgrad/runtime';

/** What is trained. All options: npx bitgrad train --help, in camelCase. */
export const recipe = {
  data: 'digits', // or mnist:data/mnist, audio:words, csv:table.csv
  limit: 4000,
  testLimit: 1000,
  model: 'tfc',
  quantizer: 'fda',
  epochs: 5,
  seed: 1,
};

/** Trains a recipe and writes model.c and model.h into a folder; gives what they need. */
export async function writeModel(recipe, folder) {
  const run = await openRun(recipe);
  await run.train();
  const { bytes } = await run.pack();
  const { testAccuracy } = run.result();
  await run.dispose();
  const { files, arenaBytes } = exportC(decodeModel(bytes), { name: 'model' });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return { testAccuracy, arenaBytes, files: Object.keys(files) };
}

if (process.argv[1] === import.meta.filename) console.log(await writeModel(recipe, 'sketch'));

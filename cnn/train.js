// Trains what recipe.js says, and packs it into one file, which is compared with the trained network first.
import { openRun } from 'bitgrad';
import { file, recipe } from './recipe.js';

/** Trains a recipe into a file; gives the accuracy on test images. */
export async function train(recipe, file, say = console.log) {
  const run = await openRun(recipe);
  await run.train({
    onEvent: (event) => {
      if (event.type !== 'epoch') return;
      say(
        `epoch ${event.epoch + 1}: loss ${event.loss.toFixed(3)}, test accuracy ${event.hardenedTestAccuracy}`,
      );
    },
  });
  const { bytes } = await run.pack(file);
  const { testAccuracy } = run.result();
  await run.dispose();
  say(`${file}: ${bytes.length} bytes, ${(100 * testAccuracy).toFixed(1)} % of test images`);
  return testAccuracy;
}

if (process.argv[1] === import.meta.filename) await train(recipe, file);

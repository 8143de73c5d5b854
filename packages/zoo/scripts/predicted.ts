// Classes that a model says of many pictures.
import type { Model } from '@bitgrad/runtime';

/** @param images uint8, one after the other, as the model takes them @returns the largest output of each */
export async function predictedClasses(
  model: Pick<Model, 'predict' | 'input' | 'output'>,
  images: Uint8Array,
) {
  const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const [size, width] = [count(model.input.shape), count(model.output.shape)];
  const classes = new Uint8Array(images.length / size);
  const some = 250;
  for (let from = 0; from < classes.length; from += some) {
    const outputs = await model.predict(images.subarray(from * size, (from + some) * size));
    for (let row = 0; row * width < outputs.length; row++) {
      const scores = outputs.subarray(row * width, (row + 1) * width);
      classes[from + row] = scores.indexOf(Math.max(...scores));
    }
  }
  return classes;
}

// What is trained. All options: npx bitgrad train --help, in camelCase.
export const recipe = {
  data: 'digits', // or folder:pictures, csv:table.csv, audio:words, mnist:data/mnist
  limit: 4000,
  testLimit: 1000,
  model: 'cnn',
  quantizer: 'ste',
  epochs: 3,
  seed: 1,
};

/** The packed file. */
export const file = 'model.bitgrad';

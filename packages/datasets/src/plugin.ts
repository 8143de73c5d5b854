// The data sets that need no files. Those of folders are in the Node entry. A new one is a file and its name here.
import { definePlugin } from '@bitgrad/core';
import { digits } from './digits/digits.js';

/** The plugin of this entry; `loadDataset` registers it where it is not. */
export const datasetsPlugin = definePlugin({
  name: '@bitgrad/datasets',
  version: '0.0.0',
  datasets: { digits },
});

// The importers of this package. A new one is a file and its name here.
import { definePlugin } from '@bitgrad/core';
import { finn } from './formats/finn.js';
import { keras } from './formats/keras/index.js';
import { onnx } from './formats/onnx/index.js';
import { pytorch } from './formats/pytorch/index.js';

/** The plugin of this package; `importModel` registers it where it is not. */
export const importerPlugin = definePlugin({
  name: '@bitgrad/importer',
  version: '0.0.0',
  importers: { finn, keras, onnx, pytorch },
});

import { defineImporter } from '../../define.js';
import { failure } from '../../fail.js';
import { readOnnx } from './read.js';

/** ONNX and QONNX: Brevitas, FINN, PyTorch and tf2onnx exports. */
export const onnx = defineImporter({
  description: 'ONNX and QONNX files (.onnx): Brevitas, PyTorch and tf2onnx exports',
  accepts: (files) => files.some(({ name }) => name.endsWith('.onnx')),
  read(files, context) {
    const found = files.filter(({ name }) => name.endsWith('.onnx'));
    if (found.length !== 1)
      throw failure('invalid-option', {
        what: 'ONNX files',
        got: found.map(({ name }) => name),
        expected: 'one',
      });
    return readOnnx(found[0]!.bytes, context);
  },
});

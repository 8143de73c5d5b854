// What is passed by mistake is answered by a BitgradError, and options that do not exist are refused.
import { expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';
import * as layers from '../src/layers.js';
import * as node from '../src/node.js';
import { file, tensor } from './support.js';

const files = () => [{ name: 'a.onnx', bytes: file([2], [{ op: 'MatMul', inputs: ['x', 'w'], output: 'y' }], [tensor('w', [2, 2])]) }]; // prettier-ignore
const graph = await exports.readModel(files());
const { model } = exports.packGraph(graph);

it('every exported function works or raises a BitgradError', async () => {
  const failures = await wrongCalls(exports, {
    cases: {
      importModel: { args: () => [files(), { randomSamples: 1 }], options: 1 },
      readModel: { args: () => [files(), {}], options: 1 },
      interpret: { args: () => [graph, [1, 2]] },
      packGraph: { args: () => [graph, { planes: 2 }], options: 1 },
      verifyImport: { args: () => [graph, model, { randomSamples: 1 }, {}], options: 2 },
      writeOnnx: {
        args: () => [
          {
            name: 'a',
            nodes: [],
            tensors: [],
            input: { name: 'x', shape: [1] },
            output: { name: 'x', shape: ['N'] },
          },
        ],
        options: 0,
      },
      exportOnnx: { args: () => [model, { format: 'onnx' }], options: 1 },
      createGraphBuilder: { args: () => [{ nodes: 3 }, exports.sourceOps], options: 0 },
      tensorOf: { args: () => [[2], [1, 2]] },
      defineSourceOp: { args: () => [exports.sourceOps.add], options: 0 },
      elementwise: { args: () => [{ summary: 'x', f: () => Math.abs, lowered: () => [] }], options: 0 },
    },
  });
  expect(failures).toEqual([]);
});

it('so does the entry for Node', async () => {
  expect(
    await wrongCalls(node, { cases: { readFiles: { args: () => ['/nowhere', {}], options: 1 } } }),
  ).toEqual([]);
});

it('so does the entry for training', async () => {
  expect(
    await wrongCalls(layers, { cases: { importLayers: { args: () => [files(), {}], options: 1 } } }),
  ).toEqual([]);
});

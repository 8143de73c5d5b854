// Every reference model, compiled: the engines js, wasm and node-gpu (Dawn) agree.
import { decodeModel, jsEngine } from '@bitgrad/runtime';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { describe, expect, it } from 'vitest';
import { nodeGpuEngine } from '../src/engine/index.js';
import { compiled, inputCount, modelNames } from '@bitgrad/gpu-tests/models';
import { missingDawn } from './support/dawn.js';

const missing = await missingDawn();

describe.each(modelNames)('%s', (name) => {
  it(`js, wasm and node-gpu give the same results for ${inputCount} inputs`, async (context) => {
    const { file, inputs } = await compiled(name, inputCount);
    const model = decodeModel(file);
    const want = (await jsEngine().compile(model)).run(inputs);
    const wasm = await wasmEngine().compile(model);
    expect(wasm.run(inputs)).toStrictEqual(want);
    wasm.dispose();
    if (missing) context.skip(missing);
    const gpu = await nodeGpuEngine({ allowSoftware: true }).compile(model);
    expect(await gpu.runAsync(inputs)).toStrictEqual(want);
    expect(gpu.report().engine).toBe('node-gpu');
    gpu.dispose();
  }, 600_000);
});

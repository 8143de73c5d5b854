// Compares the WebAssembly engine with the JS reference engine.
import { expect } from 'vitest';
import { jsEngine, validateModel, type CompileOptions, type EngineReport } from '@bitgrad/runtime';
import { wasmEngine, type WasmEngineOptions } from '../../../src/engine/index.js';
import type { Case } from './models.js';

/** Expects equal results, bit for bit, and that a second run gives them again; returns the report. */
export async function expectAgreement(
  { model, input }: Case,
  options: WasmEngineOptions = {},
  compile: CompileOptions = {},
): Promise<EngineReport> {
  validateModel(model);
  const reference = await jsEngine().compile(model);
  const expected = reference.run(input);
  const executable = await wasmEngine(options).compile(model, compile);
  try {
    expect(executable.run(input)).toStrictEqual(expected);
    expect(executable.run(input)).toStrictEqual(expected);
    return executable.report();
  } finally {
    executable.dispose();
    reference.dispose();
  }
}

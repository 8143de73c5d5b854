// Compares the WebAssembly engine with the JS reference engine.
import { expect } from 'vitest';
import { noise } from '@bitgrad/testkit/engine';
import {
  dirtyMemory,
  jsEngine,
  validateModel,
  type ExecutableOptions,
  type EngineReport,
} from '@bitgrad/runtime';
import { wasmEngine, type WasmEngineOptions } from '../../../src/engine/index.js';
import type { Case } from './models.js';

/** Expects equal results, bit for bit, on memory full of noise, and again in a second run; returns the report. */
export async function expectAgreement(
  { model, input }: Case,
  options: WasmEngineOptions = {},
  compile: ExecutableOptions = {},
): Promise<EngineReport> {
  validateModel(model);
  const reference = await jsEngine().compile(model);
  const expected = reference.run(input);
  const executable = await wasmEngine(options).compile(model, compile);
  try {
    for (let run = 0; run < 2; run++) {
      executable[dirtyMemory]!(noise);
      expect(executable.run(input)).toStrictEqual(expected);
    }
    return executable.report();
  } finally {
    executable.dispose();
    reference.dispose();
  }
}

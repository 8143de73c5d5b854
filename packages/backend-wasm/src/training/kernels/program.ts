// Elementwise programs as calls of the interpreter in assembly/training/elementwise.ts.
import type { ElementwiseProgram } from '@bitgrad/bits';
import type { Job } from '../job.js';

/** How an input of a program is repeated: not at all, one number for all, a vector along the last axis. */
export const FULL = 0;
export const SCALAR = 1;
export const VECTOR = 2;

/** A program and what it works with, in scratch memory: bytes of each, or where each is. */
type Parts = readonly [code: number, table: number, constants: number, space: number];

/** Bytes of the parts of a program that runs so many times; `space` is that of all threads. */
export const programBytes = (
  job: Job,
  { code, inputs, constants, registers }: ElementwiseProgram,
  runs: number,
): Parts => [
  code.byteLength,
  inputs.length * 8 * runs,
  constants.length * 4,
  job.ask('elementwiseSpace', { registers }) * job.threads,
];

/** What a program is run on. */
export interface ProgramRun {
  /** Addresses of the inputs, and how they are repeated. */
  readonly inputs: readonly number[];
  readonly kinds: readonly number[];
  readonly out: number;
  readonly count: number;
  /** Numbers along the last axis. */
  readonly c: number;
}

/**
 * Writes a program to its places: a function that runs it, as often as `programBytes` was told, while the places are there. Each
 * run has a table of inputs of its own, since it may come later.
 * @param bytes what {@link programBytes} gave
 */
export function loadProgram(
  job: Job,
  program: ElementwiseProgram,
  bytes: Parts,
  [codeAt, tables, constantsAt, space]: Parts,
): (run: ProgramRun) => void {
  const { code, constants, registers, result } = program;
  const { integers, floats } = job.views();
  integers.set(code, codeAt / 4);
  floats.set(constants, constantsAt / 4);
  const own = { space: bytes[3] / job.threads };
  const common = {
    ...{ code: codeAt, steps: code.length / 5, inputCount: program.inputs.length },
    ...{ constants: constantsAt, constantCount: constants.length, registers, result, space },
  };
  let table = tables;
  return ({ inputs, kinds, out, count, c }) => {
    for (let i = 0; i < inputs.length; i++) {
      integers[table / 4 + 2 * i] = inputs[i]!;
      integers[table / 4 + 2 * i + 1] = kinds[i]!;
    }
    const split = { over: 'i', count, grain: kinds.includes(VECTOR) ? c : 64, own } as const;
    job.split('elementwise', split, { ...common, inputs: table, out, c });
    table += inputs.length * 8;
  };
}

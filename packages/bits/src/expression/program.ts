// Expressions as a linear program over registers: what a fused elementwise kernel interprets.
// Register r holds a block of values; registers 0 .. inputs.length-1 are loaded from the inputs at the block's start.
import { BitgradError } from '../errors.js';
import { checkValue, option } from '../options.js';
import { binaryOps, checkExpression, children, unaryOps, type Expression } from './expression.js';

/** Operation codes of {@link ElementwiseProgram.code}: constants and inputs take no instruction of their own. */
export const opcodes: readonly string[] = [...unaryOps, ...binaryOps, 'select'];

const names = option.required(option.list(option.string));

/** A linear elementwise program. */
export interface ElementwiseProgram {
  /** Inputs in register order: input i is in register i. */
  readonly inputs: readonly string[];
  /** Constants: constant j is in register inputs.length + j, for the whole run. */
  readonly constants: readonly number[];
  /**
   * Instructions of 5 integers each: opcode (index in {@link opcodes}), destination register, and three source
   * registers (0 where unused). A destination may equal a source.
   */
  readonly code: Int32Array;
  /** Registers in all. */
  readonly registers: number;
  /** Register that holds the result after the last instruction. */
  readonly result: number;
  /** Identifies equal programs, for caches. */
  readonly key: string;
}

/** An instruction before registers are given out: values are known by the order of their making. */
interface Step {
  readonly opcode: number;
  readonly sources: readonly number[];
  readonly id: number;
}

/** Numbers the values of an expression: inputs first, then each different node at its first visit. */
function numbered(expression: Expression, inputs: readonly string[]) {
  const constants: number[] = [];
  const constantIds: number[] = [];
  const steps: Step[] = [];
  const ids = new Map<string, number>();
  const byNode = new Map<Expression, number>();
  let count = inputs.length;
  const intern = (key: string, create: (id: number) => void): number => {
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, count);
    create(count);
    return count++;
  };
  const visit = (node: Expression): number => {
    const cached = byNode.get(node);
    if (cached !== undefined) return cached;
    checkExpression(node);
    const id = resolve(node);
    byNode.set(node, id);
    return id;
  };
  const resolve = (node: Expression): number => {
    if (node.op === 'input') {
      const at = inputs.indexOf(node.name);
      return at >= 0 ? at : missing(node.name, inputs);
    }
    if (node.op === 'constant')
      return intern(`c${Object.is(node.value, -0) ? '-0' : node.value}`, (id) => {
        constants.push(node.value);
        constantIds.push(id);
      });
    const sources = children(node).map(visit);
    const opcode = opcodes.indexOf(node.op);
    return intern(`${opcode}:${sources.join(',')}`, (id) => void steps.push({ opcode, sources, id }));
  };
  return { resultId: visit(expression), constants, constantIds, steps };
}

/**
 * Linearizes an expression; equal subtrees become one instruction, registers are reused after their last use.
 * @param inputs names in the order of the kernel's tensors; names that the expression does not use are allowed
 */
export function linearize(expression: Expression, inputs: readonly string[]): ElementwiseProgram {
  checkValue('bits', 'inputs of linearize', inputs, names);
  const { resultId, constants, constantIds, steps } = numbered(expression, inputs);

  // Fixed registers for inputs and constants; the others are allocated by liveness.
  const register = new Map<number, number>();
  inputs.forEach((_, i) => register.set(i, i));
  constantIds.forEach((id, j) => register.set(id, inputs.length + j));
  const fixed = inputs.length + constants.length;
  const lastUse = new Map<number, number>();
  steps.forEach((step, at) => step.sources.forEach((id) => lastUse.set(id, at)));
  lastUse.set(resultId, steps.length);
  const free: number[] = [];
  let registers = fixed;
  const code = new Int32Array(steps.length * 5);
  steps.forEach((step, at) => {
    const sources = step.sources.map((id) => register.get(id)!);
    for (const id of new Set(step.sources))
      if (lastUse.get(id) === at && register.get(id)! >= fixed) free.push(register.get(id)!);
    const destination = free.pop() ?? registers++;
    register.set(step.id, destination);
    code.set([step.opcode, destination, sources[0] ?? 0, sources[1] ?? 0, sources[2] ?? 0], at * 5);
  });
  const result = register.get(resultId)!;
  return {
    inputs,
    constants,
    code,
    registers,
    result,
    key: `${inputs.length}|${constants.join(',')}|${code.join(',')}|${result}`,
  };
}

const missing = (name: string, inputs: readonly string[]): never => {
  throw new BitgradError({
    code: 'invalid-option',
    source: 'bits',
    what: `input "${name}" of an expression is missing`,
    got: inputs,
    expected: 'a tensor for each input',
  });
};

// Different optimizers for different variables, such as Bop for binary kernels and Adam for the rest.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, type TrainingClock } from '@bitgrad/core';
import type { RatedOptimizer, ScheduledRate } from './rates.js';
import {
  expectOptimizer,
  gradientList,
  stateMismatch,
  variableNamed,
  type NamedTensor,
  type OptimizerState,
  type StatefulOptimizer,
} from './step-optimizer.js';

/** One case: the optimizer takes the variables that no earlier case took and for which `test` is true. */
export interface OptimizerCase {
  readonly test: (variable: tf.Variable) => boolean;
  readonly optimizer: StatefulOptimizer;
  /** What `test` asks, in words; part of the configuration, so that a resumed run has the same. */
  readonly weights?: string | readonly string[];
}

class CaseOptimizer extends tf.Optimizer implements StatefulOptimizer {
  static readonly className = 'BitgradCaseOptimizer';
  private readonly optimizers: readonly StatefulOptimizer[];

  constructor(
    private readonly cases: readonly OptimizerCase[],
    rest: StatefulOptimizer,
  ) {
    super();
    this.optimizers = [...cases.map(({ optimizer }) => optimizer), rest];
  }

  private ownerOf(variable: tf.Variable): number {
    const found = this.cases.findIndex(({ test }) => test(variable));
    return found < 0 ? this.cases.length : found;
  }

  /** The learning rate of the optimizer of the rest; setting it sets that of all. */
  get learningRate(): number {
    return (this.optimizers.at(-1) as unknown as { learningRate?: number }).learningRate ?? 0;
  }

  set learningRate(value: number) {
    for (const optimizer of this.optimizers)
      (optimizer as unknown as { learningRate: number }).learningRate = value;
  }

  rated(): readonly RatedOptimizer[] {
    return this.optimizers.flatMap((optimizer) => optimizer.rated?.() ?? []);
  }

  beginStep(clock: TrainingClock, scheduled?: ScheduledRate): void {
    this.optimizers.forEach((optimizer) => optimizer.beginStep(clock, scheduled));
  }

  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    this.incrementIterations();
    const parts: NamedTensor[][] = this.optimizers.map(() => []);
    for (const gradient of gradientList(gradients))
      parts[this.ownerOf(variableNamed(gradient.name))]!.push(gradient);
    this.optimizers.forEach((optimizer, i) => parts[i]!.length > 0 && optimizer.applyGradients(parts[i]!));
  }

  private variablesOf(owner: number, variables: readonly tf.Variable[]): tf.Variable[] {
    return variables.filter((variable) => this.ownerOf(variable) === owner);
  }

  slotsOf(variable: tf.Variable): readonly tf.Tensor[] {
    return this.optimizers[this.ownerOf(variable)]!.slotsOf?.(variable) ?? [];
  }

  async exportState(variables: readonly tf.Variable[]): Promise<OptimizerState> {
    const children = this.optimizers.map((optimizer, i) =>
      optimizer.exportState(this.variablesOf(i, variables)),
    );
    return { name: 'case', iterations: this.iterations, slots: [], children: await Promise.all(children) };
  }

  importState(variables: readonly tf.Variable[], state: OptimizerState): void {
    if (state.name !== 'case' || state.children.length !== this.optimizers.length)
      throw stateMismatch(
        'saved optimizer',
        `${state.name} of ${state.children.length}`,
        `case of ${this.optimizers.length}`,
      );
    this.optimizers.forEach((optimizer, i) =>
      optimizer.importState(this.variablesOf(i, variables), state.children[i]!),
    );
    this.iterations_ = state.iterations;
  }

  override getConfig() {
    const cases = this.cases.map(({ optimizer, weights }) => ({
      ...optimizer.getConfig(),
      ...(weights !== undefined && { weights: [weights].flat() }),
    }));
    return { name: 'case', cases, rest: this.optimizers.at(-1)!.getConfig() };
  }

  override dispose(): void {
    this.optimizers.forEach((optimizer) => optimizer.dispose());
  }
}

/**
 * An optimizer that gives each variable to the first case whose test it passes, else to `rest`. The tests must be
 * pure: they are asked again at each step. Each optimizer keeps its own learning rate, which the trainer's schedule scales.
 * @throws BitgradError `invalid-option`
 */
export function caseOptimizer(cases: readonly OptimizerCase[], rest: StatefulOptimizer): StatefulOptimizer {
  const list: unknown = cases;
  if (
    !Array.isArray(list) ||
    !list.every((each) => typeof (each as Partial<OptimizerCase>)?.test === 'function')
  )
    throw new BitgradError({
      code: 'invalid-option',
      source: 'training',
      what: 'cases of caseOptimizer',
      got: list,
      expected: 'a list of { test, optimizer }',
    });
  [...cases.map(({ optimizer }) => optimizer), rest].forEach((each) =>
    expectOptimizer('caseOptimizer', each),
  );
  return new CaseOptimizer(cases, rest);
}

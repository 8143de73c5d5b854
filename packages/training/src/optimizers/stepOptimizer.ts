// The base of bitgrad's optimizers: tf.Optimizer subclasses (so that model.compile takes them) whose whole state can be
// read and written back exactly. tfjs's own Adam keeps accumulated betas that it recomputes when it is loaded, so a
// resumed run would differ; here the step count is the state, and everything else follows from it in float64.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, type JsonObject, type TrainingClock } from '@bitgrad/core';

/** A gradient or a weight with its variable's name (tfjs-core uses this type without exporting it). */
export interface NamedTensor {
  name: string;
  tensor: tf.Tensor;
}

/** The state of an optimizer for a list of variables, in their order; float32 values as they are on the backend. */
export interface OptimizerState {
  /** Class of the optimizer: `adam`, `sgd`, `bop`, `case`. */
  readonly name: string;
  /** Steps done. */
  readonly iterations: number;
  /** For each variable its slots (Adam: m, v), or null when it has none yet or belongs to another optimizer. */
  readonly slots: readonly (readonly Float32Array[] | null)[];
  /** States of the optimizers of a case optimizer, in order. */
  readonly children: readonly OptimizerState[];
}

/** An optimizer that the trainer can drive, save and restore. */
export interface StatefulOptimizer extends tf.Optimizer {
  /** Called before each step: takes the learning rate and whatever else the optimizer schedules. */
  beginStep(clock: TrainingClock): void;
  exportState(variables: readonly tf.Variable[]): Promise<OptimizerState>;
  /** @throws BitgradError `incompatible` when the state belongs to another kind of optimizer or other shapes */
  importState(variables: readonly tf.Variable[], state: OptimizerState): void;
}

/** The error of a state that does not fit. */
export const stateMismatch = (what: string, got: unknown, expected: string): BitgradError =>
  new BitgradError({
    code: 'incompatible',
    source: 'training',
    what,
    got,
    expected,
    next: 'Resume with the optimizer and the model that the state was saved with.',
  });

/** Gradients in either form that tfjs passes, as a list; those that are missing are left out. */
export const gradientList = (gradients: tf.NamedTensorMap | NamedTensor[]): NamedTensor[] =>
  (Array.isArray(gradients)
    ? gradients
    : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }))
  ).filter(({ tensor }) => tensor !== null && tensor !== undefined);

/** The variable of a name; tfjs hands optimizers names only. */
export const variableNamed = (name: string): tf.Variable => {
  const variable = tf.engine().registeredVariables[name];
  if (!variable)
    throw new BitgradError({
      code: 'invalid-state',
      source: 'training',
      what: 'gradient of a variable that does not exist (any more)',
      got: name,
    });
  return variable;
};

/** An optimizer with a list of slot tensors for each variable and one update rule. */
export abstract class StepOptimizer extends tf.Optimizer implements StatefulOptimizer {
  /** Name of the kind, in saved states. */
  protected abstract readonly kind: string;
  /** How many tensors of the variable's shape the rule keeps. */
  protected abstract readonly slotCount: number;
  /** The learning rate of the next step; a schedule may set it before each. */
  learningRate: number;
  private readonly slots = new Map<string, tf.Tensor[]>();

  constructor(learningRate: number) {
    super();
    this.learningRate = learningRate;
  }

  /** The rule: new tensors, the value first, then the slots; `t` counts steps from 1. */
  protected abstract update(
    value: tf.Tensor,
    gradient: tf.Tensor,
    slots: readonly tf.Tensor[],
    t: number,
  ): tf.Tensor[];

  /** What a variable's value becomes before its first update. Default: what it is. */
  protected start(value: tf.Tensor): tf.Tensor {
    return value;
  }

  beginStep(clock: TrainingClock): void {
    this.learningRate = clock.learningRate;
  }

  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    this.incrementIterations();
    for (const { name, tensor } of gradientList(gradients)) {
      const variable = variableNamed(name);
      const before = this.slots.get(name);
      const [value, ...after] = tf.tidy(() => {
        const slots = before ?? Array.from({ length: this.slotCount }, () => tf.zerosLike(variable));
        const from = before ? variable : this.start(variable);
        return this.update(from, tensor, slots, this.iterations);
      });
      variable.assign(value!);
      tf.dispose([value!, ...(before ?? [])]);
      this.slots.set(
        name,
        after.map((slot) => tf.keep(slot)),
      );
    }
  }

  async exportState(variables: readonly tf.Variable[]): Promise<OptimizerState> {
    const read = async (tensor: tf.Tensor) => Float32Array.from(await tensor.data());
    const slots = variables.map(async ({ name }) => {
      const tensors = this.slots.get(name);
      return tensors ? Promise.all(tensors.map(read)) : null;
    });
    return { name: this.kind, iterations: this.iterations, slots: await Promise.all(slots), children: [] };
  }

  importState(variables: readonly tf.Variable[], state: OptimizerState): void {
    if (state.name !== this.kind) throw stateMismatch('kind of a saved optimizer', state.name, this.kind);
    if (state.slots.length !== variables.length)
      throw stateMismatch('variables of a saved optimizer', state.slots.length, String(variables.length));
    state.slots.forEach((slots, i) => {
      const fits =
        !slots || (slots.length === this.slotCount && slots.every((s) => s.length === variables[i]!.size));
      if (!fits)
        throw stateMismatch(
          `slots of variable ${i} of a saved optimizer`,
          slots.map((s) => s.length),
          `${this.slotCount} of ${variables[i]!.size} values`,
        );
    });
    this.clearSlots();
    this.iterations_ = state.iterations;
    state.slots.forEach((slots, i) => {
      const { name, shape } = variables[i]!;
      if (slots)
        this.slots.set(
          name,
          slots.map((values) => tf.keep(tf.tensor(Float32Array.from(values), shape))),
        );
    });
  }

  /** In the form of tfjs: the step count, then each variable's slots; copies that the caller disposes. */
  override async getWeights(): Promise<NamedTensor[]> {
    const slots = [...this.slots].flatMap(([name, tensors]) =>
      tensors.map((tensor, i) => ({ name: `${name}/${this.kind}_${i}`, tensor: tf.clone(tensor) })),
    );
    return [await this.saveIterations(), ...slots];
  }

  override async setWeights(weights: NamedTensor[]): Promise<void> {
    const rest = await this.extractIterations(weights);
    this.clearSlots();
    for (const { name, tensor } of rest) {
      const variable = name.slice(0, name.lastIndexOf('/'));
      this.slots.set(variable, [...(this.slots.get(variable) ?? []), tf.keep(tf.clone(tensor))]);
    }
  }

  /** Plain JSON: rebuilds the optimizer with `createOptimizer`. */
  abstract override getConfig(): JsonObject & tf.serialization.ConfigDict;

  override dispose(): void {
    this.clearSlots();
  }

  private clearSlots(): void {
    for (const tensors of this.slots.values()) tf.dispose(tensors);
    this.slots.clear();
  }
}

// The base of bitgrad's optimizers: tf.Optimizer subclasses (so that model.compile takes them) whose whole state can be
// read and written back exactly. tfjs's own Adam keeps accumulated betas that it recomputes when it is loaded, so a
// resumed run would differ; here the step count is the state, and everything else follows from it in float64.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, checkValue, option, type JsonObject, type TrainingClock } from '@bitgrad/core';
import { defaultRates, type RatedOptimizer, type ScheduledRate } from './rates.js';

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
  /**
   * Called before each step: takes the learning rate and whatever else the optimizer schedules.
   * @param scheduled gives the rate of this step for a base rate; an optimizer without a base rate of its own takes the
   *   clock's
   */
  beginStep(clock: TrainingClock, scheduled?: ScheduledRate): void;
  /** The optimizers inside that have a learning rate, that of the rest of the weights last. Default: none says so. */
  rated?(): readonly RatedOptimizer[];
  /** The state of a variable, for checks; owned by the optimizer. Default: not looked at. */
  slotsOf?(variable: tf.Variable): readonly tf.Tensor[];
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

const methods = ['applyGradients', 'beginStep', 'exportState', 'importState', 'getConfig'] as const;

/** Whether something is an optimizer of TensorFlow.js, ours or not. */
export const isOptimizer = (x: unknown): x is tf.Optimizer =>
  typeof x === 'object' && x !== null && typeof (x as tf.Optimizer).applyGradients === 'function';

/** @throws BitgradError `invalid-option` for what is no optimizer whose state can be saved */
export function expectOptimizer(owner: string, optimizer: unknown): asserts optimizer is StatefulOptimizer {
  const missing = isOptimizer(optimizer)
    ? methods.filter((name) => typeof (optimizer as StatefulOptimizer)[name] !== 'function')
    : methods;
  if (missing.length > 0)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'training',
      what: `optimizer given to ${owner}`,
      got: isOptimizer(optimizer) ? `an optimizer without ${missing.join(', ')}` : (optimizer ?? 'nothing'),
      expected: 'adam(...), sgd(...), bop(...) or caseOptimizer(...) of @bitgrad/training',
      next: isOptimizer(optimizer)
        ? 'Those of TensorFlow.js cannot be saved and resumed exactly; use them with model.fit.'
        : undefined,
    });
}

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

/** What an update is made of; all of the variable's shape. */
export interface VariableUpdate {
  readonly value: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly slots: readonly tf.Tensor[];
}

/** Numbers of variables that are updated at once, at most, unless one has more: their old tensors are held meanwhile. */
const GROUP = 1 << 18;

/** Neighbours in a list with at most {@link GROUP} numbers together. */
function groups<T extends { readonly variable: tf.Variable }>(list: readonly T[]): T[][] {
  const all: T[][] = [];
  let room = 0;
  for (const each of list) {
    const { size } = each.variable;
    if (all.length === 0 || size > room) {
      all.push([]);
      room = GROUP;
    }
    all.at(-1)!.push(each);
    room -= size;
  }
  return all;
}

/** An optimizer with a list of slot tensors for each variable and one update rule. */
export abstract class StepOptimizer extends tf.Optimizer implements StatefulOptimizer {
  /** Name of the kind, in saved states. */
  protected abstract readonly kind: string;
  /** How many tensors of the variable's shape the rule keeps. */
  protected abstract readonly slotCount: number;
  ownRate: number | undefined;
  private readonly slots = new Map<string, tf.Tensor[]>();
  /** What schedules scale. */
  private base: number;
  private rate: number;

  /** @param learningRate undefined: the trainer's, or the default */
  constructor(
    learningRate: number | undefined,
    readonly defaultRate: number = defaultRates.adam,
  ) {
    super();
    this.ownRate = learningRate;
    this.base = this.rate = learningRate ?? defaultRate;
  }

  /** The learning rate of the next update. Setting it sets the base rate, which schedules scale. */
  get learningRate(): number {
    return this.rate;
  }

  set learningRate(value: number) {
    checkValue('training', `learningRate of ${this.kind}`, value, option.number(0));
    this.ownRate = value;
    this.settleRate(value);
  }

  /** The learning rate that schedules scale. */
  get baseRate(): number {
    return this.base;
  }

  settleRate(rate: number): void {
    this.base = this.rate = rate;
  }

  rated(): readonly RatedOptimizer[] {
    return [this];
  }

  /** The rule: new tensors, the value first, then the slots; `t` counts steps from 1. */
  protected abstract update(
    value: tf.Tensor,
    gradient: tf.Tensor,
    slots: readonly tf.Tensor[],
    t: number,
  ): tf.Tensor[];

  /** The rule for variables of one step, in their order; default: one after another. */
  protected updateAll(variables: readonly VariableUpdate[], t: number): tf.Tensor[][] {
    return variables.map(({ value, gradient, slots }) => this.update(value, gradient, slots, t));
  }

  /** What a variable's value becomes before its first update. Default: what it is. */
  protected start(value: tf.Tensor): tf.Tensor {
    return value;
  }

  beginStep(clock: TrainingClock, scheduled?: ScheduledRate): void {
    this.rate = scheduled ? scheduled(this.base) : clock.learningRate;
  }

  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    this.incrementIterations();
    const all = gradientList(gradients).map(({ name, tensor }) => ({
      variable: variableNamed(name),
      tensor,
    }));
    for (const group of groups(all)) {
      const updated = tf.tidy(() =>
        this.updateAll(
          group.map(({ variable, tensor }) => this.updateOf(variable, tensor)),
          this.iterations,
        ),
      );
      group.forEach(({ variable }, i) => {
        const [value, ...after] = updated[i]!;
        variable.assign(value!);
        tf.dispose([value!, ...(this.slots.get(variable.name) ?? [])]);
        this.slots.set(
          variable.name,
          after.map((slot) => tf.keep(slot)),
        );
      });
    }
  }

  private updateOf(variable: tf.Variable, gradient: tf.Tensor): VariableUpdate {
    const slots = this.slots.get(variable.name);
    if (slots) return { value: variable, gradient, slots };
    const zeros = Array.from({ length: this.slotCount }, () => tf.zerosLike(variable));
    return { value: this.start(variable), gradient, slots: zeros };
  }

  slotsOf({ name }: tf.Variable): readonly tf.Tensor[] {
    return this.slots.get(name) ?? [];
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
      const [, variable, index] = /^(.*)\/[^/]+_(\d+)$/.exec(name) ?? [];
      if (variable === undefined || Number(index) >= this.slotCount)
        throw stateMismatch('name of a saved slot', name, `"<variable>/${this.kind}_<number>"`);
      const slots = this.slots.get(variable) ?? [];
      slots[Number(index)] = tf.keep(tf.clone(tensor));
      this.slots.set(variable, slots);
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

/** An optimizer whose rule takes the variables of a step at once. */
export abstract class BatchOptimizer extends StepOptimizer {
  protected abstract override updateAll(variables: readonly VariableUpdate[], t: number): tf.Tensor[][];

  protected update(
    value: tf.Tensor,
    gradient: tf.Tensor,
    slots: readonly tf.Tensor[],
    t: number,
  ): tf.Tensor[] {
    return this.updateAll([{ value, gradient, slots }], t)[0]!;
  }
}

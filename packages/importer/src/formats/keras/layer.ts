// A layer of a Keras model under translation: what it may ask of its options, its weights and the graph.
import { option, type OptionRule } from '@bitgrad/bits';
import type { GraphBuilder } from '../../builder.js';
import { check, unsupported } from '../../fail.js';
import { tensorOf, type Sizes, type SourceNode, type Tensor } from '../../graph.js';
import type { LayerConfig } from './config.js';

/** The options of a layer. */
export interface LayerOptions {
  readonly name: string;
  readonly kind: string;
  /** Major version of the Keras that wrote the file. */
  readonly version: number;
  /** An option of its configuration; null and absent ones are the fallback. Options that nothing asks for are an error. */
  read<T>(option: string, rule: OptionRule, fallback: T): T;
  /** A size for each of `count` axes: a list, or one for all of them. */
  sizes(option: string, count: number, fallback: number): number[];
  fail(what: string, next: string): never;
}

/** A layer under translation. */
export interface KerasLayer extends LayerOptions {
  /** Names of the values that it takes. */
  readonly inputs: readonly string[];
  readonly weights: readonly Tensor[];
  shape(value?: string): Sizes;
  /** The tensor of a constant. */
  tensor(value: string): Tensor;
  /** Appends a node of the source graph; returns its output. */
  emit(op: string, inputs: readonly string[], attributes?: SourceNode['attributes']): string;
  constant(value: number | Tensor): string;
  /** Weight `i` as a value. @throws BitgradError for one that the file does not have, or of another shape */
  weight(i: number, what: string, shape: readonly (number | undefined)[]): string;
}

/** How a layer becomes nodes of the source graph; returns the name of its output. */
export type Translation = (layer: KerasLayer) => string;

/** What has no part in inference. */
const ignored =
  /^(name|trainable|dtype|batch_input_shape|batch_shape|input_dim|input_dtype|seed|noise_shape|synchronized|fused|.*_(initializer|regularizer|constraint)|momentum|renorm.*|metrics|.*_lr_multiplier)$/;

/** Calls back with the options of a layer. @throws BitgradError for one that the callback has not asked for */
export function withOptions<T>(
  { name, kind, config }: LayerConfig,
  version: number,
  use: (options: LayerOptions) => T,
): T {
  const known = new Set<string>();
  const fail = (what: string, next: string): never => unsupported({ name, op: kind }, what, next);
  const options: LayerOptions = {
    name,
    kind,
    version,
    fail,
    read<V>(key: string, rule: OptionRule, fallback: V): V {
      known.add(key);
      const value = Object.hasOwn(config, key) ? config[key] : undefined;
      if (value === undefined || value === null) return fallback;
      check(rule.allows(value), `option "${key}" of layer "${name}" (${kind})`, value, rule.expected);
      return value as V;
    },
    sizes(key, count, fallback) {
      const size = option.integer(1, 65535);
      const given = options.read<number | number[]>(key, option.either(size, option.list(size, count)), fallback); // prettier-ignore
      const list = typeof given === 'number' ? Array<number>(count).fill(given) : given;
      check(list.length === count, `option "${key}" of layer "${name}" (${kind})`, list, `${count} sizes`);
      return list;
    },
  };
  const result = use(options);
  const other = Object.keys(config).find((key) => !known.has(key) && !ignored.test(key) && config[key] !== null && config[key] !== undefined); // prettier-ignore
  if (other !== undefined)
    fail(`has the option "${other}", which is not known`, `Save the layer without it, or offer an importer of your own; known: ${[...known].join(', ')}.`); // prettier-ignore
  return result;
}

/** Writes one layer. */
export function translateLayer(
  config: LayerConfig,
  builder: GraphBuilder,
  from: Pick<KerasLayer, 'inputs' | 'weights' | 'version'>,
  translation: Translation,
): string {
  const { name, kind } = config;
  let [nodes, used] = [0, 0];
  return withOptions(config, from.version, (options) => {
    const layer: KerasLayer = {
      ...options,
      ...from,
      shape: (value = from.inputs[0]) => builder.shapeOf(value ?? options.fail('takes nothing', 'Mend the file.')), // prettier-ignore
      tensor: (value) =>
        builder.constantOf(value) ?? options.fail('computes its kernel', 'Store the kernel.'),
      emit(op, inputs, attributes = {}) {
        const output = `${name}/${nodes++}`;
        builder.node({ name, op, inputs, output, attributes });
        return output;
      },
      constant(value) {
        const output = `${name}/${nodes++}`;
        builder.constant(output, typeof value === 'number' ? tensorOf([], [value]) : value);
        return output;
      },
      weight(i, what, shape) {
        const tensor = from.weights[i];
        used = Math.max(used, i + 1);
        const fits = tensor?.shape.length === shape.length && shape.every((n, k) => n === undefined || n === tensor.shape[k]); // prettier-ignore
        check(fits, `${what} of layer "${name}" (${kind})`, tensor?.shape, `shape [${shape.map((n) => n ?? 'any').join(', ')}]`); // prettier-ignore
        return layer.constant(tensor!);
      },
    };
    const output = translation(layer);
    check(used === from.weights.length, `weights of layer "${name}" (${kind})`, from.weights.length, String(used)); // prettier-ignore
    return output;
  });
}

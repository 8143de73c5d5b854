// Architectures as Keras writes them in JSON, of versions 2 and 3: layers with the names of those that they are called on.
import { checkValue, option } from '@bitgrad/bits';
import { check, unsupported } from '../../fail.js';
import type { ImportLimits } from '../../limits.js';

/** One layer. */
export interface LayerConfig {
  readonly name: string;
  /** The class, without the package that it is registered in: `QuantConv2D` of `Larq>QuantConv2D`. */
  readonly kind: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers whose outputs it takes, in order. */
  readonly inputs: readonly string[];
}

/** A model of one input and one output, in an order in which it can run. */
export interface ModelConfig {
  readonly name: string;
  /** In the order of the file, which weights are stored in. */
  readonly layers: readonly LayerConfig[];
  /** The same, sorted so that each layer follows its inputs. */
  readonly order: readonly LayerConfig[];
  readonly output: string;
  /** Whether Keras 3 wrote it. */
  readonly version: number;
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);

/** The name of a class or function without its package: Larq's own is `Larq`. */
export const bareName = (name: string): string => name.slice(name.lastIndexOf('>') + 1);

function parse(text: string): Json {
  let json: unknown;
  try {
    json = JSON.parse(text);
    // Some tools write the JSON of `to_json()` as a string once more.
    if (typeof json === 'string') json = JSON.parse(json);
  } catch (cause) {
    check(false, 'architecture', cause instanceof Error ? cause.message : cause, 'JSON as Keras writes it');
  }
  check(isObject(json) && typeof json.class_name === 'string', 'architecture', json, 'an object with class_name and config'); // prettier-ignore
  return json;
}

/** References to other layers in `inbound_nodes`: [name, node, tensor, ...] of Keras 2, tensors with a history of Keras 3. */
function references(value: unknown, name: string, depth = 0): string[] {
  check(depth < 8, `inputs of layer "${name}"`, 'deeper nesting', 'at most 8 lists within lists');
  if (isObject(value)) {
    if (value.class_name !== '__keras_tensor__') return Object.values(value).flatMap((v) => references(v, name, depth + 1)); // prettier-ignore
    return references((value.config as Json | undefined)?.keras_history, name, depth + 1);
  }
  if (!Array.isArray(value)) return [];
  const [from, node, tensor] = value as unknown[];
  if (typeof from !== 'string' || typeof node !== 'number') return value.flatMap((v) => references(v, name, depth + 1)); // prettier-ignore
  if (node !== 0 || tensor !== 0)
    unsupported({ name, op: 'call' }, `takes call ${node}, output ${String(tensor)}, of "${from}"`, 'Give each call a layer of its own.'); // prettier-ignore
  return [from];
}

const named = (v: unknown): Json => {
  check(isObject(v) && typeof v.class_name === 'string' && isObject(v.config), 'layer', v, 'an object with class_name and config'); // prettier-ignore
  return v;
};

function layerOf(value: unknown, index: number, previous: string | undefined): LayerConfig {
  const layer = named(value);
  const config = layer.config as Json;
  const kind = bareName(layer.class_name as string);
  const name = config.name ?? layer.name ?? `${kind}_${index}`;
  check(typeof name === 'string', `name of layer ${index}`, name, 'text');
  if (previous !== undefined) return { name, kind, config, inputs: previous === '' ? [] : [previous] };
  const calls = layer.inbound_nodes ?? [];
  check(Array.isArray(calls), `inbound_nodes of layer "${name}"`, calls, 'a list');
  if (calls.length > 1) unsupported({ name, op: kind }, `is called ${calls.length} times`, 'Give each call a layer of its own.'); // prettier-ignore
  return { name, kind, config, inputs: references(calls, name) };
}

/** The layers so that each follows those it takes. */
function sorted(layers: readonly LayerConfig[]): LayerConfig[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  check(byName.size === layers.length, 'names of the layers', layers.map(({ name }) => name), 'a name for each'); // prettier-ignore
  const waiting = new Map(layers.map(({ name, inputs }) => [name, inputs.length]));
  const users = new Map<string, string[]>();
  for (const { name, inputs } of layers)
    for (const input of inputs) {
      check(byName.has(input), `input of layer "${name}"`, input, 'a layer of the model');
      users.set(input, [...(users.get(input) ?? []), name]);
    }
  const order = layers.filter(({ inputs }) => inputs.length === 0);
  for (const { name } of order)
    for (const user of users.get(name) ?? []) {
      const left = waiting.get(user)! - 1;
      waiting.set(user, left);
      if (left === 0) order.push(byName.get(user)!);
    }
  check(order.length === layers.length, 'order of the layers', 'a circle', 'layers that follow their inputs');
  return order;
}

const single = (value: unknown, what: string): string => {
  const names = references(value, what);
  check(names.length === 1, `${what} of the model`, names, 'one', 'unsupported-op');
  return names[0]!;
};

/** @throws BitgradError that names the layer */
export function readConfig(text: string, limits: ImportLimits): ModelConfig {
  const json = parse(text);
  const kind = bareName(json.class_name as string);
  const own = json.config;
  const config = isObject(own) ? own : {};
  const list = Array.isArray(own) ? own : config.layers;
  checkValue('importer', 'layers of the model', list, option.required(option.list(option.object, 1)));
  const values = list as readonly unknown[];
  check(values.length <= limits.nodes, 'layers', values.length, `at most ${limits.nodes}`, 'limit-exceeded');
  const written = json.keras_version ?? (json.module !== undefined || 'build_config' in json ? '3' : '2');
  const version = Number(/^\d+/.exec(typeof written === 'string' ? written : '')?.[0] ?? 2);
  const name = typeof config.name === 'string' ? config.name : '';
  if (kind === 'Sequential') {
    const layers: LayerConfig[] = [];
    for (const [i, value] of values.entries()) layers.push(layerOf(value, i, layers.at(-1)?.name ?? ''));
    return { name, layers, order: layers, output: layers.at(-1)!.name, version };
  }
  if (!['Functional', 'Model'].includes(kind))
    unsupported({ name: name || kind, op: kind }, 'is a model class of its own', 'Save it as a functional or sequential model.'); // prettier-ignore
  const layers = values.map((value, i) => layerOf(value, i, undefined));
  single(config.input_layers, 'input_layers');
  return { name, layers, order: sorted(layers), output: single(config.output_layers, 'output_layers'), version }; // prettier-ignore
}

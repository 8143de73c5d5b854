// Makes the frozen plain objects of the contracts, checked for shape when they are made.
import { BitgradError, nearestName } from '@bitgrad/bits';
import type { Definition } from './contracts/definition.js';
import type { ForwardQuantizer } from './contracts/forward.js';
import type { Plugin } from './contracts/plugin.js';
import type { Quantizer, QuantizerCapabilities } from './contracts/quantizer.js';
import type { SurrogateGradient } from './contracts/surrogate.js';
import { constantSchedule } from './schedules.js';

const fail = (what: string, got: unknown, expected: string): never => {
  throw new BitgradError({ code: 'invalid-plugin', source: 'core', what, got, expected });
};

const isObject = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && !Array.isArray(x);

const checkObject = (what: string, x: unknown): void => {
  if (!isObject(x)) fail(what, x === undefined ? 'nothing' : x, 'an object');
};

/** Refuses members that nobody would look at: most are misspelled. */
function checkMembers(what: string, x: object, known: readonly string[]): void {
  const unknown = Object.keys(x).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  throw new BitgradError({
    code: 'invalid-plugin',
    source: 'core',
    what: `${what} has no member "${unknown}"`,
    expected: `one of ${known.join(', ')}`,
    next: nearest === undefined ? undefined : `Did you mean "${nearest}"?`,
  });
}

/** Every name of `T`; the compiler sees that none is left out. */
const namesOf = <T>(names: Readonly<Record<keyof Required<T>, true>>): readonly string[] =>
  Object.keys(names);

const surrogateMembers = namesOf<SurrogateGradient>({
  kind: true,
  name: true,
  options: true,
  formula: true,
  expression: true,
  derivative: true,
  statistics: true,
  breakpoints: true,
});
const forwardMembers = namesOf<ForwardQuantizer>({
  kind: true,
  name: true,
  options: true,
  alphabet: true,
  levels: true,
  soft: true,
  formula: true,
  hardFormula: true,
  expression: true,
  forward: true,
  hardExpression: true,
  harden: true,
  statistics: true,
  prepare: true,
  scale: true,
  jumps: true,
  breakpoints: true,
});
const quantizerMembers = namesOf<Quantizer>({
  kind: true,
  name: true,
  options: true,
  forward: true,
  surrogate: true,
  schedule: true,
  capabilities: true,
  description: true,
  certificate: true,
  parameters: true,
  augment: true,
  companion: true,
  wrapOptimizer: true,
});
const capabilityNames = namesOf<QuantizerCapabilities>({
  roles: true,
  needsClock: true,
  hasParameters: true,
});

const checkName = (what: string, name: unknown): void => {
  // "++" and a trailing "+" are part of the field's names (bnn+, bnn++).
  if (typeof name !== 'string' || !/^[a-z0-9]+(-[a-z0-9]+)*\+{0,2}$/.test(name))
    fail(`name of ${what}`, name, 'a kebab-case name such as "my-sign"');
};

/** True for what JSON gives back as it was; a member that is undefined counts as absent. */
const isJson = (x: unknown): boolean => {
  if (x === null || typeof x === 'string' || typeof x === 'boolean') return true;
  if (typeof x === 'number') return Number.isFinite(x);
  if (Array.isArray(x)) return x.every(isJson);
  const plain = isObject(x) && [Object.prototype, null].includes(Object.getPrototypeOf(x) as never);
  return plain && Object.values(x).every((value) => value === undefined || isJson(value));
};

const checkJson = (what: string, options: unknown): void => {
  if (!isObject(options) || !isJson(options)) fail(`options of ${what}`, options, 'a plain JSON object');
};

/** @throws BitgradError `invalid-plugin` when a required member is missing, or there is an unknown one */
export function defineSurrogate(surrogate: Omit<SurrogateGradient, 'kind'>): SurrogateGradient {
  checkObject('a surrogate', surrogate);
  checkName('a surrogate', surrogate.name);
  const what = `surrogate "${surrogate.name}"`;
  checkMembers(what, surrogate, surrogateMembers);
  checkJson(what, surrogate.options);
  if (typeof surrogate.formula !== 'function')
    fail(`${what}: formula`, surrogate.formula, 'a function (x, scalars)');
  if (!surrogate.expression && !surrogate.derivative)
    fail(`${what}`, Object.keys(surrogate), 'an expression or a derivative');
  return Object.freeze({ kind: 'surrogate' as const, ...surrogate });
}

/** @throws BitgradError `invalid-plugin` when a required member is missing, or there is an unknown one */
export function defineForward(forward: Omit<ForwardQuantizer, 'kind'>): ForwardQuantizer {
  checkObject('a forward quantizer', forward);
  checkName('a forward quantizer', forward.name);
  const what = `forward "${forward.name}"`;
  checkMembers(what, forward, forwardMembers);
  checkJson(what, forward.options);
  if (typeof forward.formula !== 'function')
    fail(`${what}: formula`, forward.formula, 'a function (x, scalars)');
  if (!forward.expression && !forward.forward) fail(what, Object.keys(forward), 'an expression or a forward');
  if (forward.soft && !forward.hardExpression && !forward.harden)
    fail(what, Object.keys(forward), 'hardExpression or harden, because it is soft');
  if (!Array.isArray(forward.levels) || forward.levels.length < 2)
    fail(`${what}: levels`, forward.levels, 'at least two numbers, ascending');
  return Object.freeze({ kind: 'forward' as const, ...forward });
}

/** What a quantizer needs beyond its two halves; the rest has defaults. */
export type QuantizerDefinition = Omit<Quantizer, 'kind' | 'schedule' | 'capabilities'> &
  Partial<Pick<Quantizer, 'schedule'>> & { capabilities?: Partial<QuantizerCapabilities> };

/** @throws BitgradError `invalid-plugin` when a required member is missing, or there is an unknown one */
export function defineQuantizer(definition: QuantizerDefinition): Quantizer {
  checkObject('a quantizer', definition);
  checkName('a quantizer', definition.name);
  const what = `quantizer "${definition.name}"`;
  checkMembers(what, definition, quantizerMembers);
  checkMembers(`capabilities of ${what}`, definition.capabilities ?? {}, capabilityNames);
  checkJson(what, definition.options);
  if (definition.forward?.kind !== 'forward')
    fail(`${what}: forward`, definition.forward, 'made by defineForward');
  if (definition.surrogate?.kind !== 'surrogate')
    fail(`${what}: surrogate`, definition.surrogate, 'made by defineSurrogate');
  return Object.freeze({
    kind: 'quantizer' as const,
    schedule: constantSchedule(),
    ...definition,
    capabilities: Object.freeze({
      roles: ['kernel', 'input'] as const,
      needsClock: false,
      hasParameters: typeof definition.parameters === 'function',
      ...definition.capabilities,
    }),
  });
}

/**
 * Makes a definition of one kind; the package that owns the kind gives it its type.
 * @param functions names of the members that must be functions
 * @param others names of the members that may be there
 * @throws BitgradError `invalid-plugin` when one is missing, or there is another
 */
export function defineMember<D extends Definition>(
  kind: D['kind'],
  definition: Omit<D, 'kind'>,
  functions: readonly (keyof D & string)[],
  others: readonly (keyof D & string)[] = [],
): D {
  checkObject(`a ${kind}`, definition);
  const given = definition as Partial<Record<string, unknown>>;
  if (typeof given.description !== 'string' || given.description === '')
    fail(`description of a ${kind}`, given.description ?? 'nothing', 'a sentence');
  for (const name of functions)
    if (typeof given[name] !== 'function') fail(`${name} of a ${kind}`, given[name], 'a function');
  checkMembers(`a ${kind}`, definition, ['kind', 'description', ...functions, ...others]);
  return Object.freeze({ kind, ...definition }) as unknown as D;
}

/** The fields of a plugin by the kind of their members. */
export const pluginFields = {
  quantizer: 'quantizers',
  surrogate: 'surrogates',
  forward: 'forwards',
  model: 'models',
  dataset: 'datasets',
  optimizer: 'optimizers',
  importer: 'importers',
  recipe: 'recipes',
} as const;

const makers: Partial<Record<string, string>> = {
  model: 'what defineModel of @bitgrad/models makes',
  dataset: 'what defineDataset of @bitgrad/datasets makes',
  optimizer: 'what defineOptimizer of @bitgrad/training makes',
  importer: 'what defineImporter of @bitgrad/importer makes',
  recipe: 'what defineRecipe of @bitgrad/recipe makes',
};

/**
 * Declares a plugin: the named factories and definitions that a package offers.
 * @throws BitgradError `invalid-plugin` when the name, the version or a member is missing
 */
export function definePlugin(plugin: Pick<Plugin, 'name' | 'version'> & Partial<Plugin>): Plugin {
  checkObject('a plugin', plugin);
  if (typeof plugin.name !== 'string' || plugin.name === '')
    fail('name of a plugin', plugin.name, 'its npm package name');
  if (typeof plugin.version !== 'string')
    fail(`version of plugin "${plugin.name}"`, plugin.version, 'a version string');
  checkMembers(`plugin "${plugin.name}"`, plugin, ['name', 'version', ...Object.values(pluginFields)]);
  const members = Object.fromEntries(
    Object.values(pluginFields).map((field) => [field, plugin[field] ?? {}]),
  ) as Omit<Plugin, 'name' | 'version'>;
  for (const [kind, field] of Object.entries(pluginFields))
    for (const [name, member] of Object.entries<unknown>(members[field])) {
      checkName(`a member of plugin "${plugin.name}"`, name);
      const maker = makers[kind];
      const fits = maker
        ? (member as Partial<Definition> | null)?.kind === kind
        : typeof member === 'function';
      if (!fits) fail(`${field} "${name}" of plugin "${plugin.name}"`, member, maker ?? 'a factory function');
    }
  return Object.freeze({ name: plugin.name, version: plugin.version, ...members });
}

// Finds the members of plugins by name. Registration is explicit: importing a plugin changes nothing.
import { BitgradError, checkOptions, checkValue, nearestName, option } from '@bitgrad/bits';
import { pluginFields as kinds } from './define.js';
import { expectKind, invalidArgument } from './expect.js';
import { pairQuantizer } from './pair.js';
import type { JsonObject } from './contracts/context.js';
import type { Definition, DefinitionKind } from './contracts/definition.js';
import type { ForwardQuantizer } from './contracts/forward.js';
import type {
  Factory,
  ForwardOptionsMap,
  Plugin,
  QuantizerOptionsMap,
  SurrogateOptionsMap,
} from './contracts/plugin.js';
import type { Quantizer } from './contracts/quantizer.js';
import type { SurrogateGradient } from './contracts/surrogate.js';

/** A member by name, by name with options, or the object itself. */
export type Spec<T, Map> = T | (keyof Map & string) | (string & {}) | { name: string; options?: object };

/** A quantizer in any form that {@link Registry.quantizer} takes; a pair names its two halves. */
export type QuantizerSpec =
  | Spec<Quantizer, QuantizerOptionsMap>
  | {
      forward: Spec<ForwardQuantizer, ForwardOptionsMap>;
      surrogate: Spec<SurrogateGradient, SurrogateOptionsMap>;
    };

/** The JSON form of a quantizer: rebuilds an equal one in any process with the same plugins. */
export type QuantizerConfig =
  | { name: string; options: JsonObject }
  | {
      forward: { name: string; options: JsonObject };
      surrogate: { name: string; options: JsonObject };
    };

/** A registered member, for listings. */
export interface RegistryEntry {
  readonly kind: 'quantizer' | 'surrogate' | 'forward' | DefinitionKind;
  readonly name: string;
  /** The package that offers it. */
  readonly plugin: string;
  readonly version: string;
}

/** A set of plugins. */
export interface Registry {
  /** @throws BitgradError `duplicate-name` unless `replace` is true */
  register(plugin: Plugin, options?: { replace?: boolean }): Registry;
  /** @throws BitgradError `unknown-name` that lists the known names */
  quantizer<N extends keyof QuantizerOptionsMap & string>(
    name: N,
    options?: QuantizerOptionsMap[N],
  ): Quantizer;
  quantizer(spec: QuantizerSpec, options?: object): Quantizer;
  surrogate<N extends keyof SurrogateOptionsMap & string>(
    name: N,
    options?: SurrogateOptionsMap[N],
  ): SurrogateGradient;
  surrogate(spec: Spec<SurrogateGradient, SurrogateOptionsMap>, options?: object): SurrogateGradient;
  forward<N extends keyof ForwardOptionsMap & string>(
    name: N,
    options?: ForwardOptionsMap[N],
  ): ForwardQuantizer;
  forward(spec: Spec<ForwardQuantizer, ForwardOptionsMap>, options?: object): ForwardQuantizer;
  /**
   * A model, data set or optimizer; the type is that of the package that owns the kind.
   * @throws BitgradError `unknown-name` that lists the known names
   */
  definition<D extends Definition>(kind: D['kind'], name: string): D;
  /** Those of a kind by name, in the order of registration. */
  definitions<D extends Definition>(kind: D['kind']): Readonly<Record<string, D>>;
  /** Every registered member, by kind and name. */
  entries(): readonly RegistryEntry[];
  /** The registered plugins, in order. */
  plugins(): readonly Plugin[];
}

type Kind = keyof typeof kinds;
const definitionKinds: readonly Kind[] = ['model', 'dataset', 'optimizer', 'importer', 'recipe'];

/** A factory or a definition, and where it is from. */
interface Member {
  readonly made: unknown;
  readonly plugin: Plugin;
}

const isSpecObject = (x: unknown): x is { name: string; options?: object } =>
  typeof x === 'object' && x !== null && typeof (x as { name?: unknown }).name === 'string';

function expectPlugin(plugin: unknown): asserts plugin is Plugin {
  const { name, version, ...members } = (plugin ?? {}) as Partial<Plugin>;
  const fits =
    typeof name === 'string' &&
    typeof version === 'string' &&
    Object.values(kinds).every((kind) => members[kind] === undefined || typeof members[kind] === 'object');
  if (!fits)
    throw invalidArgument(
      'plugin',
      plugin,
      'what definePlugin makes: the object that a plugin package exports',
    );
}

/** What a factory of a plugin makes; whatever else it throws or returns is an error of the plugin. */
function made(
  kind: Kind,
  name: string,
  { made: factory, plugin }: Member,
  options: object | undefined,
): unknown {
  const wrong = (what: string, got: unknown, cause?: unknown): BitgradError =>
    new BitgradError({
      code: 'invalid-plugin',
      source: 'core',
      what: `${kind} "${name}" of plugin "${plugin.name}" ${what}`,
      got,
      expected: `a ${kind}, or a BitgradError that says what is wrong with its options`,
      next: 'Report it to the author of the plugin.',
      cause,
    });
  let member: unknown;
  try {
    member = (factory as Factory<unknown>)(options);
  } catch (cause) {
    if (cause instanceof BitgradError) throw cause;
    throw wrong('threw', cause instanceof Error ? cause.message : cause, cause);
  }
  if ((member as { kind?: unknown } | null | undefined)?.kind !== kind)
    throw wrong('is none', member === undefined ? 'nothing' : member);
  return member;
}

/** A registry of its own, with some plugins. */
export function createRegistry(plugins: readonly Plugin[] = []): Registry {
  const members = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, new Map()])) as Record<
    Kind,
    Map<string, Member>
  >;
  const registered: Plugin[] = [];

  const membersOf = (kind: Kind): Map<string, Member> => {
    if (Object.hasOwn(members, kind ?? '')) return members[kind];
    throw invalidArgument('kind of member', kind ?? 'nothing', `one of ${Object.keys(kinds).join(', ')}`);
  };

  const unknown = (kind: Kind, name: unknown): BitgradError => {
    const known = [...members[kind].keys()];
    const defined = definitionKinds.includes(kind);
    const meant = defined && typeof name === 'string' ? nearestName(name, known) : undefined;
    const usual = defined ? '' : '; a package usually follows the name @bitgrad/quantizer-<method>';
    return new BitgradError({
      code: 'unknown-name',
      source: 'core',
      what: defined ? kind : `${kind} is not registered`,
      got: name ?? 'nothing',
      expected: `one of ${(defined ? known : known.sort()).join(', ') || '(none: no plugin is registered)'}`,
      next: meant
        ? `Did you mean "${meant}"?`
        : `Register the plugin that offers it: use(plugin), or --plugin on the command line${usual}.`,
    });
  };

  const make = <T extends { kind: string }>(kind: Kind, spec: unknown, options?: object): T => {
    if (isSpecObject(spec) && (spec as { kind?: string }).kind === kind) return spec as unknown as T;
    const name = typeof spec === 'string' ? spec : isSpecObject(spec) ? spec.name : undefined;
    const known = name === undefined ? undefined : members[kind].get(name);
    if (!known) throw unknown(kind, name ?? spec);
    return made(kind, name!, known, options ?? (isSpecObject(spec) ? spec.options : undefined)) as T;
  };

  const registry: Registry = {
    register(plugin, options = {}) {
      expectPlugin(plugin);
      const { replace = false } = checkOptions('core', 'register', options, { replace: option.boolean });
      for (const kind of Object.keys(kinds) as Kind[])
        for (const name of Object.keys(plugin[kinds[kind]] ?? {})) {
          const other = members[kind].get(name)?.plugin;
          if (other && other.name !== plugin.name && !replace)
            throw new BitgradError({
              code: 'duplicate-name',
              source: 'core',
              what: `${kind} "${name}" of plugin "${plugin.name}" is registered already`,
              got: other.name,
              next: 'Rename it, or pass { replace: true }.',
            });
        }
      for (const kind of Object.keys(kinds) as Kind[])
        for (const [name, made] of Object.entries<unknown>(plugin[kinds[kind]] ?? {}))
          members[kind].set(name, { made, plugin });
      const at = registered.findIndex((p) => p.name === plugin.name);
      if (at >= 0) registered[at] = plugin;
      else registered.push(plugin);
      return registry;
    },
    quantizer(spec: unknown, options?: object) {
      const pair = spec as { forward?: unknown; surrogate?: unknown; kind?: string };
      if (
        typeof spec === 'object' &&
        spec !== null &&
        pair.forward &&
        pair.surrogate &&
        pair.kind !== 'quantizer'
      )
        return pairQuantizer(
          registry.forward(pair.forward as never),
          registry.surrogate(pair.surrogate as never),
        );
      return make<Quantizer>('quantizer', spec, options);
    },
    surrogate: (spec: unknown, options?: object) => make<SurrogateGradient>('surrogate', spec, options),
    forward: (spec: unknown, options?: object) => make<ForwardQuantizer>('forward', spec, options),
    definition<D extends Definition>(kind: D['kind'], name: string): D {
      const found = membersOf(kind).get(name);
      if (!found) throw unknown(kind, name);
      return found.made as D;
    },
    definitions: <D extends Definition>(kind: D['kind']) =>
      Object.fromEntries([...membersOf(kind)].map(([name, { made }]) => [name, made as D])),
    entries: () =>
      (Object.keys(kinds) as Kind[]).flatMap((kind) =>
        [...members[kind]]
          .map(([name, { plugin }]) => ({ kind, name, plugin: plugin.name, version: plugin.version }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      ),
    plugins: () => [...registered],
  };
  checkValue('core', 'plugins of createRegistry', plugins, option.list(option.any));
  plugins.forEach((plugin) => registry.register(plugin));
  return Object.freeze(registry);
}

/** Bumped when a contract changes so that old and new copies cannot share a registry. */
const contractVersion = 1;
const slot = Symbol.for('bitgrad.registry');

/**
 * The default registry: one a process, even when two copies of this package are loaded.
 * @throws BitgradError `contract-version` when another copy has another contract
 */
export function defaultRegistry(): Registry {
  const holder = globalThis as { [slot]?: { version: number; registry: Registry } };
  holder[slot] ??= { version: contractVersion, registry: createRegistry() };
  if (holder[slot].version !== contractVersion)
    throw new BitgradError({
      code: 'contract-version',
      source: 'core',
      what: 'another copy of @bitgrad/core with a different contract is loaded',
      got: holder[slot].version,
      expected: String(contractVersion),
      next: 'Install one version of @bitgrad/core (npm ls @bitgrad/core).',
    });
  return holder[slot].registry;
}

/**
 * The default registry with a plugin that need not be asked for: registered at the first call, unless one of its name is.
 * @throws BitgradError `duplicate-name` when another plugin has one of its names already
 */
export function registryWith(plugin: Plugin): Registry {
  const registry = defaultRegistry();
  // What is no plugin has no name, and is refused by `register`.
  if (!registry.plugins().some(({ name }) => name === plugin?.name)) registry.register(plugin);
  return registry;
}

/** Registers plugins with the default registry. Registering the same plugin again is allowed. */
export function use(...plugins: readonly Plugin[]): void {
  plugins.forEach((plugin) => defaultRegistry().register(plugin));
}

/** The JSON form of a quantizer. */
export function quantizerConfig(quantizer: Quantizer): QuantizerConfig {
  expectKind('quantizerConfig', 'quantizer', quantizer);
  const half = ({ name, options }: { name: string; options: JsonObject }) => ({ name, options });
  return quantizer.name === 'pair'
    ? { forward: half(quantizer.forward), surrogate: half(quantizer.surrogate) }
    : half(quantizer);
}

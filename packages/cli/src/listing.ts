// Everything that can be named on the command line, with its options: read off the registries.
import {
  defaultRegistry,
  memberOptions,
  type JsonObject,
  type MemberOption,
  type Plugin,
  type Quantizer,
} from '@bitgrad/core';
import { certify } from '@bitgrad/certificate';
import { listDatasets, type DatasetInfo } from '@bitgrad/datasets';
import { commonModelOptions, listModels, type ModelInfo } from '@bitgrad/models';
import { listRecipes, optionsOf, recipeEntries, type RecipeInfo } from '@bitgrad/recipe';
import { listOptimizers, type OptimizerInfo } from '@bitgrad/training';
import { probeBackends, type BackendListing } from './backends.js';
import { probeEngines, type EngineListing } from './engines.js';

/** Options that something takes; null where it does not say them. */
interface Takes {
  readonly takes: readonly MemberOption[] | null;
}

/** A member of a plugin. */
interface MemberListing extends Takes {
  readonly name: string;
  readonly plugin: string;
  /** Its options with their defaults; null when it cannot be made without options. */
  readonly options: JsonObject | null;
}

/** A quantizer. */
export interface QuantizerListing extends MemberListing {
  readonly description: string;
  readonly alphabet: string;
  readonly roles: readonly string[];
  /** True when it is not at its levels while it trains. */
  readonly soft: boolean;
  readonly needsClock: boolean;
  readonly hasParameters: boolean;
  /** Whether its forward and backward are a sound pair, and why (arXiv 2402.17710): its claim, or what is computed. */
  readonly certificate: { readonly holds: boolean; readonly reason: string } | null;
}

/** What can be named: the object of `bitgrad list --verbose --json`. */
export interface Listing {
  readonly plugins: readonly { name: string; version: string }[];
  readonly quantizers: readonly QuantizerListing[];
  readonly surrogates: readonly MemberListing[];
  readonly forwards: readonly MemberListing[];
  readonly models: readonly ModelInfo[];
  /** What every model takes beside its own options. */
  readonly everyModel: { readonly takes: readonly MemberOption[] };
  readonly datasets: readonly DatasetInfo[];
  readonly optimizers: readonly OptimizerInfo[];
  readonly recipes: readonly RecipeInfo[];
  readonly importers: readonly { readonly name: string; readonly description: string }[];
  readonly backends: readonly BackendListing[];
  readonly engines: readonly EngineListing[];
}

/** Makes a member with its default options; undefined when it needs some. */
const attempt = <T>(make: () => T): T | undefined => {
  try {
    return make();
  } catch {
    return undefined;
  }
};

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

const membersOf = (plugins: readonly Plugin[], kind: 'surrogates' | 'forwards'): MemberListing[] =>
  plugins
    .flatMap((plugin) =>
      Object.entries(plugin[kind]).map(([name, make]) => {
        const options = attempt(make as () => { options: JsonObject })?.options ?? null;
        return { name, plugin: plugin.name, options, takes: options && memberOptions(options) };
      }),
    )
    .sort(byName);

/** The claim of a quantizer; where it makes none, the computed certificate; null when that cannot be computed. */
const verdictOf = (quantizer: Quantizer): QuantizerListing['certificate'] => {
  if (quantizer.certificate) return { ...quantizer.certificate };
  const certificate = attempt(() => certify(quantizer));
  if (!certificate) return null;
  const { holds, violations } = certificate;
  return { holds, reason: violations[0]?.explanation ?? "computed: F = T o P, B = T' o P." };
};

const quantizersOf = (plugins: readonly Plugin[]): QuantizerListing[] =>
  plugins
    .flatMap((plugin) =>
      Object.entries(plugin.quantizers).map(([name, make]): QuantizerListing => {
        const quantizer = attempt(make);
        return {
          name,
          plugin: plugin.name,
          options: quantizer?.options ?? null,
          takes: quantizer ? memberOptions(quantizer.options) : null,
          description: quantizer?.description ?? 'needs options',
          alphabet: quantizer?.forward.alphabet ?? '?',
          roles: quantizer?.capabilities.roles ?? [],
          soft: quantizer?.forward.soft ?? false,
          needsClock: quantizer?.capabilities.needsClock ?? false,
          hasParameters: quantizer?.capabilities.hasParameters ?? false,
          certificate: quantizer ? verdictOf(quantizer) : null,
        };
      }),
    )
    .sort(byName);

/** The data sets; an option that is a flag of `bitgrad train` has the words of the flag. */
const datasetsWithFlags = (): DatasetInfo[] => {
  const flags = new Map(optionsOf(recipeEntries).map((flag) => [flag.name, flag.text]));
  return listDatasets().map(({ takes, ...info }) => ({
    ...info,
    takes: takes.map((each) => ({ ...each, text: each.text || (flags.get(each.name) ?? '') })),
  }));
};

/** Everything that is registered, and every backend and engine that is known. */
export async function listing(): Promise<Listing> {
  const plugins = defaultRegistry().plugins();
  return {
    plugins: plugins.map(({ name, version }) => ({ name, version })),
    quantizers: quantizersOf(plugins),
    surrogates: membersOf(plugins, 'surrogates'),
    forwards: membersOf(plugins, 'forwards'),
    models: listModels(),
    everyModel: { takes: commonModelOptions },
    datasets: datasetsWithFlags(),
    optimizers: listOptimizers(),
    recipes: listRecipes(),
    importers: (await import('@bitgrad/importer')).listImporters(),
    backends: await probeBackends(),
    engines: await probeEngines(),
  };
}

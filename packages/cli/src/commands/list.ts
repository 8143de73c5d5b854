// `bitgrad list`: what can be named on the command line.
import { checkCommand } from '../arguments.js';
import { defaultRegistry, type JsonObject, type Plugin, type Quantizer } from '@bitgrad/core';
import { listDatasets, type DatasetInfo } from '@bitgrad/datasets';
import { listModels } from '@bitgrad/models';
import { certify } from '@bitgrad/certificate';
import { listOptimizers, type OptimizerInfo } from '@bitgrad/training';
import { probeBackends, type BackendListing } from '../backends.js';
import { probeEngines, type EngineListing } from '../engines.js';
import { listRecipes, type Given, type RecipeInfo } from '@bitgrad/recipe';
import { shared } from '../options.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { usePlugins } from '../plugins.js';
import { plain, widest } from '../text.js';

export const listEntries = { plugin: shared.plugin, json: shared.json };

/** Options of `bitgrad list`. */
export type ListOptions = Given<typeof listEntries>;

/** A member of a plugin. */
interface MemberListing {
  readonly name: string;
  readonly plugin: string;
  /** Its options with their defaults; null when it cannot be made without options. */
  readonly options: JsonObject | null;
}

/** A quantizer. */
interface QuantizerListing extends MemberListing {
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

/** The object of `bitgrad list --json`. */
export interface Listing {
  readonly plugins: readonly { name: string; version: string }[];
  readonly quantizers: readonly QuantizerListing[];
  readonly surrogates: readonly MemberListing[];
  readonly forwards: readonly MemberListing[];
  readonly models: readonly { name: string; description: string }[];
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
      Object.entries(plugin[kind]).map(([name, make]) => ({
        name,
        plugin: plugin.name,
        options: attempt(make as () => { options: JsonObject })?.options ?? null,
      })),
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

/** Everything that is registered, and every backend and engine that is known. */
async function listing(): Promise<Listing> {
  const plugins = defaultRegistry().plugins();
  return {
    plugins: plugins.map(({ name, version }) => ({ name, version })),
    quantizers: quantizersOf(plugins),
    surrogates: membersOf(plugins, 'surrogates'),
    forwards: membersOf(plugins, 'forwards'),
    models: listModels(),
    datasets: listDatasets(),
    optimizers: listOptimizers(),
    recipes: listRecipes(),
    importers: (await import('@bitgrad/importer')).listImporters(),
    backends: await probeBackends(),
    engines: await probeEngines(),
  };
}

/** Writes the listing; returns the exit code. */
export async function runList(given: ListOptions, io: CliIo, directory = process.cwd()): Promise<number> {
  const options = checkCommand('list', listEntries, given, io, directory);
  await usePlugins(options.plugin, directory);
  const all = await listing();
  writeLine(io.stdout, options.json ? JSON.stringify(all) : format(all, io));
  return exitCodes.done;
}

const claim = ({ certificate }: QuantizerListing): string =>
  certificate ? `; certificate ${certificate.holds ? 'holds' : 'fails'}: ${certificate.reason}` : '';

function format(all: Listing, { colors }: CliIo): string {
  const section = (title: string, rows: readonly (readonly [string, string])[]): string => {
    const width = widest(rows.map(([name]) => plain(name)));
    return [colors.bold(title), ...rows.map(([name, text]) => `  ${colors.cyan(plain(name).padEnd(width))}  ${plain(text)}`)].join('\n'); // prettier-ignore
  };
  return [
    section(
      'plugins',
      all.plugins.map(({ name, version }) => [name, version]),
    ),
    section(
      'quantizers',
      all.quantizers.map((q) => [q.name, `${q.description}${claim(q)}`]),
    ),
    section(
      'surrogates',
      all.surrogates.map(({ name, plugin }) => [name, plugin]),
    ),
    section(
      'forwards',
      all.forwards.map(({ name, plugin }) => [name, plugin]),
    ),
    section(
      'models',
      all.models.map(({ name, description }) => [name, description]),
    ),
    section(
      'data sets',
      all.datasets.map(({ usage, description }) => [usage, description]),
    ),
    section(
      'optimizers',
      all.optimizers.map(({ name, description }) => [name, description]),
    ),
    section(
      'recipes',
      all.recipes.map(({ name, description }) => [name, description]),
    ),
    section(
      'importers',
      all.importers.map(({ name, description }) => [name, description]),
    ),
    section('backends', all.backends.map(({ name, available, reason }) => [name, available ? 'available' : `unavailable: ${reason}`])), // prettier-ignore
    section('engines', all.engines.map(({ name, available, reason }) => [name, available ? 'available' : `unavailable: ${reason}`])), // prettier-ignore
  ].join('\n\n');
}

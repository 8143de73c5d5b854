// `bitgrad list`: what can be named on the command line.
import type { MemberOption } from '@bitgrad/core';
import { described, type Given } from '@bitgrad/recipe';
import * as v from 'valibot';
import { checkCommand } from '../arguments.js';
import type { BackendListing } from '../backends.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { listing, type Listing, type QuantizerListing } from '../listing.js';
import { shared } from '../options.js';
import { usePlugins } from '../plugins.js';
import { pairLines } from '../table.js';

export const listEntries = {
  verbose: v.optional(
    described(v.boolean(), 'with the options of each: name, type and range, default, meaning'),
    false,
  ),
  plugin: shared.plugin,
  json: shared.json,
};

/** Options of `bitgrad list`. */
export type ListOptions = Given<typeof listEntries>;

/** Writes the listing; returns the exit code. */
export async function runList(given: ListOptions, io: CliIo, directory = process.cwd()): Promise<number> {
  const options = checkCommand('list', listEntries, given, io, directory);
  await usePlugins(options.plugin, directory);
  const all = await listing();
  const text = options.json ? JSON.stringify(options.verbose ? all : brief(all)) : format(all, options.verbose, io); // prettier-ignore
  writeLine(io.stdout, text);
  return exitCodes.done;
}

/** Without what things take. */
const brief = ({ everyModel: _, ...all }: Listing): object =>
  Object.fromEntries(
    Object.entries(all).map(([kind, rows]) => [
      kind,
      (rows as readonly { takes?: unknown }[]).map(({ takes: __, ...row }) => row),
    ]),
  );

/** A line of a section, and the options that stand below it. */
interface Row {
  readonly name: string;
  readonly text: string;
  readonly takes?: readonly MemberOption[] | null;
}

const claim = ({ certificate }: QuantizerListing): string =>
  certificate ? `; certificate ${certificate.holds ? 'holds' : 'fails'}: ${certificate.reason}` : '';

const place = (
  { name, package: from, available, reason, features }: BackendListing,
  verbose: boolean,
): Row => {
  const facts = Object.entries(features).map(([key, value]) => `${key}: ${value === '' ? 'none' : value}`);
  const more = verbose ? `; ${[`of ${from}`, ...facts].join(', ')}` : '';
  return { name, text: `${available ? 'available' : `unavailable: ${reason}`}${more}` };
};

const optionLines = (takes: readonly MemberOption[], before = ''): (readonly [string, string])[] =>
  takes.flatMap(({ name, expected, required, text, inner, ...rest }) => {
    const fallback = 'default' in rest ? `, default ${JSON.stringify(rest.default)}` : '';
    const words = `${expected}${required ? ', required' : fallback}${text && `: ${text}`}`;
    return [[`${before}${name}`, words] as const, ...optionLines(inner ?? [], `${before}${name}.`)];
  });

function format(all: Listing, verbose: boolean, io: CliIo): string {
  const described = ({ name, description, takes }: Omit<Row, 'text'> & { description: string }): Row => ({ name, text: description, takes }); // prettier-ignore
  const member = ({ name, plugin, takes }: Omit<Row, 'text'> & { plugin: string }): Row => ({ name, text: plugin, takes }); // prettier-ignore
  const every = verbose ? [{ name: '(every model)', text: 'beside its own options', ...all.everyModel }] : [];
  const sections: Readonly<Record<string, readonly Row[]>> = {
    plugins: all.plugins.map(({ name, version }) => ({ name, text: version })),
    quantizers: all.quantizers.map((each) => ({ ...each, text: `${each.description}${claim(each)}` })),
    surrogates: all.surrogates.map(member),
    forwards: all.forwards.map(member),
    models: [...all.models.map(described), ...every],
    'data sets': all.datasets.map(({ usage, description, takes }) => ({ name: usage, text: description, takes })), // prettier-ignore
    optimizers: all.optimizers.map(described),
    recipes: all.recipes.map(described),
    importers: all.importers.map(described),
    backends: all.backends.map((each) => place(each, verbose)),
    engines: all.engines.map((each) => place(each, verbose)),
  };
  const below = ({ takes }: Row): string[] =>
    !verbose || takes === undefined ? [] : pairLines(takes ? optionLines(takes) : [['?', 'does not say which options it takes']], io, '      '); // prettier-ignore
  return Object.entries(sections)
    .map(([title, rows]) => {
      const own = pairLines(rows.map(({ name, text }) => [name, text] as const), io); // prettier-ignore
      return [io.colors.bold(title), ...rows.flatMap((row, i) => [own[i]!, ...below(row)])].join('\n');
    })
    .join('\n\n');
}

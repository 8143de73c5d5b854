// Data sets by a short text: `digits`, and whatever plugins offer, such as `mnist:DIR` of the Node entry.
import {
  checkOptions,
  checkValue,
  option,
  registryWith,
  ruleOptions,
  type MemberOption,
  type OptionRule,
} from '@bitgrad/core';
import { limitSplit, type Dataset, type Examples, type Split } from './dataset.js';
import { commonRules, type CommonLoadOptions, type DatasetDefinition } from './define.js';
import { failure } from './errors.js';
import { mapLabels } from './labels.js';
import { datasetsPlugin } from './plugin.js';

/** A parsed data spec; `directory` is set for every kind that is read from a folder. */
export interface DataSpec {
  readonly kind: string;
  readonly directory?: string;
}

/** A data set for listings; `usage` is what names it: `digits`, `mnist:DIR`. */
export interface DatasetInfo {
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  /** Options of its own. */
  readonly takes: readonly MemberOption[];
}

const definitions = (): Readonly<Record<string, DatasetDefinition>> =>
  registryWith(datasetsPlugin).definitions<DatasetDefinition>('dataset');

/** Every registered data set. */
export const listDatasets = (): readonly DatasetInfo[] =>
  Object.entries(definitions()).map(([name, { folder, description, options = {} }]) => ({
    name,
    usage: folder ? `${name}:${folder === 'file' ? 'FILE' : 'DIR'}` : name,
    description,
    takes: ruleOptions(options),
  }));

const usage = (): string => {
  const all = listDatasets().map((each) => each.usage);
  return all.length > 1 ? `${all.slice(0, -1).join(', ')} or ${all.at(-1)}` : all.join();
};

/**
 * Parses a data spec.
 * @param spec a name, or a name and a folder: `mnist:./data/mnist`
 * @throws BitgradError `unknown-name` for a kind that is not registered, `invalid-option` for a folder missing or too many
 */
export function parseDataSpec(spec: string): DataSpec {
  checkValue('datasets', 'data set', spec, option.required(option.string));
  const colon = spec.indexOf(':');
  const kind = colon < 0 ? spec : spec.slice(0, colon);
  const directory = colon < 0 ? '' : spec.slice(colon + 1);
  const known = definitions();
  if (!Object.hasOwn(known, kind)) {
    const near = Object.keys(known).find((name) => name === kind.toLowerCase().replace(/[-_ ]/g, ''));
    const path = colon < 0 && /[/\\.]/.test(spec);
    throw failure('unknown-name', {
      what: 'data set',
      got: spec,
      expected: usage(),
      next: near
        ? `Did you mean ${near}?`
        : path
          ? `Say what the folder holds, as in folder:${spec}.`
          : undefined,
    });
  }
  if (!known[kind]!.folder) {
    if (colon >= 0)
      throw failure('invalid-option', {
        what: `data set ${kind} takes no folder`,
        got: spec,
        expected: kind,
      });
    return { kind };
  }
  if (directory === '')
    throw failure('invalid-option', {
      what: `data set ${kind} needs a ${known[kind]!.folder === 'file' ? 'file' : 'folder'}`,
      got: spec,
      expected: `${kind}:${known[kind]!.folder === 'file' ? 'FILE' : 'DIR'}`,
    });
  return { kind, directory };
}

/** Whether a data set has an option of its own, such as `size`. */
export const datasetTakes = (spec: string, name: string): boolean =>
  name in (definitions()[parseDataSpec(spec).kind]!.options ?? {});

/**
 * Reads or makes a data set by its spec. `S` is what its splits are: images, unless a spec such as `csv:FILE` has others. Options that only others have are left out.
 * @throws BitgradError as {@link parseDataSpec} for the spec, and as the data set says; `invalid-option`; `incompatible`
 *   as {@link mapLabels} when `classes` are given
 */
export async function loadDataset<
  O extends CommonLoadOptions = CommonLoadOptions,
  S extends Examples = Split,
>(spec: string, options: O = {} as O): Promise<Dataset<S>> {
  const { kind, directory = '' } = parseDataSpec(spec);
  const known = definitions();
  const rules: Record<string, OptionRule> = { ...commonRules };
  for (const each of Object.values(known)) Object.assign(rules, each.options);
  const given = checkOptions('datasets', 'loadDataset', options, rules as never) as O;
  const { options: own = {}, load } = known[kind]!;
  const taken = Object.entries(given).filter(([name]) => name in own || name in commonRules);
  const { limit, testLimit, seed = 0, classes } = given;
  const whole = await load({ ...Object.fromEntries(taken), directory });
  const dataset = Object.freeze({
    ...whole,
    train: limitSplit(whole.train, limit, seed),
    test: limitSplit(whole.test, testLimit, seed),
  });
  // What the set has is its own business: the caller says what it asked for.
  return (classes ? mapLabels(dataset, classes) : dataset) as Dataset<S>;
}

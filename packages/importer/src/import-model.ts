// The whole way: files -> source graph -> packed model -> comparison with the interpreter.
import { checkOptions, checkValue, option, registryWith } from '@bitgrad/core';
import type { ImporterDefinition, SourceFile } from './define.js';
import { failure } from './fail.js';
import type { SourceGraph } from './graph.js';
import type { SourceOps } from './interpret.js';
import { limitsFrom, type ImportLimits } from './limits.js';
import { sourceOps } from './ops/index.js';
import type { InputNormalization } from '@bitgrad/runtime';
import { normalizationOf, packGraph, packRules, type PackedGraph, type PackOptions } from './pack-graph.js';
import { importerPlugin } from './plugin.js';
import { verifyImport, verifyRules, type ImportAgreement, type VerifyOptions } from './verify.js';

/** How files are read. */
export interface ReadOptions {
  /** Name of the importer; default: the first that knows the files. */
  readonly format?: string;
  /** Sizes of the input after the batch, for files that leave them open. */
  readonly inputShape?: readonly number[];
  /** Which architecture, for files that hold weights only. */
  readonly architecture?: string;
  readonly limits?: Partial<ImportLimits>;
}

/** How a model is imported. */
export interface ImportOptions extends ReadOptions, PackOptions, VerifyOptions {}

/** An imported model. */
export interface ImportResult extends PackedGraph {
  /** The network as it was read: `interpret` runs it. */
  readonly graph: SourceGraph;
  /** Name of the importer. */
  readonly format: string;
  readonly agreement: ImportAgreement;
  /** How pixels are brought to what the source takes. */
  readonly normalization: InputNormalization;
}

const readRules = {
  format: option.string,
  inputShape: option.list(option.integer(1), 1),
  architecture: option.string,
  limits: option.object,
};

const importers = (): Readonly<Record<string, ImporterDefinition>> =>
  registryWith(importerPlugin).definitions<ImporterDefinition>('importer');

/** The importers that are registered, ours among them. */
export const listImporters = (): readonly { readonly name: string; readonly description: string }[] =>
  Object.entries(importers()).map(([name, { description }]) => ({ name, description }));

const file = option.of(
  'objects { name, bytes }',
  (v) => typeof (v as SourceFile | null)?.name === 'string' && (v as SourceFile).bytes instanceof Uint8Array,
);

function chosen(files: readonly SourceFile[], format: string | undefined): [string, ImporterDefinition] {
  const known = importers();
  if (format !== undefined)
    return [format, registryWith(importerPlugin).definition<ImporterDefinition>('importer', format)];
  const found = Object.entries(known).find(([, { accepts }]) => accepts(files));
  if (found) return found;
  throw failure('invalid-file', {
    what: 'format of the files',
    got: files.slice(0, 5).map(({ name }) => name),
    expected: Object.entries(known)
      .map(([name, { description }]) => `${name}: ${description}`)
      .join('; '),
    next: 'Name the format, or register a plugin with an importer for it.',
  });
}

const read = async (files: readonly SourceFile[], options: ReadOptions) => {
  checkValue('importer', 'files', files, option.required(option.list(file, 1)));
  const limits = limitsFrom(options.limits);
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (total > limits.fileBytes) throw failure('limit-exceeded', { what: 'bytes of the files', got: total, expected: `at most ${limits.fileBytes}` }); // prettier-ignore
  const [format, importer] = chosen(files, options.format);
  const ops: SourceOps = { ...sourceOps, ...importer.ops };
  const name = files[0]!.name.replace(/\.[^.]*$/, '').split('/').at(-1)!; // prettier-ignore
  const { inputShape, architecture } = options;
  const graph = await importer.read(files, { limits, name, ops, inputShape, architecture });
  return { graph, format, ops };
};

/**
 * Reads files of another framework as a source graph.
 * @throws BitgradError `invalid-file`, `unsupported-op`, `limit-exceeded`, `unknown-name`, `invalid-option`
 */
export async function readModel(
  files: readonly SourceFile[],
  options: ReadOptions = {},
): Promise<SourceGraph> {
  checkOptions<ReadOptions>('importer', 'readModel', options, readRules);
  return (await read(files, options)).graph;
}

/**
 * Reads, packs and verifies a model of another framework.
 * @param files one file, or all files of a folder
 * @throws BitgradError as {@link readModel}, and `verification-failed`
 */
export async function importModel(
  files: readonly SourceFile[],
  options: ImportOptions = {},
): Promise<ImportResult> {
  checkOptions<ImportOptions>('importer', 'importModel', options, {
    ...readRules,
    ...packRules,
    ...verifyRules,
  });
  const { format: _f, inputShape: _i, architecture: _a, limits: _l, ...rest } = options;
  const { samples, randomSamples, tolerance, minAgreement, seed, engine, ...pack } = rest;
  const { graph, format, ops } = await read(files, options);
  const packed = packGraph(graph, pack, ops);
  const verify = { samples, randomSamples, tolerance, minAgreement, seed, engine };
  const agreement = await verifyImport(graph, packed.model, verify, pack, ops);
  return { ...packed, graph, format, agreement, normalization: normalizationOf(graph, pack) };
}

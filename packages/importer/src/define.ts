// What an importer is: it knows the files of a format, and reads them into a source graph. A new one is one file.
import { defineMember, type Definition } from '@bitgrad/core';
import type { SourceGraph } from './graph.js';
import type { SourceOps } from './interpret.js';
import type { ImportLimits } from './limits.js';

/** A file, by its name without folders above the one that was given. */
export interface SourceFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What an importer is given besides the files. */
export interface ReadContext {
  readonly limits: ImportLimits;
  /** What the graph is called where the files do not say. */
  readonly name: string;
  /** Sizes of the input after the batch, where they were given: for files that leave them open. */
  readonly inputShape?: readonly number[];
  /** What an importer of several architectures needs to know: the name of one. */
  readonly architecture?: string;
  /** Ops that the graph may use. */
  readonly ops: SourceOps;
}

/** An importer of one source format. */
export interface ImporterDefinition extends Definition {
  readonly kind: 'importer';
  /** Whether these files, by their names and first bytes, are of its format. */
  accepts(files: readonly SourceFile[]): boolean;
  /**
   * Files are untrusted: every size and count is compared with the limits before it is used.
   * @throws BitgradError for all that cannot be read: `invalid-file`, `unsupported-op`, `limit-exceeded`
   */
  read(files: readonly SourceFile[], context: ReadContext): SourceGraph | Promise<SourceGraph>;
  /** Ops of its own, by name; beside or in place of ours. */
  readonly ops?: SourceOps;
}

/**
 * Declares an importer; a plugin offers it as `importers: { 'my-format': mine }`.
 * @throws BitgradError `invalid-plugin`
 */
export const defineImporter = (definition: Omit<ImporterDefinition, 'kind'>): ImporterDefinition =>
  defineMember<ImporterDefinition>('importer', definition, ['accepts', 'read'], ['ops']);

// The sets of instructions: which there are, and which is used.
import { findAddon, type Addon } from './addon.js';

/** The sets, best first; the last two run anywhere and are for tests. */
const instructionSets = ['avx512', 'avx2', 'neon', 'portable', 'portable-bytes'] as const;

/** A set of instructions. */
export type InstructionSet = (typeof instructionSets)[number];

/** Checks the option `isa`. */
export const isaRule = {
  expected: instructionSets.join(', '),
  allows: (name: unknown): boolean => instructionSets.includes(name as never),
};

/** The addon and the set to use. */
export interface Chosen {
  readonly addon: Addon;
  readonly isa: string;
  readonly reason?: never;
}

/**
 * The addon, and the set: the one given, or that of the environment variable BITGRAD_NATIVE_ISA, or the best that the
 * processor has; or the reason why there is none.
 */
export function chooseIsa(wanted: InstructionSet | undefined): Chosen | { readonly reason: string } {
  const found = findAddon();
  if (found.reason !== undefined) return found;
  const { addon } = found;
  const sets = addon.instructionSets();
  const forced = wanted ?? (process.env['BITGRAD_NATIVE_ISA'] || undefined);
  if (forced === undefined) return { addon, isa: sets[0]! };
  if (sets.includes(forced)) return { addon, isa: forced };
  const source = wanted === undefined ? 'BITGRAD_NATIVE_ISA' : 'isa';
  return { reason: `${source} is ${forced}; this processor has ${sets.join(', ')}` };
}

// Shared by the tests: whether the addon is there, and what it can do here.
import { findAddon } from '../../src/addon.js';
import type { NativeEngineOptions } from '../../src/engine/index.js';

/** Why tests of the native engine are skipped; empty when they run. */
export const missing = (): string => findAddon().reason ?? '';

/** Skips tests where the addon is missing; throws where BITGRAD_REQUIRE names it. */
export function reasonToSkip(): string {
  const reason = missing();
  if (reason && process.env['BITGRAD_REQUIRE']?.split(',').includes('native')) throw new TypeError(reason);
  return reason;
}

/** The instruction sets of this processor; one, to be skipped with its reason, where there is no addon. */
export function sets(): NonNullable<NativeEngineOptions['isa']>[] {
  const { addon } = findAddon() as { addon?: { instructionSets(): string[] } };
  return (addon?.instructionSets() ?? ['portable']) as NonNullable<NativeEngineOptions['isa']>[];
}

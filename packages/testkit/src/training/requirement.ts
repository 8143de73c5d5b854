// Whether a backend that is not available is skipped or must fail.
import type { Probe } from '@bitgrad/core';

/**
 * Why the tests of a backend are skipped; empty when they run.
 * @param required comma-separated names of backends that must run: one that is not available then fails to start
 */
export function reasonToSkip(name: string, probe: Probe, required: string | undefined): string {
  const must = (required ?? '').split(',').map((entry) => entry.trim());
  if (probe.available || must.includes(name)) return '';
  return probe.reason || `backend ${name} is not available and gives no reason`;
}

/** The environment variable BITGRAD_REQUIRE, where there is an environment. */
export const requiredBackends = (): string | undefined =>
  (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[
    'BITGRAD_REQUIRE'
  ];

// Exit codes: 0 done, 1 something failed, 2 the command was asked for wrongly, 130 / 143 stopped by a signal.
import { BitgradError, type ErrorCode } from '@bitgrad/core';

/** The exit codes of the command. */
export const exitCodes = { done: 0, failed: 1, usage: 2, SIGINT: 130, SIGTERM: 143 } as const;

/** What goes wrong while it works, although it was asked for rightly. */
const runtimeFailures: readonly ErrorCode[] = [
  'not-finite',
  'context-lost',
  'kernel-missing',
  'disposed',
  'invalid-state',
  'verification-failed',
  'overflow',
];

/** The exit code of an error. */
export const exitCodeOf = (error: unknown): number =>
  error instanceof BitgradError && !runtimeFailures.includes(error.code) ? exitCodes.usage : exitCodes.failed;

/** One line for a BitgradError; the stack for what nobody expected. */
export const errorText = (error: unknown): string => {
  if (error instanceof BitgradError) return error.message.replaceAll(/\s*\n\s*/g, ' ');
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};

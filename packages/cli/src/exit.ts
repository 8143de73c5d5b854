// Exit codes: 0 done, 1 something failed, 2 the command was asked for wrongly, 130 / 143 stopped by a signal.
import { BitgradError, reasonOf, type ErrorCode } from '@bitgrad/core';
import { plain } from './text.js';

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

const oneLine = (text: string): string => plain(text.replaceAll(/\s*\n\s*/g, ' '));

/** One line; with BITGRAD_DEBUG also where it happened. */
export const errorText = (error: unknown): string => {
  const line =
    error instanceof BitgradError
      ? oneLine(error.message)
      : `[bitgrad/cli] unexpected: ${oneLine(reasonOf(error)).replace(/\.$/, '')}. ` +
        'With BITGRAD_DEBUG=1 the command says where; please report it.';
  const stack = process.env.BITGRAD_DEBUG && error instanceof Error ? error.stack : undefined;
  return stack ? `${line}\n${stack}` : line;
};

/** The object that is the last line of stdout with --json when a command fails. */
export const errorObject = (error: unknown) => ({
  error: {
    code: error instanceof BitgradError ? error.code : 'unexpected',
    message: error instanceof BitgradError ? error.message : reasonOf(error),
  },
});

// Where the commands write: passed in, so that tests and other programs can listen.
import pc from 'picocolors';
import { checkValue, option } from '@bitgrad/core';
import { writable } from './text.js';

/** The two streams of a command, and how they may be used. */
export interface CliIo {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** True when stderr is a terminal, where a progress bar can be drawn. */
  readonly terminal: boolean;
  /** Colours for stdout, off with NO_COLOR or when it is not a terminal. */
  readonly colors: ReturnType<typeof pc.createColors>;
  /** Aborted by the first SIGINT or SIGTERM; the reason is the signal's name. */
  readonly signal?: AbortSignal;
}

/** The streams of this process. */
export function createNodeIo(signal?: AbortSignal): CliIo {
  checkValue('cli', 'signal', signal, option.signal);
  const wanted = !process.env.NO_COLOR && (process.stdout.isTTY === true || Boolean(process.env.FORCE_COLOR));
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    terminal: process.stderr.isTTY === true,
    colors: pc.createColors(wanted),
    signal,
  };
}

/** Writes one line, or several; what could act on a terminal is shown instead. */
export const writeLine = (stream: NodeJS.WritableStream, text: string): void =>
  void stream.write(`${writable(text)}\n`);

import { BitgradError, type ErrorCode } from '@bitgrad/core';
import { expect } from 'vitest';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The BitgradError that a call throws; its message must hold every given part. */
export const caught = (run: () => unknown, code: ErrorCode, ...parts: (string | RegExp)[]): BitgradError => {
  try {
    run();
  } catch (error) {
    return check(error, code, parts);
  }
  expect.unreachable('should have thrown');
};

/** The same for a promise. */
export const rejected = async (promise: Promise<unknown>, code: ErrorCode, ...parts: (string | RegExp)[]) => {
  const error = await promise.then(
    () => expect.unreachable('should have been rejected'),
    (reason: unknown) => reason,
  );
  return check(error, code, parts);
};

const check = (error: unknown, code: ErrorCode, parts: (string | RegExp)[]): BitgradError => {
  if (!(error instanceof BitgradError)) throw error;
  expect(error.code, error.message).toBe(code);
  for (const part of parts) expect(error.message).toMatch(part);
  return error;
};

/** An IDX file, written byte by byte from the format's description. */
export const idx = (dimensions: number[], data: ArrayLike<number>, type = 8): Uint8Array => {
  const bytes = [0, 0, type, dimensions.length];
  for (const size of dimensions)
    bytes.push(Math.floor(size / 2 ** 24), (size >> 16) & 255, (size >> 8) & 255, size & 255);
  return Uint8Array.from([...bytes, ...Array.from(data)]);
};

/** 0, 1, 2, ... modulo 251: a prime, so that rows and planes differ. */
export const ramp = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

/** Makes new folders below `root`, each with the given files. */
export const foldersIn = (root: string) => {
  let count = 0;
  return (files: Record<string, Uint8Array | string>): string => {
    const path = join(root, String(count++));
    mkdirSync(path);
    for (const [name, contents] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), contents);
    }
    return path;
  };
};

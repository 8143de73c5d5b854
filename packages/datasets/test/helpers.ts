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

interface Wav {
  readonly samples: readonly number[];
  readonly bits?: number;
  readonly code?: number;
  readonly channels?: number;
  readonly rate?: number;
  readonly extensible?: boolean;
  /** Chunks between format and samples. */
  readonly before?: readonly number[];
}

/** A WAV file, written byte by byte from the format's description; samples from -1 to 1. */
export function wav({
  samples,
  bits = 16,
  code = 1,
  channels = 1,
  rate = 8000,
  extensible = false,
  before = [],
}: Wav): Uint8Array<ArrayBuffer> {
  const width = bits / 8;
  const head = extensible ? 40 : 16;
  const view = new DataView(new ArrayBuffer(12 + 8 + head + before.length + 8 + samples.length * width));
  const text = (at: number, letters: string): void =>
    [...letters].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, view.byteLength - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, head, true);
  view.setUint16(20, extensible ? 0xfffe : code, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * channels * width, true);
  view.setUint16(32, channels * width, true);
  view.setUint16(34, bits, true);
  if (extensible) view.setUint16(44, code, true);
  before.forEach((byte, i) => view.setUint8(20 + head + i, byte));
  let at = 20 + head + before.length;
  text(at, 'data');
  view.setUint32(at + 4, samples.length * width, true);
  at += 8;
  for (const v of samples) {
    if (code === 3 && width === 4) view.setFloat32(at, v, true);
    else if (code === 3) view.setFloat64(at, v, true);
    else if (width === 1) view.setUint8(at, 128 + Math.round(v * 128));
    else if (width === 2) view.setInt16(at, Math.round(v * 2 ** 15), true);
    else if (width === 3) {
      const whole = Math.round(v * 2 ** 23);
      view.setUint8(at, whole & 255);
      view.setInt16(at + 1, whole >> 8, true);
    } else view.setInt32(at, Math.round(v * 2 ** 31), true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

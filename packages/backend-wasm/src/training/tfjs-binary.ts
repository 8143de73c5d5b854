// The .wasm file of the tfjs backend: it is read here, so that a missing or wrong file is named, and so that its memory
// can be shared with our worker threads.
// It is the SIMD build, always. tfjs's threaded build is never started: it makes its workers from the source text of a
// function, which a bundler's minifier breaks and a content security policy forbids, and then waits for them for ever.
import type * as Fs from 'node:fs';
import type Module from 'node:module';
import type * as Path from 'node:path';
import type * as TfjsWasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError } from '@bitgrad/core';
import { builtinModule } from '../host.js';

type TfjsModule = typeof TfjsWasm;

/** A folder, or a map from file names to URLs. */
export type WasmPaths = string | Readonly<Record<string, string>>;

const simdName = 'tfjs-backend-wasm-simd.wasm';

/** Where the SIMD build is. @returns undefined when a map does not say */
export const simdUrl = (paths: WasmPaths): string | undefined =>
  typeof paths === 'string' ? paths + simdName : paths[simdName];

/** The map of file names that tfjs insists on: all three, of which it asks for one. */
const allFrom = (url: string): Record<string, string> => ({
  'tfjs-backend-wasm.wasm': url,
  [simdName]: url,
  'tfjs-backend-wasm-threaded-simd.wasm': url,
});

/** Whether files are read by fetch here, and not from a file system. */
const isPage = (): boolean =>
  typeof fetch === 'function' &&
  typeof (globalThis as { process?: typeof process }).process?.versions?.node !== 'string';

/**
 * Marks the memory of a module as shared, in place: the flags of its memory section become 3 (shared, with a maximum)
 * where they are 1 (with a maximum).
 * @returns false when the module has no such memory; it is unchanged then
 */
export function shareMemory(bytes: Uint8Array): boolean {
  let at = 8;
  const number = (): number => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
      shift += 7;
    }
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const size = number();
    const end = at + size;
    if (section === 5) {
      if (number() !== 1 || bytes[at] !== 1) return false;
      bytes[at] = 3;
      return true;
    }
    at = end;
  }
  return false;
}

const notThere = (url: string, got: string, cause?: unknown): BitgradError =>
  new BitgradError({
    code: 'backend-unavailable',
    source: 'backend-wasm',
    what: `the tfjs wasm backend cannot be loaded from ${url} (${got})`,
    expected: `the file ${simdName} of @tensorflow/tfjs-backend-wasm`,
    next: 'Serve that file, and say where by wasmPaths.',
    cause,
  });

/** Downloads the build. @throws BitgradError `backend-unavailable` that names the URL and what came instead */
async function download(url: string, limitMs: number): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const response = await fetch(url, { credentials: 'same-origin', signal: AbortSignal.timeout(limitMs) });
    if (!response.ok) throw notThere(url, `the server answered ${response.status}`);
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (error instanceof BitgradError) throw error;
    const late = (error as Error).name === 'TimeoutError';
    throw notThere(url, late ? `no answer within ${limitMs / 1000} s` : (error as Error).message, error);
  }
  if (!(bytes[0] === 0 && bytes[1] === 97 && bytes[2] === 115 && bytes[3] === 109)) {
    const start = new TextDecoder().decode(bytes.subarray(0, 30));
    throw notThere(url, `it is no WebAssembly but begins with ${JSON.stringify(start)}`);
  }
  return bytes;
}

/** Whether a shared memory as large as tfjs may want can be had here. */
function canShare(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false;
  try {
    return (
      new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true }).buffer instanceof SharedArrayBuffer
    );
  } catch {
    return false;
  }
}

/** The build beside tfjs's code in Node, undefined where it is not found: in a bundle. */
function besideTfjs(): string | undefined {
  try {
    const { createRequire } = builtinModule<typeof Module>('node:module')!;
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    return builtinModule<typeof Path>('node:path')!.join(entry, '..', simdName);
  } catch {
    return undefined;
  }
}

/** The SIMD build, and where it is from. */
interface Binary {
  readonly url: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the build: in Node from a file, in a page by download.
 * @returns undefined where it is left to tfjs to find it
 * @throws BitgradError `backend-unavailable` that names what was asked for and what came instead
 */
export async function readBinary(paths: WasmPaths | undefined, limitMs: number): Promise<Binary | undefined> {
  const url = paths === undefined ? (isPage() ? undefined : besideTfjs()) : simdUrl(paths)!;
  if (url === undefined) return undefined;
  if (isPage()) return { url, bytes: await download(url, limitMs) };
  try {
    const path = url.startsWith('file:') ? new URL(url) : url;
    return { url, bytes: new Uint8Array(builtinModule<typeof Fs>('node:fs')!.readFileSync(path)) };
  } catch (error) {
    if (paths === undefined) return undefined;
    throw notThere(url, (error as Error).message, error);
  }
}

/** Starts tfjs's backend from the build's bytes, with a shared memory where that is possible. */
export async function startFrom(
  module: TfjsModule,
  { url, bytes }: Binary,
  start: () => Promise<boolean>,
): Promise<boolean> {
  if (canShare()) shareMemory(bytes);
  module.setWasmPaths(allFrom(url), true);
  // tfjs asks its platform for the file: for this one it is here already.
  const platform = tf.env().platform;
  const fetchOther = platform.fetch;
  platform.fetch = (path, init) =>
    path === url ? Promise.resolve(new Response(bytes)) : fetchOther.call(platform, path, init);
  try {
    return await start();
  } finally {
    platform.fetch = fetchOther;
  }
}

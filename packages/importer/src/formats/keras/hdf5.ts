// HDF5 files, read by the HDF Group's own C library compiled to WebAssembly (h5wasm), which is loaded when the first one is
// opened.
import type * as Library from 'h5wasm';
import type { Dataset, File as H5, Group } from 'h5wasm';
import { BitgradError, reasonOf } from '@bitgrad/bits';
import { check, failure } from '../../fail.js';
import { sizeOf, tensorOf, type Tensor } from '../../graph.js';
import type { ImportLimits } from '../../limits.js';

/** An open file. What is not there is undefined; what is there and cannot be read is an error. */
export interface Hdf5 {
  /** An attribute of text. */
  text(path: string, name: string): string | undefined;
  /** An attribute that is a list of texts. */
  texts(path: string, name: string): readonly string[] | undefined;
  /** Names in a group. */
  keys(path: string): readonly string[] | undefined;
  tensor(path: string): Tensor | undefined;
}

/** Whether bytes are an HDF5 file: its signature. */
export const isHdf5 = (bytes: Uint8Array): boolean =>
  [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, i) => bytes[i] === byte);

let loaded: Promise<typeof Library> | undefined;
let instances = 0;

/** After it has crashed, a WebAssembly module's memory and stack are as the crash left them. */
const noteCrash = (cause: unknown): void => {
  if (cause instanceof WebAssembly.RuntimeError) loaded = undefined;
};

/** The library; after a crash another instance of it, which Node makes of another address of the same file. */
const load = (): Promise<typeof Library> =>
  (loaded ??= (() => {
    if (instances++ === 0) return import('h5wasm');
    const address = typeof import.meta.resolve === 'function' ? import.meta.resolve('h5wasm') : '';
    check(address.startsWith('file:'), 'HDF5 library', 'crashed on an earlier file', 'a process, or a page, that is started anew', 'invalid-state'); // prettier-ignore
    return import(/* @vite-ignore */ /* webpackIgnore: true */ `${address}?${instances}`) as Promise<
      typeof Library
    >;
  })());

/** Runs a reading of the library, whose own errors become one of ours. */
function reading<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    noteCrash(cause);
    if (cause instanceof BitgradError) throw cause;
    throw failure('invalid-file', {
      what: `${what} of the HDF5 file cannot be read`,
      got: reasonOf(cause),
      next: 'Save the model again, or check that the file is whole.',
      cause,
    });
  }
}

interface Entries {
  Dataset: Dataset;
  Group: Group;
}

/** What is at a path, where it is of a kind; undefined where nothing is, and where the library cannot say. */
function entry<K extends keyof Entries>(file: H5, path: string, kind: K): Entries[K] | undefined {
  try {
    const found = file.get(path);
    return found && 'type' in found && String(found.type) === kind ? (found as Entries[K]) : undefined;
  } catch (cause) {
    noteCrash(cause);
    return undefined;
  }
}

const numeric = /^[<>=|]?[fdbhilqBHILQe]\d?$/;

function tensorIn(file: H5, path: string, limits: ImportLimits): Tensor | undefined {
  const dataset = entry(file, path, 'Dataset');
  if (!dataset) return undefined;
  const { shape, dtype } = dataset;
  check(Array.isArray(shape) && shape.length <= 8, `shape of "${path}"`, shape, 'at most 8 axes');
  check(typeof dtype === 'string' && numeric.test(dtype), `type of "${path}"`, dtype, 'numbers'); // prettier-ignore
  const count = sizeOf(shape);
  check(count <= limits.elements, `elements of "${path}"`, count, `at most ${limits.elements}`, 'limit-exceeded'); // prettier-ignore
  const value = dataset.value as ArrayLike<number | bigint> | number | bigint;
  const list = typeof value === 'object' ? value : [value];
  check(list !== null && list.length === count, `numbers of "${path}"`, list?.length, String(count));
  const data = Float64Array.from(list, Number);
  check(data.every(Number.isFinite), `numbers of "${path}"`, 'infinity or NaN', 'finite ones');
  return tensorOf(shape, data);
}

/** Opens a file, calls back with it, and closes it. */
export async function withHdf5<T>(
  bytes: Uint8Array,
  limits: ImportLimits,
  use: (file: Hdf5) => T,
): Promise<T> {
  check(isHdf5(bytes), 'first bytes of the file', [...bytes.subarray(0, 8)], 'the signature of HDF5');
  const { default: h5wasm } = await load();
  const library = await h5wasm.ready;
  const { FS } = library;
  // No await from here on: one file at a time is open under this name.
  const name = '/bitgrad-import.h5';
  let file: H5 | undefined;
  // Errors of the library as exceptions, in place of lines on the console.
  library.activate_throwing_error_handler();
  try {
    return reading('content', () => {
      FS.writeFile(name, bytes);
      const open = new h5wasm.File(name, 'r');
      file = open;
      check(open.file_id >= 0n, 'HDF5 file', 'no root group', 'a whole file');
      const value = (path: string, attribute: string): unknown =>
        reading(
          `attribute "${attribute}" of "${path}"`,
          () => entry(open, path, 'Group')?.attrs[attribute]?.value,
        );
      return use({
        text(path, attribute) {
          const found = value(path, attribute);
          if (found === undefined) return undefined;
          const text = found instanceof Uint8Array ? new TextDecoder().decode(found) : Array.isArray(found) && found.length === 1 ? found[0] as unknown : found; // prettier-ignore
          check(typeof text === 'string', `attribute "${attribute}" of "${path}"`, text, 'text');
          return text;
        },
        texts(path, attribute) {
          const found = value(path, attribute);
          if (found === undefined) return undefined;
          const list: unknown[] = Array.isArray(found) ? found : typeof found === 'string' ? [found] : [...(found as Iterable<unknown>)]; // prettier-ignore
          check(list.every((v) => typeof v === 'string'), `attribute "${attribute}" of "${path}"`, list, 'a list of texts'); // prettier-ignore
          return list as string[];
        },
        keys: (path) => reading(`"${path}"`, () => entry(open, path, 'Group')?.keys()),
        tensor: (path) => reading(`"${path}"`, () => tensorIn(open, path, limits)),
      });
    });
  } finally {
    try {
      file?.close();
      FS.unlink(name);
      library.deactivate_throwing_error_handler();
    } catch (cause) {
      // A file that cannot be opened has nothing to close.
      noteCrash(cause);
    }
  }
}

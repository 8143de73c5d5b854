// Modules that the caller gives (`wasmEngine({ module })`), for hosts that compile WebAssembly ahead of time only. Loaded where
// one is given; what the engine has already is passed in, so that bundlers keep this file apart.
import type * as Files from 'node:fs';
import type { within } from '@bitgrad/bits';
import type { builtinModule } from '../host.js';
import type { failure } from './errors.js';
import type { Target } from './program.js';

/** What {@link wasmEngine} takes as `module`. */
export type ModuleSource = WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer> | URL | string;

/** A module of this package. */
export interface GivenModule {
  readonly module: WebAssembly.Module;
  readonly variant: Target['variant'];
  /** Whether it imports shared memory, which threads need. */
  readonly shared: boolean;
}

/** Replaced by the build: which kernels the files of this build have (tsup.config.ts). */
declare const BITGRAD_KERNELS: string | undefined;

/** The name of the section in which a published file says what it is, and which kernels it has. */
export const sectionName = 'bitgrad';
export const kernelsId = typeof BITGRAD_KERNELS === 'string' ? BITGRAD_KERNELS : 'source';

/** The published files without `.wasm`. */
export const moduleNames = [
  'scalar',
  'simd',
  'simd-threads',
  'relaxed-simd',
  'relaxed-simd-threads',
] as const;

/** What reading needs of the engine. */
export interface ReadOptions {
  readonly sharedMemory: boolean;
  readonly startMs: number;
  readonly within: typeof within;
  readonly failure: typeof failure;
  readonly builtinModule: typeof builtinModule;
}

const file = 'one of the files scalar.wasm, simd.wasm, ... of @bitgrad/backend-wasm';

async function download(
  source: URL | string,
  { failure, builtinModule }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const files = /^file:/i.test(String(source)) && builtinModule<typeof Files>('node:fs');
  if (files) return Uint8Array.from(await files.promises.readFile(new URL(source)));
  const response = await fetch(source);
  if (!response.ok) throw failure('io', { what: `the server answers ${response.status}` });
  return new Uint8Array(await response.arrayBuffer());
}

const kindOf = (source: ModuleSource): string => Object.prototype.toString.call(source).slice(8, -1);
const isAddress = (source: ModuleSource): source is string | URL =>
  ['String', 'URL'].includes(kindOf(source));

/** Downloads and compiles what is no module yet. */
async function compiled(source: ModuleSource, options: ReadOptions): Promise<WebAssembly.Module> {
  if (kindOf(source) === 'WebAssembly.Module') return source as WebAssembly.Module;
  const { startMs, within, failure } = options;
  const address = isAddress(source) ? source : undefined;
  try {
    const bytes = address
      ? await within(startMs, download(address, options), () => new Error(`silent for ${startMs} ms`))
      : (source as BufferSource);
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw failure('backend-unavailable', {
      what: `the module of the WebAssembly engine (${(cause as Error).message})`,
      got: address && String(address),
      next: `Give ${file}; where compiling is forbidden, as a WebAssembly.Module that the host has compiled.`,
      cause,
    });
  }
}

/**
 * The module that a caller gave, compiled and known.
 * @throws BitgradError `backend-unavailable` for what cannot be read, compiled or run here, `invalid-option` for another module or one
 *   of another version of this package
 */
export async function readModule(source: ModuleSource, options: ReadOptions): Promise<GivenModule> {
  const module = await compiled(source, options);
  const [section] = WebAssembly.Module.customSections(module, sectionName);
  const [name = '', kernels] = String.fromCharCode(...new Uint8Array(section ?? [])).split(' ');
  if (!moduleNames.includes(name as never) || kernels !== kernelsId)
    throw options.failure('invalid-option', {
      what: 'module',
      got: section ? `the kernels of another version (${name})` : 'another module',
      expected: `${file}, of the version that is imported`,
    });
  const shared = name.endsWith('-threads');
  if (shared && !options.sharedMemory)
    throw options.failure('backend-unavailable', {
      what: `shared memory for ${name}.wasm`,
      got: 'none, as the page is not cross-origin isolated',
      next: `Give ${name.replace('-threads', '')}.wasm, or isolate the page.`,
    });
  return {
    module,
    variant: name.replace('-threads', '') as Target['variant'],
    shared,
  };
}

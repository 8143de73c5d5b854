// bitgrad's engines as contenders, in this process or in a child that has relaxed SIMD (behind a flag in Node 20).
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nativeEngine } from '@bitgrad/backend-native/engine';
import { wasmEngine, type WasmEngineOptions } from '@bitgrad/backend-wasm/engine';
import { BitgradError, createRng, within } from '@bitgrad/core';
import { decodeModel, elementCount, jsEngine, type Engine } from '@bitgrad/runtime';
import { sourceFlags } from '../source-flags.js';
import { timeFor, type Contender, type Prepared, type Sample } from './contender.js';
import type { FloatNet } from './float.js';
import { extraLayers, type PackedFiles } from './packed-models.js';

/** An engine by what can be sent to another process. */
export interface EngineChoice {
  readonly name: 'js' | 'wasm' | 'native';
  readonly variant?: WasmEngineOptions['variant'];
  readonly threads: number;
}

const engines: Readonly<Record<EngineChoice['name'], (choice: EngineChoice) => Engine>> = {
  js: jsEngine,
  native: () => nativeEngine(),
  wasm: ({ variant }) => wasmEngine(variant ? { variant } : {}),
};

/** A file on an engine, with a batch of examples. */
async function prepareFile(file: Uint8Array, choice: EngineChoice, batch = 1) {
  const model = decodeModel(file);
  const executable = await engines[choice.name](choice).compile(model, { threads: choice.threads });
  const { type, shape } = model.plan.buffers[model.plan.input]!;
  const rng = createRng(1);
  const length = batch * elementCount(shape);
  const input =
    type === 'u8'
      ? Uint8Array.from({ length }, () => rng.integer(256))
      : Float32Array.from({ length }, () => rng.normal());
  const output = executable.run(input);
  return { executable, run: () => executable.run(input, output) };
}

/** Prepares files on an engine of this process. */
export async function preparePacked(files: PackedFiles, choice: EngineChoice): Promise<Prepared> {
  const whole = await prepareFile(files.whole, choice, files.batch);
  const part = files.part && (await prepareFile(files.part, choice));
  const { variant, threads, weightBytes, arenaBytes } = whole.executable.report();
  if (threads !== choice.threads)
    throw new BitgradError({
      code: 'backend-unavailable',
      source: 'bench',
      what: `threads of engine ${choice.name}`,
      got: String(threads),
      expected: String(choice.threads),
    });
  return {
    details: { fileBytes: files.whole.length, weightBytes, arenaBytes, ...(variant ? { variant } : {}) },
    async measure(ms) {
      if (!part) return timeFor(ms, whole.run);
      // A long and a short chain in turn: the difference is that of whole layers, packed at both ends.
      const samples: Sample[] = [];
      const end = performance.now() + ms;
      do {
        const [[long], [short]] = [await timeFor(0, whole.run), await timeFor(0, part.run)];
        samples.push({
          wallMs: (long!.wallMs - short!.wallMs) / extraLayers,
          cpuMs: (long!.cpuMs - short!.cpuMs) / extraLayers,
        });
      } while (performance.now() < end);
      return samples;
    },
    dispose() {
      whole.executable.dispose();
      part?.executable.dispose();
    },
  };
}

/** A contender of this process. */
export const localPacked = (
  engine: string,
  choice: EngineChoice,
  filesOf: (net: FloatNet) => Promise<PackedFiles>,
): Contender => ({
  engine,
  threads: choice.threads,
  prepare: async (net) => preparePacked(await filesOf(net), choice),
});

/** Requests to the child, answered in order. */
export type ChildRequest =
  | { readonly type: 'prepare'; readonly files: PackedFiles; readonly choice: EngineChoice }
  | { readonly type: 'measure'; readonly ms: number }
  | { readonly type: 'dispose' };

/** The child's answers. */
export type ChildAnswer =
  | { readonly type: 'ready'; readonly details: Prepared['details'] }
  | { readonly type: 'samples'; readonly samples: Sample[] }
  | { readonly type: 'error'; readonly message: string };

/** A child that does not answer for so long hangs: it prepares in seconds. */
const silenceMs = 10 * 60_000;

const lost = (what: string): BitgradError =>
  new BitgradError({
    code: 'backend-unavailable',
    source: 'bench',
    what: `process with relaxed SIMD ${what}`,
  });

const ask = (child: ChildProcess, request: ChildRequest): Promise<ChildAnswer> =>
  within(silenceMs, askOnce(child, request), () =>
    lost(`gave no answer within ${silenceMs / 60_000} minutes`),
  );

const askOnce = (child: ChildProcess, request: ChildRequest): Promise<ChildAnswer> =>
  new Promise((resolve, reject) => {
    const gone = (code: number | null): void => reject(lost(`ended with ${code}`));
    child.once('exit', gone);
    child.once('message', (answer: ChildAnswer) => {
      child.off('exit', gone);
      if (answer.type === 'error')
        reject(new BitgradError({ code: 'backend-unavailable', source: 'bench', what: answer.message }));
      else resolve(answer);
    });
    child.send(request);
  });

/** A contender in a process of its own, started with flags of Node. */
export const remotePacked = (
  engine: string,
  choice: EngineChoice,
  filesOf: (net: FloatNet) => Promise<PackedFiles>,
  flags: readonly string[],
): Contender => ({
  engine,
  threads: choice.threads,
  async prepare(net) {
    const files = await filesOf(net);
    const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), {
      execArgv: [...flags, ...sourceFlags],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    try {
      const ready = await ask(child, { type: 'prepare', files, choice });
      return {
        details: ready.type === 'ready' ? ready.details : {},
        async measure(ms) {
          const answer = await ask(child, { type: 'measure', ms });
          return answer.type === 'samples' ? answer.samples : [];
        },
        dispose: () => void child.kill(),
      };
    } catch (error) {
      child.kill();
      throw error;
    }
  },
});

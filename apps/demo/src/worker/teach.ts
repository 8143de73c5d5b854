// Words of one's own, taught in the worker: from the latent weights of the network that knows the digits, or from nothing.
import '@tensorflow/tfjs-layers';
import modelUrl from '@bitgrad/zoo/models/spoken-digits/latent/model.json?url';
import weightsUrl from '@bitgrad/zoo/models/spoken-digits/latent/weights.bin?url';
import infoUrl from '@bitgrad/zoo/models/spoken-digits/latent/bitgrad.json?url';
import { use, type JsonObject, type SoundSettings } from '@bitgrad/core';
import { datasetFromSounds, type Dataset, type LabelledSound } from '@bitgrad/datasets';
import { fdaPlugin } from '@bitgrad/quantizer-fda';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { modelOf, openRun, type Run } from '@bitgrad/recipe';
import { finishRun } from './finish.js';
import type { TeachCommand, TeachMessage } from './protocol.js';
import { wasmAdapter } from './start-wasm.js';

/** What examples of a word are made of its takes, about. */
const examplesOfWord = 240;
const noises = 240;
/** Of each word's takes, one in so many is for testing: the third, the eighth and so on. */
const testEvery = 5;

/** Takes of words and background as examples; every word has one for testing. */
function examplesOf({ words, background }: TeachCommand, sound: SoundSettings): Dataset {
  const classes = [...words.map(({ name }) => name), '_background_'];
  const [train, test]: [LabelledSound[], LabelledSound[]] = [[], []];
  for (const [label, { takes }] of words.entries())
    takes.forEach((take, i) => (i % testEvery === 2 ? test : train).push({ ...take, label }));
  for (const take of background) train.push({ ...take, label: words.length });
  const count = words.reduce((sum, { takes }) => sum + takes.length, 0);
  const copies = Math.max(4, Math.min(40, Math.round((examplesOfWord * words.length) / count)));
  return datasetFromSounds('my-words', classes, { train, test }, { sound, copies, noises, seed: 1 });
}

async function fetched(url: string): Promise<Uint8Array> {
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });
  if (!response.ok) throw new Error(`The weights to start from could not be fetched: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** What a run is opened with, so that it starts where another ended. */
interface Start {
  readonly recipe: { model: string; modelOptions?: JsonObject; freeze?: string };
  readonly initial?: () => ReturnType<typeof modelOf>;
  readonly sound: SoundSettings;
}

/** Layers with weights that train where only the last do: a convolution, its normalization, and that of the logits. */
const lastLayers = 3;

interface Info {
  readonly options: { readonly model: string; readonly modelOptions: JsonObject };
  readonly sound: SoundSettings;
}
interface Topology {
  readonly modelTopology: { readonly config: { readonly layers: readonly { readonly name: string }[] } };
  readonly weightsManifest: readonly { readonly weights: readonly { readonly name: string }[] }[];
}

async function startOf(from: TeachCommand['from']): Promise<Start> {
  const [info, model, weights] = await Promise.all([infoUrl, modelUrl, weightsUrl].map(fetched));
  const { options, sound } = JSON.parse(new TextDecoder().decode(info)) as Info;
  const recipe = { model: options.model, modelOptions: options.modelOptions };
  if (from === 'nothing') return { recipe, sound };
  const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(model)) as Topology;
  const weighed = new Set(
    weightsManifest.flatMap((group) => group.weights.map(({ name }) => name.split('/')[0]!)),
  );
  const layers = modelTopology.config.layers.map(({ name }) => name).filter((name) => weighed.has(name));
  const freeze = from === 'last' ? { freeze: layers.slice(0, -lastLayers).join() } : {};
  const files = new Map([['model.json', model!], ['weights.bin', weights!]]); // prettier-ignore
  return { recipe: { ...recipe, ...freeze }, initial: () => modelOf('the spoken digits', files), sound };
}

/** Teaches, and packs what was learnt; says how far it is. */
export async function teach(command: TeachCommand, send: (message: TeachMessage) => void): Promise<void> {
  const phase = (text: string, share: number): void => send({ type: 'phase', text, share });
  let run: Run | undefined;
  try {
    use(stePlugin, fdaPlugin);
    phase('Fetching the weights that it starts from', 0);
    const { recipe, initial, sound } = await startOf(command.from);
    phase('Making examples of the takes', 0.03);
    const dataset = examplesOf(command, sound);
    const { epochs } = command;
    const settings = { ...recipe, quantizer: 'ste', epochs, batch: 32, lr: 0.003, seed: 1, backend: 'wasm' };
    phase('Starting the backend and building the network', 0.08);
    run = await openRun(settings, {
      backends: [{ name: 'wasm', load: () => wasmAdapter(1) }],
      dataset,
      initial,
      trainer: { yieldEveryMs: 60, evaluateEvery: epochs },
    });
    const { totalSteps } = run.progress();
    await run.train({
      onEvent: (event) => {
        if (event.type !== 'step') return;
        const text = `Training: epoch ${event.epoch + 1} of ${epochs}, ${Math.round(100 * (event.accuracy ?? 0))} % of its examples right`;
        phase(text, 0.1 + (0.85 * event.step) / totalSteps);
      },
    });
    phase('Packing into bits, and comparing', 0.95);
    send({ type: 'taught', result: await finishRun(run) });
  } catch (error) {
    send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  } finally {
    await run?.dispose();
  }
}

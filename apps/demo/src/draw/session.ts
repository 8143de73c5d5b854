// State of the Draw page: the strokes or the picture, the model on the chosen engine, and the last answer. Signals and functions, so
// that a model that was trained on the Train page appears here without the page being open.
import { computed, effect, signal } from '@preact/signals';
import {
  imageInput,
  loadModel,
  topClasses,
  type CanvasLike,
  type ClassScore,
  type InputArray,
  type Model,
  type ModelReport,
  type Pixels,
} from '@bitgrad/runtime';
import { median } from '../shared/format.js';
import { drawFile, messageOf, shippedModel, type ModelFile } from '../shared/state.js';
import { engineChoices, probe, type Availability } from './engines.js';
import { inputKind } from './input-kind.js';
import { imageSide, rasterizeStrokes, type Stroke } from './strokes.js';

/** The drawing. */
export const strokes = signal<readonly Stroke[]>([]);
/** The drawing as the network sees it: uint8 [28, 28]. */
export const image = computed(() => rasterizeStrokes(strokes.value));

/** A picture for models that take no drawings. */
export interface Photo {
  readonly pixels: Pixels | CanvasLike;
}
/** The picture; null before the first. */
export const photo = signal<Photo | null>(null);

/** Id of the engine in use, or asked for. */
export const engineId = signal('wasm');
/** What is known of each engine. */
export const availability = signal<Readonly<Record<string, Availability>>>({});

/** The model as it runs now. */
export interface Loaded {
  readonly file: ModelFile;
  readonly model: Model;
  readonly report: ModelReport;
  readonly engineId: string;
}
/** Null while it is being loaded. */
export const loaded = signal<Loaded | null>(null);
/** What the model is given; a drawing until it is there. */
export const kind = computed(() => (loaded.value ? inputKind(loaded.value.model) : 'drawing'));
/** What there is to give it; null when there is nothing yet. */
const given = computed(() => {
  if (kind.value === 'drawing') return strokes.value.length > 0 ? strokes.value : null;
  return kind.value === 'picture' ? photo.value : null;
});

/** Bytes of a model's input. */
interface Seen {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1, 3 or 4. */
  readonly channels: number;
}
const drawingSeen = computed<Seen>(() => ({
  bytes: image.value,
  width: imageSide,
  height: imageSide,
  channels: 1,
}));
const photoSeen = signal<Seen | null>(null);
/** What the network sees; null before the first picture. */
export const seen = computed(() => (kind.value === 'drawing' ? drawingSeen.value : photoSeen.value));

/** Why there is no model, in words. */
export const problem = signal<string | null>(null);

/** Classes of the last answer, best first, in the model's order of logits. */
export interface Answer {
  readonly scores: readonly ClassScore[];
  readonly logits: readonly number[];
  /** What was asked, and of what. */
  readonly of: readonly Stroke[] | Photo;
  readonly by: Loaded;
}
/** Null without a drawing or a picture. */
export const answer = signal<Answer | null>(null);
/** True when the answer is that of the present drawing or picture, engine and model. */
export const settled = computed(() => answer.value?.of === given.value && answer.value?.by === loaded.value);
/** Times of the last inferences in milliseconds; the median is shown. */
const times = signal<readonly number[]>([]);
/** Median time of an inference on this engine in milliseconds; NaN before the first. */
export const latency = computed(() => median(times.value));

let sequence = 0;

/** Loads the model onto the engine; a newer call wins. */
async function reload(file: ModelFile | null, id: string): Promise<void> {
  const turn = ++sequence;
  problem.value = null;
  try {
    const source = file ?? (await shippedModel());
    const choice = engineChoices.find((engine) => engine.id === id) ?? engineChoices[0]!;
    const blocked = choice.blocked?.();
    if (blocked) throw new Error(blocked);
    const engine = await choice.load();
    const model = await loadModel(source.bytes, { engine, threads: choice.threads });
    if (turn !== sequence) return model.dispose();
    const previous = loaded.value?.model;
    await idle;
    loaded.value = { file: source, model, report: model.report(), engineId: id };
    previous?.dispose();
    times.value = [];
    predict();
  } catch (error) {
    if (turn === sequence) problem.value = messageOf(error);
  }
}

/** Resolves when no inference runs; inferences do not overlap. */
let idle: Promise<void> = Promise.resolve();
let wanted = false;

/** The model's input of what it is given. */
function inputOf({ model }: Loaded, what: readonly Stroke[] | Photo): InputArray {
  if (!('pixels' in what))
    return imageInput({ data: image.value, width: imageSide, height: imageSide }, model);
  const { input, metadata } = model;
  const [height, width, channels] = input.shape as readonly [number, number, number];
  const bytes = imageInput(what.pixels, { input: { ...input, type: 'u8' }, metadata }) as Uint8Array;
  photoSeen.value = { bytes, width, height, channels };
  return input.type === 'u8' ? bytes : imageInput(what.pixels, model);
}

/** Runs the network on what it is given, soon; calls while one runs are joined. */
export function predict(): void {
  if (wanted) return;
  wanted = true;
  idle = idle.then(async () => {
    wanted = false;
    const now = loaded.value;
    if (!now) return;
    const what = given.value;
    if (!what) {
      answer.value = null;
      return;
    }
    try {
      const input = inputOf(now, what);
      const started = performance.now();
      const logits = await now.model.predict(input);
      const took = performance.now() - started;
      if (now !== loaded.value) return;
      times.value = [...times.value.slice(-30), took];
      const scores = topClasses(logits, now.model, logits.length);
      answer.value = { scores, logits: Array.from(logits), of: what, by: now };
    } catch (error) {
      problem.value = messageOf(error);
    }
  });
}

let started = false;

/** Starts once: probes the engines and loads the model; follows the choice of engine and file from then on. */
export function start(): void {
  if (started) return;
  started = true;
  effect(() => void reload(drawFile.value, engineId.value));
  effect(() => {
    void given.value;
    predict();
  });
}

/** Asks the engines that are not known yet; they load code, so this waits until the page has painted. */
export async function probeAll(): Promise<void> {
  for (const choice of engineChoices) {
    if (availability.value[choice.id]) continue;
    const result = await probe(choice);
    availability.value = { ...availability.value, [choice.id]: result };
  }
}

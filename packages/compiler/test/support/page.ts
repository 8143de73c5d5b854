// What the browser test runs in a page and in a worker: a compiled file through the runtime, as an application does it.
import { imageInput, jsEngine, loadModel, topClasses, type Model } from '@bitgrad/runtime';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';

/** What is compared with Node. */
export interface PageResult {
  readonly engine: string;
  readonly threads: number;
  readonly isolated: boolean;
  /** Logits as the integers that hold their bits. */
  readonly bits: number[];
  readonly best: string;
}

const open = (url: string, engine: 'js' | 'wasm', threads: number): Promise<Model> =>
  loadModel(url, { engine: engine === 'js' ? jsEngine() : [wasmEngine(), jsEngine()], threads });

/** Runs images, given as bytes, and a canvas that shows the first. */
export async function predict(
  url: string,
  engine: 'js' | 'wasm',
  threads: number,
  bytes: number[],
): Promise<PageResult> {
  const model = await open(url, engine, threads);
  const output = await model.predict(Uint8Array.from(bytes));
  const [height, width] = model.input.shape as [number, number, number];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set([bytes[i]!, bytes[i]!, bytes[i]!, 255], 4 * i);
  context.putImageData(image, 0, 0);
  const logits = await model.predict(imageInput(canvas, model));
  const { engine: name, threads: used } = model.report();
  model.dispose();
  return {
    engine: name,
    threads: used,
    isolated: globalThis.crossOriginIsolated,
    bits: [...new Int32Array(output.buffer as ArrayBuffer)],
    best: topClasses(logits, model, 1)[0]!.name,
  };
}

/** The same in a worker. */
export const predictInWorker = (...args: Parameters<typeof predict>): Promise<PageResult> =>
  new Promise((resolve, reject) => {
    const worker = new Worker('/worker.js');
    worker.onmessage = ({ data }) => {
      worker.terminate();
      if (data.error) reject(new EvalError(data.error));
      else resolve(data.result);
    };
    worker.onerror = ({ message }) => reject(new EvalError(message));
    worker.postMessage(args);
  });

const memories: WebAssembly.Memory[] = [];
let held: { model: Model; input: Uint8Array; output: Float32Array } | undefined;

/** Prepares a model whose WebAssembly memories are watched. */
export async function hold(url: string): Promise<void> {
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.push(this);
    }
  };
  const model = await open(url, 'wasm', 1);
  WebAssembly.Memory = Memory;
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  held = { model, input: new Uint8Array(size(model.input.shape)).fill(99), output: new Float32Array(size(model.output.shape)) }; // prettier-ignore
}

/** Runs it again and again; gives the bytes of its WebAssembly memories. */
export function runMany(times: number): number {
  const { model, input, output } = held!;
  for (let i = 0; i < times; i++) {
    input[i % input.length] = i & 255;
    model.predictSync(input, output);
  }
  return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

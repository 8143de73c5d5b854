// The table of the repository's README: the figures of docs/results that a newcomer asks for first.
import type { MethodRow } from '../aggregate.js';
import { rowOf, type InferenceRow } from '../inference/compare.js';
import type { TrainingRow } from '../training/command.js';
import { kilobytes, table } from './markdown.js';

/** What the figures are taken from: the kept runs of `mnist-tfc` and `mnist-cnn`, and the two speed benchmarks. */
export interface HeadlineSources {
  readonly training: readonly TrainingRow[];
  readonly inference: readonly InferenceRow[];
  readonly tfc: readonly MethodRow[];
  readonly cnn: readonly MethodRow[];
}

/** A published accuracy: FINN's TFC_1W1A as trained with Brevitas, by its repository's table. */
const BREVITAS_TFC = 93.17;

/** Three significant digits. */
const figure = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en-US');

/** `bitgrad | peers` for each figure. */
export function headline({ training, inference, tfc, cnn }: HeadlineSources): string {
  const speed = (net: string, runner: string): string => {
    const row = training.find((r) => r.net === net && r.runner === runner);
    return row ? figure(row.imagesPerSecond) : '-';
  };
  const torch = training.find(({ runner }) => runner === 'pytorch-1')?.detail;
  const torchVersion = /PyTorch \d+\.\d+/.exec(torch ?? '')?.[0] ?? 'PyTorch';
  const trains = (what: string, net: string): string[] => [
    `training ${what}, 1 thread, img/s`,
    `native: ${speed(net, 'bitgrad-native-1')}; WebAssembly: ${speed(net, 'bitgrad-wasm-1')}`,
    `${torchVersion}: ${speed(net, 'pytorch-1')}; TensorFlow.js wasm with a patch: ${speed(net, 'tfjs-wasm-patched')}`,
  ];
  const time = (net: string, engine: string): string => {
    const median = rowOf(inference, net, engine)?.medianMs ?? null;
    return median === null ? '-' : `${figure(median)} ms`;
  };
  const runs = (what: string, net: string): string[] => [
    `${what}, one image, 1 thread`,
    `native: ${time(net, 'bitgrad-native')}; WebAssembly, relaxed SIMD: ${time(net, 'bitgrad-wasm-relaxed')}`,
    `onnxruntime-node int8: ${time(net, 'ort-node-int8')}; onnxruntime-web int8: ${time(net, 'ort-web-int8')}; TensorFlow.js wasm: ${time(net, 'tfjs-wasm')}`,
  ];
  const accuracy = (label: string): string => {
    const row = tfc.find((r) => r.label === label);
    return row ? `${row.hardened.mean.toFixed(1)} % (\`${label}\`)` : '-';
  };
  const packed = cnn.find(({ packedBytes }) => packedBytes !== null);
  return table(
    ['', 'bitgrad', 'peer'],
    [
      [
        "FINN's TFC (784-64-64-64-10, all of 1 bit) on MNIST, mean of seeds",
        ['fda', 'pc', 'ste'].map(accuracy).join(', '),
        `Brevitas, published: ${BREVITAS_TFC.toFixed(1)} %`,
      ],
      trains('the CNN on MNIST shapes', 'cnn'),
      trains('VGG-small on CIFAR shapes', 'vgg-small'),
      runs('VGG-small', 'vgg-small'),
      runs('Bi-Real Net 18 at 224 x 224', 'birealnet18'),
      [
        "the CNN's file, with everything it needs",
        kilobytes(packed?.packedBytes ?? null),
        `float32 weights: ${kilobytes(packed?.floatBytes ?? null)}`,
      ],
    ],
  );
}

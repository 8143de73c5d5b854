// The nets and runners of the training benchmark.

/** A net with the input it is measured on. */
export interface Net {
  readonly name: string;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly batch: number;
  /** Factor on the channels; 1 when absent. */
  readonly width?: number;
}

/** Measured nets: the reference CNN on MNIST shapes, VGG-small and ResNet-20 on CIFAR shapes. */
export const nets: readonly Net[] = [
  { name: 'cnn', shape: [28, 28, 1], batch: 64 },
  { name: 'vgg-small', shape: [32, 32, 3], batch: 16 },
  { name: 'resnet20', shape: [32, 32, 3], batch: 64 },
];

/** Number of classes of every net. */
export const CLASSES = 10;

/** Who trains: stock tfjs with a naive filter gradient, bitgrad, and PyTorch in the form that is fastest on the net. */
export const runners = {
  'tfjs-wasm-patched': { kind: 'tfjs', threads: 1 },
  'bitgrad-wasm-1': { kind: 'wasm', threads: 1 },
  'bitgrad-wasm-2': { kind: 'wasm', threads: 2 },
  'bitgrad-native-1': { kind: 'native', threads: 1 },
  'bitgrad-native-2': { kind: 'native', threads: 2 },
  'pytorch-1': { kind: 'pytorch', threads: 1 },
  'pytorch-2': { kind: 'pytorch', threads: 2 },
} as const;

/** A runner's name. */
export type RunnerName = keyof typeof runners;

/** The names, in the order in which they take turns. */
export const runnerNames = Object.keys(runners) as RunnerName[];

/** Milliseconds of one step by part. */
export interface StepTimes {
  readonly forward: number;
  readonly backward: number;
  readonly optimizer: number;
}

/** A runner tells this when asked. */
export type RunnerMessage =
  | { readonly type: 'ready'; readonly detail: string }
  | {
      readonly type: 'steps';
      readonly times: readonly StepTimes[];
      readonly losses: readonly number[];
      readonly peakBytes: number;
      readonly kernels: Readonly<Record<string, number>>;
    }
  | { readonly type: 'memory'; readonly memory: MemoryGrowth }
  | { readonly type: 'error'; readonly message: string };

/** What a runner is asked for. */
export type RunnerRequest =
  { readonly type: 'steps'; readonly count: number } | { readonly type: 'memory'; readonly steps: number };

/** Memory before and after a long run. */
export interface MemoryGrowth {
  readonly steps: number;
  readonly tensors: readonly [before: number, after: number];
  readonly heapBytes: readonly [before: number, after: number];
}

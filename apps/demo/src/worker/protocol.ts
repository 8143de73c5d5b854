// What the page and its tfjs worker say to each other, and the run that is kept in IndexedDB.
import type { JsonObject } from '@bitgrad/core';
import type { Recording } from '@bitgrad/datasets';
import type { BackendId, BackendState } from '../shared/backends.js';

/** Asks the float twin for an answer. */
export interface FloatRequest {
  /** uint8 [28, 28]. */
  readonly image: Uint8Array;
  /** Address of the page, where the weights lie. */
  readonly base: string;
}
/** Digit, time of the inference in milliseconds and bytes of the weights; or what went wrong. */
export type FloatReply =
  | { readonly digit: number; readonly ms: number; readonly bytes: number; readonly backend: string }
  | { readonly error: string };

/** A quantizer: registered, or made of the visitor's formula with sign or with its own integral as forward. */
export type QuantizerChoice =
  | { readonly kind: 'registered'; readonly name: string; readonly options: JsonObject }
  | { readonly kind: 'formula'; readonly formula: string; readonly forward: 'sign' | 'integral' };

/** All that decides a run, as plain data. */
export interface TrainSettings {
  /** `classes` are files as well: of pictures that were taken or chosen class by class. */
  readonly data: 'digits' | 'files' | 'classes';
  readonly images: number;
  readonly testImages: number;
  readonly model: string;
  readonly width: number;
  readonly kernel: QuantizerChoice;
  /** Null: the same as the kernel. */
  readonly input: QuantizerChoice | null;
  readonly optimizer: 'adam' | 'sgd' | 'bop';
  readonly learningRate: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly shift: number;
  readonly flip: boolean;
  readonly backend: BackendId;
}

/** Points of the live curves; thinned, never more than a few hundred. Losses are means over the steps between points. */
export interface Curves {
  readonly step: readonly number[];
  readonly loss: readonly number[];
  readonly accuracy: readonly number[];
  readonly flipStep: readonly number[];
  readonly flip: readonly number[];
}

/** Accuracies after an epoch, in [0, 1]. */
export interface EpochPoint {
  readonly step: number;
  readonly epoch: number;
  readonly train: number | null;
  readonly hard: number | null;
  readonly soft: number | null;
}

/** Latent weights of a layer: counts of equal bins over [-limit, limit]; the outer bins hold what is beyond. */
export interface Histogram {
  readonly layer: string;
  readonly limit: number;
  readonly counts: readonly number[];
}

/** The state of a run that the page shows. */
export interface Progress {
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly imagesPerSecond: number;
  readonly etaSeconds: number;
  readonly curves: Curves;
  readonly epochPoints: readonly EpochPoint[];
  readonly tensors: number;
}

/** What came out: the packed file and how it compares. */
export interface TrainResult {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly floatBytes: number;
  /** Shares of the same test images that each gets right. */
  readonly graphAccuracy: number;
  readonly packedAccuracy: number;
  readonly comparedImages: number;
  /** Milliseconds for one image: tfjs and the packed engine, both in the worker. */
  readonly graphMs: number;
  /** The tfjs backend of `graphMs`. */
  readonly graphBackend: string;
  readonly packedMs: number;
  readonly fallbacks: readonly string[];
}

/** Kept in IndexedDB, so that a run survives a reload. */
export interface SavedRun {
  readonly settings: TrainSettings;
  readonly files: readonly File[];
  readonly checkpoint: Uint8Array;
  readonly curves: Curves;
  readonly step: number;
  readonly totalSteps: number;
  /** Estimate of the rest of the run, when it was saved; earlier builds did not save it. */
  readonly secondsLeft?: number | null;
}

/** Key of the saved run in IndexedDB. */
export const savedRunKey = 'bitgrad-run';

/** From the page. */
export type TrainCommand =
  | { readonly type: 'probe' }
  | { readonly type: 'start'; readonly settings: TrainSettings; readonly files: readonly File[] }
  | { readonly type: 'restore' }
  | { readonly type: 'pause' }
  | { readonly type: 'continue' }
  | { readonly type: 'stop' };

/** To the page. */
export type TrainMessage =
  | { readonly type: 'backends'; readonly backends: readonly BackendState[] }
  | { readonly type: 'phase'; readonly phase: Phase; readonly text: string }
  | { readonly type: 'settings'; readonly settings: TrainSettings }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'histograms'; readonly histograms: readonly Histogram[] }
  | { readonly type: 'saved'; readonly step: number }
  | { readonly type: 'result'; readonly result: TrainResult }
  | { readonly type: 'failed'; readonly message: string };

/** Words to teach. */
export interface TeachCommand {
  /** Each with its takes. */
  readonly words: readonly { readonly name: string; readonly takes: readonly Recording[] }[];
  readonly background: readonly Recording[];
  /** What of the network that knows the digits learns; or a new one does. */
  readonly from: 'last' | 'all' | 'nothing';
  readonly epochs: number;
}

/** How it goes; the last one has what was learnt, or why not. */
export type TeachMessage =
  | { readonly type: 'phase'; readonly text: string; readonly share: number }
  | { readonly type: 'taught'; readonly result: TrainResult }
  | { readonly type: 'failed'; readonly message: string };

/** What the worker does. */
export type Phase = 'preparing' | 'training' | 'paused' | 'compiling' | 'done';

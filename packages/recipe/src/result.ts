// The figures of a run.
import { summary } from '@bitgrad/layers';
import type { Run } from './open-run.js';
import type { Done } from './stages.js';

/** What came out of a run so far. Accuracies are shares in [0, 1]; null before the first evaluation. */
export interface RunResult {
  /** Test accuracy of the hardened model, the one that is deployed: the same as `hardenedTestAccuracy`. */
  readonly testAccuracy: number | null;
  readonly hardenedTestAccuracy: number | null;
  readonly softTestAccuracy: number | null;
  /** `softTestAccuracy - hardenedTestAccuracy`. */
  readonly softToHardGap: number | null;
  /** Number of the epoch whose weights were saved, from 0; only of a run with validation images that is at its end. */
  readonly epoch?: number;
  /** Of that epoch, or the last one, on the validation images; only where there are any. */
  readonly validationAccuracy?: number | null;
  readonly validationLoss?: number | null;
  readonly validationImages?: number;
  /** Mean loss on the test images, of the hardened model; of labels that are no classes. */
  readonly testLoss?: number | null;
  readonly trainAccuracy: number | null;
  readonly trainLoss: number | null;
  readonly flipRatio: number | null;
  /** Training throughput; evaluation and pauses not counted. */
  readonly imagesPerSecond: number;
  /** Training time in seconds, over all parts of a resumed run; evaluation and pauses not counted. */
  readonly seconds: number;
  readonly backend: string;
  readonly quantizer: string;
  readonly model: string;
  readonly data: string;
  readonly seed: number;
  readonly epochs: number;
  readonly steps: number;
  readonly batch: number;
  readonly trainImages: number;
  readonly testImages: number;
  /** Deployed weights of every kind. */
  readonly parameters: number;
  /** Those with two levels, one bit each when packed. */
  readonly binaryParameters: number;
  /** Bytes of the weights when packed. */
  readonly packedBytes: number;
  /** How often each own kernel of the backend ran. */
  readonly kernels: Readonly<Record<string, number>>;
  /** False when the run was stopped before its end. */
  readonly finished: boolean;
}

/**
 * The figures of a run's parts.
 * @param done what the stages before did
 * @param finished whether this is the last one, at its end
 */
export function resultOf(
  {
    recipe,
    trainer,
    model,
    backend,
    quantizers,
    data,
  }: Pick<Run, 'recipe' | 'trainer' | 'model' | 'backend' | 'quantizers' | 'data'>,
  done: Done,
  finished: boolean,
): RunResult {
  const { history, final, ...present } = trainer.metrics();
  const [trainSeconds, trainImages] = [
    done.seconds + present.trainSeconds,
    done.images + present.trainImages,
  ];
  const last = final ? history[final.epoch] : history.at(-1);
  const tested = final ?? last;
  const { total } = summary(model);
  return {
    testAccuracy: tested?.hardenedTestAccuracy ?? null,
    hardenedTestAccuracy: tested?.hardenedTestAccuracy ?? null,
    softTestAccuracy: tested?.softTestAccuracy ?? null,
    softToHardGap: tested?.softToHardGap ?? null,
    ...(data.validation && {
      ...(final && { epoch: done.epochs + final.epoch }),
      validationAccuracy: last?.validationAccuracy ?? null,
      validationLoss: last?.validationLoss ?? null,
      validationImages: data.validation.size,
    }),
    ...(data.train.kind && data.train.kind !== 'class' && { testLoss: tested?.testLoss ?? null }),
    trainAccuracy: last?.accuracy ?? null,
    trainLoss: last?.loss ?? null,
    flipRatio: last?.flipRatio ?? null,
    imagesPerSecond: trainSeconds > 0 ? trainImages / trainSeconds : 0,
    seconds: trainSeconds,
    backend: backend.name,
    quantizer: quantizers.label,
    model: recipe.model,
    data: recipe.data,
    seed: recipe.seed,
    epochs: recipe.epochs,
    steps: done.steps + trainer.clock().step,
    batch: recipe.batch,
    trainImages: data.train.size,
    testImages: data.test.size,
    parameters: total.binaryParams + total.lowBitParams + total.floatParams,
    binaryParameters: total.binaryParams,
    packedBytes: total.packedBytes,
    kernels: backend.report(),
    finished,
  };
}

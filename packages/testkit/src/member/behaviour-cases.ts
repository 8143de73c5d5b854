// Cases about tensors rather than values: shape and dtype, inputs left alone, determinism, no leaks.
import * as tf from '@tensorflow/tfjs-core';
import { defineCase, ensure, type ConformanceCase } from '../case.js';
import { expectClose } from '../compare.js';
import { sampleTensor, type Place } from './sites.js';

/** One way to run a subject on a tensor. */
interface Run {
  readonly label: string;
  readonly place: Place;
  /** Gives a new tensor; everything else it makes is disposed. */
  run(x: tf.Tensor): tf.Tensor;
}

/** Calls `visit` with each run of a subject, and disposes what the runs share afterwards. */
export type WithRuns<S> = (subject: S, visit: (run: Run) => void) => void;

const bits = (values: ArrayLike<number>): number[] =>
  Array.from(new Uint32Array(Float32Array.from(values).buffer));

const onSample = <T>({ place }: Run, use: (x: tf.Tensor) => T): T => {
  const x = sampleTensor(place);
  try {
    return use(x);
  } finally {
    if (!x.isDisposed) x.dispose();
  }
};

const valuesOf = (y: tf.Tensor): number[] => {
  const values = [...y.dataSync()];
  y.dispose();
  return values;
};

/** The cases. */
export const behaviourCases = <S>(withRuns: WithRuns<S>): ConformanceCase<S>[] => [
  defineCase('keeps shape and dtype', (subject) => {
    withRuns(subject, (run) =>
      onSample(run, (x) => {
        const y = run.run(x);
        const { shape, dtype } = y;
        y.dispose();
        ensure(
          shape.join() === run.place.shape.join(),
          `shape (${run.label})`,
          shape,
          run.place.shape.join(', '),
        );
        ensure(dtype === 'float32', `dtype (${run.label})`, dtype, 'float32');
      }),
    );
  }),
  defineCase('leaves its input alone', (subject) => {
    withRuns(subject, (run) =>
      onSample(run, (x) => {
        const before = Float32Array.from(x.dataSync());
        run.run(x).dispose();
        ensure(!x.isDisposed, `the input was disposed (${run.label})`);
        expectClose(`the input after the call (${run.label})`, bits(x.dataSync()), bits(before), 0);
      }),
    );
  }),
  defineCase('gives the same output for the same input', (subject) => {
    withRuns(subject, (run) => {
      const [first, second] = [0, 1].map(() => onSample(run, (x) => bits(valuesOf(run.run(x)))));
      expectClose(`bits of a second run (${run.label})`, second!, first!, 0);
    });
  }),
  defineCase('leaks no tensors', (subject) => {
    withRuns(subject, (run) =>
      onSample(run, (x) => {
        const before = tf.memory().numTensors;
        for (let i = 0; i < 3; i++) run.run(x).dispose();
        ensure(
          tf.memory().numTensors === before,
          `tensors after 3 runs (${run.label})`,
          tf.memory().numTensors,
          `${before}, as before`,
        );
      }),
    );
  }),
];

// Option objects of every function of the package: unknown names and bad values are errors that name the known ones.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { constantSchedule } from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import { aroundStep, hardSignForward, muSchedule, proxQuant, reverseProxConnect } from '../src/index.js';

const step = { proximal: hardSignForward(), schedule: constantSchedule() };
const mu = { growth: 'linear', muStart: 0, muEnd: 1, muUntil: 1 };

/** A function of an option object, an option with a typing error, and values that are none. */
const cases: [string, (options: never) => unknown, meant: string, bad: object[]][] = [
  [
    'muSchedule',
    (o) => muSchedule({ ...mu, ...(o as object) } as never),
    'muUntil',
    [{ muUntil: 0 }, { growth: 'cubic' }],
  ],
  ['aroundStep', (o) => aroundStep(tf.train.sgd(1), o), 'before', [{ after: 3 }]],
  [
    'proxQuant',
    (o) => proxQuant({ ...step, ...(o as object) }),
    'proximal',
    [{ proximal: Math.sign }, { schedule: 3 }],
  ],
  [
    'reverseProxConnect',
    (o) => reverseProxConnect({ ...step, ...(o as object) }),
    'schedule',
    [{ proximal: null }],
  ],
];

const invalid = (text: RegExp) =>
  expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(text) });

describe.each(cases)('%s', (owner, call, meant, bad) => {
  it('names an unknown option and the nearest known one', () => {
    const typed = meant.slice(0, -2) + meant.at(-1)! + meant.at(-2)!;
    expect(() => call({ [typed]: 1 } as never)).toThrow(
      invalid(new RegExp(`${owner} has no option "${typed}".*Did you mean "${meant}"`)),
    );
  });

  it.each(bad)('refuses %j', (options) => {
    expect(() => call(options as never)).toThrow(invalid(new RegExp(Object.keys(options)[0]!)));
  });
});

it('a proximal map without a unit steps in units of 1', () => {
  const w = tf.variable(tf.tensor1d([0.2, -0.3]));
  const latent = {
    variables: [w],
    quantize: (v: tf.Variable) => tf.clone(v),
    clock: () => ({ step: 0 }) as never,
  };
  const optimizer = proxQuant(step)(tf.train.sgd(0.1), latent);
  const gradient = { [w.name]: tf.tensor1d([1, 1]) };
  optimizer.applyGradients(gradient);
  expect([...w.dataSync()]).toEqual([1, -1]);
  tf.dispose([w, gradient]);
});

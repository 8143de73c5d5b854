// The soft-to-hard gap: what is lost when a soft quantizer is replaced by its levels of deployment.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkOptions } from '@bitgrad/core';
import type { Examples } from '@bitgrad/datasets';
import { quantLayersOf } from '@bitgrad/layers';
import { evaluate, evaluateRules, measure, type Evaluation, type EvaluateOptions } from './evaluate.js';

const { hard: _, ...rules } = evaluateRules;

/** Accuracies in [0, 1] on the same images. */
export interface GapEvaluation {
  readonly hardenedTestAccuracy: number | null;
  readonly softTestAccuracy: number | null;
  /** `softTestAccuracy - hardenedTestAccuracy`; null of values, which have no accuracy. */
  readonly softToHardGap: number | null;
  readonly hardened: Evaluation;
}

/** True when a quantizer of the model is not yet at its levels while it trains. */
export const isSoft = (model: LayersModel): boolean =>
  quantLayersOf(model).some((layer) =>
    [...layer.slots.values()].some(({ quantizer }) => quantizer.forward.soft),
  );

/**
 * Evaluates as deployed, and as trained where that can differ.
 * @returns undefined when the signal stopped it
 * @throws BitgradError as {@link evaluate}
 */
export async function evaluateGap(
  model: LayersModel,
  split: Examples,
  options: Omit<EvaluateOptions, 'hard'> = {},
): Promise<GapEvaluation | undefined> {
  checkOptions('training', 'evaluateGap', options, rules);
  return gapOf(await evaluate(model, split, { ...options, hard: true }), model, split, options);
}

/** {@link evaluateGap} of what was checked. */
export const measureGap = async (
  model: LayersModel,
  split: Examples,
  options: Omit<EvaluateOptions, 'hard'>,
): Promise<GapEvaluation | undefined> =>
  gapOf(await measure(model, split, { ...options, hard: true }), model, split, options);

async function gapOf(
  hardened: Evaluation,
  model: LayersModel,
  split: Examples,
  options: Omit<EvaluateOptions, 'hard'>,
): Promise<GapEvaluation | undefined> {
  if (!hardened.completed) return undefined;
  const soft = isSoft(model) ? await measure(model, split, { ...options, hard: false }) : hardened;
  if (!soft.completed) return undefined;
  return {
    hardenedTestAccuracy: hardened.accuracy,
    softTestAccuracy: soft.accuracy,
    softToHardGap:
      soft.accuracy === null || hardened.accuracy === null ? null : soft.accuracy - hardened.accuracy,
    hardened,
  };
}

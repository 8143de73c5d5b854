// The forward and backward curves of a comparison's pairs, with the certificate that each claims.
import { initialClock, type Quantizer } from '@bitgrad/core';
import { chooseQuantizers } from '@bitgrad/recipe';
import type { BenchConfig } from '../config.js';
import { usePlugins } from '../parts.js';
import { pairChart } from './charts.js';

/** A quantizer of the comparison, drawn in the middle of its schedule. */
export interface PairPicture {
  readonly name: string;
  readonly svg: string;
  /** In words: what its author claims of its soundness. */
  readonly certificate: string;
}

const points = Array.from({ length: 401 }, (_, i) => (i - 200) / 80);

const picture = (quantizer: Quantizer): PairPicture => {
  const scalars = {
    scale: 1,
    ...quantizer.schedule.values({ ...initialClock, step: 50, totalSteps: 100, learningRateSum: 1 }),
  };
  const { forward, surrogate, certificate } = quantizer;
  const finite = (y: number): number => (Number.isFinite(y) ? y : Number.NaN);
  return {
    name: quantizer.name,
    svg: pairChart(
      `${quantizer.name}, half-way through training`,
      points,
      points.map((x) => finite(forward.formula(x, scalars))),
      points.map((x) => finite(surrogate.formula(x, scalars))),
    ),
    certificate: certificate
      ? `${certificate.holds ? 'sound' : 'not sound'}: ${certificate.reason}`
      : 'no claim',
  };
};

/** One picture for each quantizer that the methods use. */
export async function pairPictures(config: BenchConfig): Promise<PairPicture[]> {
  await usePlugins(config.plugins);
  const found = new Map<string, Quantizer>();
  for (const method of config.methods) {
    const { kernel, input } = chooseQuantizers(method);
    for (const quantizer of [kernel, input] as (Quantizer | null)[])
      if (quantizer) found.set(quantizer.name, quantizer);
  }
  return [...found.values()].map(picture);
}

// Writes the plots and the spectrum table that the README shows: `pnpm plots`.
import { type SurrogateGradient } from '@bitgrad/core';
import { approxSign, ede, poly, ste } from '@bitgrad/quantizer-ste';
import { pairPlot, sample, writePlots, writeSection } from '@bitgrad/tooling/plots';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fda, fdaPlusPlus, fdaSurrogate, spectrum, weightings } from '../src/index.js';

const range = [-1.5, 1.5] as const;
const counts = [18, 13, 9];

const sign = fda().forward;
const fdaPlot = pairPlot({
  title: 'fda: sign forward, Fourier kernel backward (omega 0.1, clip 1)',
  range,
  forward: [{ label: 'sign', points: sample((x) => sign.formula(x, {}), range, [0]) }],
  backward: counts.map((n) => ({
    label: `n = ${n}`,
    points: sample((x) => fdaSurrogate({ n }).formula(x, {}), range, [-1, 1]),
  })),
});

const pairPlots = Object.fromEntries(
  weightings.map((weighting) => {
    const { forward, surrogate } = fdaPlusPlus({ box: false, weighting });
    const wide = [-3, 3] as const;
    const curves = (f: (x: number, n: number) => number) =>
      [16, 6, 1].map((n) => ({ label: `n = ${n}`, points: sample((x) => f(x, n), wide, [-2, 2], 480) }));
    return [
      `fda++-${weighting}.svg`,
      pairPlot({
        title: `fda++ with ${weighting} weights (reach 2)`,
        range: wide,
        forward: curves((x, n) => forward.formula(x, { n, scale: 1 })),
        backward: curves((x, n) => surrogate.formula(x, { n, scale: 1 })),
      }),
    ];
  }),
);

/** Surrogates on one scale: their antiderivative against sign's first 16 odd harmonics, a quarter period being 2. */
const omega = Math.PI / 4;
const surrogates: [string, SurrogateGradient, object][] = [
  ['clipped STE', ste().surrogate, {}],
  ['ApproxSign', approxSign().surrogate, {}],
  ['polynomial', poly().surrogate, {}],
  ['EDE at the end', ede().surrogate, { t: 10, k: 1 }],
  ['FDA, n = 3', fdaSurrogate({ omega, n: 3, clip: 2 }), {}],
  ['FDA, n = 9', fdaSurrogate({ omega, n: 9, clip: 2 }), {}],
  ['FDA++ (Fejer), n = 9', fdaPlusPlus({ box: false }).surrogate, { n: 9, scale: 1 }],
];
const rows = surrogates.map(([name, surrogate, scalars]) => {
  const { harmonics, distance } = spectrum(surrogate, { omega, harmonics: 16, scalars: scalars as never });
  const share = ([0, 2, 7, 15] as const).map((i) =>
    (harmonics[i]!.amplitude / harmonics[i]!.sign).toFixed(2),
  );
  return `| ${name} | ${share.join(' | ')} | ${distance.toFixed(3)} |`;
});
const table = [
  '| surrogate | k = 1 | k = 5 | k = 15 | k = 31 | distance to sign |',
  '| --- | --- | --- | --- | --- | --- |',
  ...rows,
];

const readme = new URL('../README.md', import.meta.url);
writePlots(new URL('../plots/', import.meta.url), { 'fda.svg': fdaPlot, ...pairPlots });
writeSection(readme, 'spectrum', table.join('\n'));
execFileSync('npx', ['prettier', '--write', fileURLToPath(readme)], { stdio: 'inherit' });

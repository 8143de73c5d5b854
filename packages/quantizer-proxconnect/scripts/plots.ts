// Writes the plots and the table of verdicts that the README shows: `pnpm plots`.
import { initialClock } from '@bitgrad/core';
import { pairPlot, sample, writePlots, writeSection } from '@bitgrad/tooling/plots';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bnnPlusPlus, edePlusPlus, polyPlusPlus, tanhPlusPlus } from '../src/index.js';
import { bitgrad } from './bitgrad.js';

const readme = new URL('../README.md', import.meta.url);
const range = [-1.5, 1.5] as const;

/** F and B while the pair hardens. */
const hardening = [bnnPlusPlus(), edePlusPlus(), tanhPlusPlus(), polyPlusPlus()].map((quantizer) => {
  const moments = [0, 0.15, 0.3].map((share) => ({
    label: `at ${share * 100} %`,
    scalars: quantizer.schedule.values({ ...initialClock, totalSteps: 1000, step: share * 1000 }),
  }));
  const { forward, surrogate } = quantizer;
  const points = (scalars: (typeof moments)[number]['scalars']) => [
    ...forward.jumps!(scalars).map(({ at }) => at),
    ...surrogate.breakpoints!(scalars),
  ];
  const curves = (f: (x: number, scalars: (typeof moments)[number]['scalars']) => number) =>
    moments
      .map(({ label, scalars }) => ({ label, points: sample((x) => f(x, scalars), range, points(scalars)) }))
      .reverse();
  const svg = pairPlot({
    title: `${quantizer.name}, in units of its box`,
    range,
    forward: curves((x, s) => forward.formula(x, s)),
    backward: curves((x, s) => surrogate.formula(x, s)),
  });
  return [`${quantizer.name}.svg`, svg] as const;
});

/** Certificates as `bitgrad certify --svg` draws them. */
const folder = mkdtempSync(join(tmpdir(), 'bitgrad-plots-'));
const certificates = [
  ['certificate-pc.svg', 'pc', '--mu', '0.4'],
  ['certificate-bnn++.svg', 'bnn++', '--mu', '3', '--options', '{"box":false,"kernelUnit":"one"}'],
  ['certificate-bnn.svg', 'bnn'],
  ['certificate-bnn+.svg', 'bnn+'],
].map(([file, ...args]) => {
  const path = join(folder, file!);
  bitgrad('certify', ...args, '--svg', path);
  return [file!, readFileSync(path, 'utf8').replace(/(\.\d{2})\d+/g, '$1')] as const;
});
rmSync(folder, { recursive: true });
writePlots(new URL('../plots/', import.meta.url), Object.fromEntries([...hardening, ...certificates]));

interface Listed {
  readonly name: string;
  readonly plugin: string;
}
interface Verdict {
  readonly holds: boolean;
  readonly violations: readonly { condition: number; interval: [number, number] }[];
}

/** Which condition fails where, from all moments of the schedule. */
function reason({ violations }: Verdict): string {
  const conditions = [...new Set(violations.map(({ condition }) => condition))].sort();
  return conditions
    .map((condition) => {
      const intervals = violations.filter((v) => v.condition === condition).map(({ interval }) => interval);
      const low = Math.min(...intervals.map(([a]) => a));
      const high = Math.max(...intervals.map(([, b]) => b));
      return `condition ${condition}, in [${Number(low.toPrecision(3))}, ${Number(high.toPrecision(3))}]`;
    })
    .join('; ');
}

const { quantizers } = JSON.parse(bitgrad('list', '--json')) as { quantizers: Listed[] };
const rows = quantizers.map(({ name, plugin }) => {
  const verdict = JSON.parse(bitgrad('certify', name, '--json')) as Verdict;
  const package_ = plugin.replace('@bitgrad/quantizer-', '');
  return `| \`${name}\` | ${package_} | ${verdict.holds ? 'sound' : 'not sound'} | ${reason(verdict)} |`;
});
const table = ['| quantizer | package | pair | what fails |', '| --- | --- | --- | --- |', ...rows].join(
  '\n',
);
writeSection(readme, 'verdicts', table);
execFileSync('npx', ['prettier', '--write', fileURLToPath(readme)], { stdio: 'inherit' });

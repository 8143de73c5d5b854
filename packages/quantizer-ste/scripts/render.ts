// Draws F and B of every quantizer and lists them in a table: what the README shows.
import { createRegistry, initialClock, type Quantizer, type Scalars } from '@bitgrad/core';
import { pairPlot, sample } from '@bitgrad/tooling/plots';
import { stePlugin } from '../src/index.js';
import { members } from './members.js';

const registry = createRegistry([stePlugin]);

/** Scalars at the start, the middle and the end of a run; once where nothing moves. */
const moments = ({ schedule, capabilities }: Quantizer): { label: string; scalars: Scalars }[] => {
  const at = (share: number) => schedule.values({ ...initialClock, totalSteps: 100, step: 100 * share });
  return capabilities.needsClock
    ? [
        { label: 'end', scalars: at(1) },
        { label: 'middle', scalars: at(0.5) },
        { label: 'start', scalars: at(0) },
      ]
    : [{ label: '', scalars: at(0) }];
};

const plot = ({ name, title, options, range = [-2, 2], x }: (typeof members)[number]): string => {
  const quantizer = registry.quantizer(name, options);
  const { forward, surrogate } = quantizer;
  const points = (scalars: Scalars) => [
    ...(forward.jumps?.(scalars) ?? []).map(({ at }) => at),
    ...(surrogate.breakpoints?.(scalars) ?? []),
  ];
  const all = moments(quantizer);
  return pairPlot({
    title: title ?? `${name}${x ? ` (x is ${x})` : ''}`,
    range,
    forward: all.slice(0, 1).map(({ label, scalars }) => ({
      label,
      points: sample((v) => forward.formula(v, scalars), range, points(scalars)),
    })),
    backward: all.map(({ label, scalars }) => ({
      label,
      points: sample((v) => surrogate.formula(v, scalars), range, points(scalars)),
    })),
  });
};

const fileOf = ({ name, file }: (typeof members)[number]): string => `${file ?? name}.svg`;
const verdict = (name: string, options?: object): string => {
  const { certificate } = registry.quantizer(name, options);
  return certificate ? (certificate.holds ? 'sound' : 'not sound') : 'unknown';
};

const rows = members
  .filter(({ file }) => !file)
  .map(({ name, F, B, paper }) => `| \`${name}\` | ${F} | ${B} | ${paper} | ${verdict(name)} |`);
/** The table of members, as Markdown. */
export const table = [
  '| quantizer | F | B | paper | pair |',
  '| --- | --- | --- | --- | --- |',
  ...rows,
].join('\n');
/** The plots, as Markdown. */
export const images = members.map((m) => `![F and B of ${m.file ?? m.name}](plots/${fileOf(m)})`).join('\n');

/** SVG by file name. */
export const plots: Readonly<Record<string, string>> = Object.fromEntries(
  members.map((m) => [fileOf(m), plot(m)]),
);

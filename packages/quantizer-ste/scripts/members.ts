// How each quantizer is shown in the README: its formulas in words, its paper, its plot.
import type { Json } from '@bitgrad/core';

/** One quantizer of the README, or a second plot of one (with `file`). */
export interface Shown {
  readonly name: string;
  readonly F: string;
  readonly B: string;
  readonly paper: string;
  readonly options?: Readonly<Record<string, Json>>;
  readonly range?: readonly [number, number];
  /** What x stands for in the plot, where it is not the input itself. */
  readonly x?: string;
  readonly title?: string;
  /** File name of a second plot. */
  readonly file?: string;
}

const arxiv = (title: string, id: string): string => `[${title}](https://arxiv.org/abs/${id})`;
const biReal = arxiv('Bi-Real Net', '1808.00278');
const irNet = arxiv('IR-Net', '1909.10788');
const dorefa = {
  F: 'round(n clip(x, 0, 1)) / n',
  B: '1 on [0, 1], else 0',
  paper: arxiv('DoReFa-Net', '1606.06160'),
};

/** Every quantizer, in the order of the README. */
export const members: readonly Shown[] = [
  { name: 'ste', F: 'sign(x)', B: '1 for abs(x) <= clip, else 0', paper: arxiv('BNN', '1602.02830') },
  { name: 'ste-identity', F: 'sign(x)', B: '1', paper: arxiv('BinaryConnect', '1511.00363') },
  { name: 'approx-sign', F: 'sign(x)', B: 'max(0, 2 - 2 abs(x))', paper: biReal },
  {
    name: 'bireal',
    F: 'mean abs(w) sign(w) a channel; inputs: sign(x)',
    B: '1 for abs(w) <= 1, else 0; inputs: max(0, 2 - 2 abs(x))',
    paper: biReal,
    x: 'an input',
  },
  {
    name: 'sign-swish',
    F: 'sign(x)',
    B: 'b (2 - bx tanh(bx/2)) / (1 + cosh(bx))',
    paper: arxiv('BNN+', '1812.11800'),
  },
  { name: 'tanh', F: 'sign(x)', B: 's (1 - tanh²(sx))', paper: 'textbook' },
  {
    name: 'ede',
    F: 'sign(x)',
    B: 'k t (1 - tanh²(tx)), t 0.1 to 10, k = max(1/t, 1)',
    paper: irNet,
  },
  {
    name: 'libra',
    F: 'sign((w - mean) / std) a channel; inputs: sign(x)',
    B: 'as `ede`',
    paper: irNet,
    x: 'the standardized weight',
  },
  {
    name: 'reste',
    F: 'sign(x)',
    B: 'abs(x)^((1-o)/o) / o, bounded; o 1 to 3',
    paper: arxiv('ReSTE', '2308.06689'),
  },
  { name: 'poly', F: 'sign(x)', B: 'c (1 - (x/width)²)^order', paper: 'textbook' },
  {
    name: 'triangle',
    F: 'sign(x)',
    B: 'height max(0, 1 - abs(x)/width)',
    paper: arxiv('Esser et al.', '1603.08270'),
  },
  { name: 'heaviside', F: '1 for x >= 0, else 0', B: '1 for abs(x) <= clip, else 0', paper: 'textbook' },
  {
    name: 'xnor',
    F: 'mean abs(w) sign(w) a channel; inputs: sign(x)',
    B: '1 for abs(x) <= 1, else 0; kernels: + 1 / sum abs(w)',
    paper: arxiv('XNOR-Net', '1603.05279'),
  },
  {
    name: 'ternary',
    F: '-1, 0, 1 by delta = 0.7 mean abs(w), times a scale a channel',
    B: '1',
    paper: arxiv('TWN', '1605.04711'),
    x: 'w / mean abs(w)',
  },
  { name: 'dorefa', ...dorefa, range: [-0.5, 1.5] },
  {
    name: 'dorefa',
    ...dorefa,
    file: 'dorefa-weights',
    title: 'dorefa, weights (x is tanh(w) / (2 max) + 1/2)',
    options: { target: 'weights' },
    range: [0, 1],
  },
  {
    name: 'rsign',
    F: 'sign(x - threshold), one learned threshold a channel',
    B: 'max(0, 2 - 2 abs(x - threshold))',
    paper: arxiv('ReActNet', '2003.03488'),
    x: 'the input minus the threshold',
  },
];

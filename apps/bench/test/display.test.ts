import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { Trial } from '../src/config.js';
import { display } from '../src/display.js';

const trial = { id: 'a', label: 'ste', seed: 2 } as Trial;

it('writes a line about a trial every half minute where there is no terminal', () => {
  const out = new PassThrough();
  let time = 0;
  const view = display([trial], out, () => time);
  const progress = (seconds: number, done: number) => {
    time = 1000 * seconds;
    view.progress(trial, { done, total: 200, accuracy: 0.5, imagesPerSecond: 1234.5 });
  };
  view.started(trial);
  progress(10, 10);
  progress(29, 20);
  progress(31, 41);
  progress(50, 60);
  progress(62, 100);
  view.ended(trial, '95.00 % in 70 s');
  expect(String(out.read()).split('\n')).toEqual([
    'ste seed 2: started',
    'ste seed 2: 20 %, accuracy 50.0 %, 1235 img/s',
    'ste seed 2: 50 %, accuracy 50.0 %, 1235 img/s',
    'ste seed 2: 95.00 % in 70 s',
    '',
  ]);
});

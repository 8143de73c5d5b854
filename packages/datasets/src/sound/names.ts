// Recordings whose names say what they are: `seven_anna_12.wav`.
import { checkValue, option } from '@bitgrad/core';
import { failure } from '../errors.js';
import type { Item } from '../layout.js';

/** Label, speaker and number of a recording. */
export interface NamedSound {
  readonly label: string;
  readonly speaker: string;
  readonly index: number;
}

/** What a file's name says, `{label}_{speaker}_{index}.wav`; undefined of another. */
export function namedSound(path: string): NamedSound | undefined {
  const match = /(?:^|\/)([^/_]+)_([^/]+)_(\d+)\.wav$/i.exec(path);
  return match ? { label: match[1]!, speaker: match[2]!, index: Number(match[3]) } : undefined;
}

/**
 * Who speaks in recordings that are named so, sorted; files of other names count for nobody.
 * @throws BitgradError `invalid-option`
 */
export function speakersOf(paths: readonly string[]): string[] {
  checkValue('datasets', 'paths', paths, option.required(option.list(option.string)));
  return [...new Set(paths.flatMap((path) => namedSound(path)?.speaker ?? []))].sort();
}

/** Recordings of each speaker that are for testing, by number: those below it. */
const testIndices = 5;

/**
 * Recordings in two parts: those below number 5 of each label and speaker are for testing, or all of one speaker.
 * @throws BitgradError `invalid-option` for a speaker who is not there; `invalid-file` where a part would have none
 */
export function arrangeNamed(root: string, paths: readonly string[], testSpeaker?: string) {
  const named = paths.map((path) => ({ path, ...namedSound(path)! }));
  const speakers = speakersOf(paths);
  if (testSpeaker !== undefined && !speakers.includes(testSpeaker))
    throw failure('invalid-option', {
      what: 'testSpeaker',
      got: testSpeaker,
      expected: speakers.slice(0, 20).join(', '),
    });
  const classes = [...new Set(named.map(({ label }) => label))].sort();
  const [train, test]: [Item[], Item[]] = [[], []];
  for (const { path, label, speaker, index } of named) {
    const held = testSpeaker === undefined ? index < testIndices : speaker === testSpeaker;
    (held ? test : train).push({ path, label: classes.indexOf(label) });
  }
  if (train.length === 0 || test.length === 0 || classes.length < 2)
    throw failure('invalid-file', {
      what: `${root}: recordings named {label}_{speaker}_{index}.wav`,
      got: `${classes.length} labels, ${train.length} recordings for training, ${test.length} for testing`,
      expected: `at least two labels, and recordings numbered below and from ${testIndices}`,
      next: 'Or put the recordings of each class into a folder with its name.',
    });
  const how = testSpeaker === undefined ? `those numbered below ${testIndices}` : `all of ${testSpeaker}`;
  const notes = [`${test.length} of ${named.length} recordings are for testing: ${how}`];
  return { classes, train, test, notes };
}

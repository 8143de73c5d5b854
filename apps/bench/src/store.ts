// Results on disk: a folder with the config and one JSON line a finished trial, appended whole and flushed, so that a
// killed run loses no finished trial, and a torn last line is seen and left out.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { BitgradError } from '@bitgrad/core';
import { hashOf, parseConfig, type BenchConfig } from './config.js';
import type { TrialResult } from './result.js';
import { writeWhole } from './whole-file.js';

const resultsName = 'results.jsonl';
const configName = 'config.json';

/** A run's folder. */
export interface RunStore {
  readonly folder: string;
  readonly config: BenchConfig;
  /** Finished trials, the first of each id. */
  results(): TrialResult[];
  /** Appends a result; one that is there already is ignored. */
  append(result: TrialResult): boolean;
}

/** The lines of a file that are whole. */
const wholeLines = (path: string): { lines: string[]; bytes: number } => {
  if (!existsSync(path)) return { lines: [], bytes: 0 };
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return { lines: whole.split('\n').filter(Boolean), bytes: Buffer.byteLength(whole) };
};

const parseLine = (line: string, path: string, number: number): TrialResult => {
  try {
    return JSON.parse(line) as TrialResult;
  } catch (cause) {
    throw new BitgradError({
      code: 'invalid-file',
      source: 'bench',
      what: `line ${number} of ${path} is not JSON`,
      got: line.slice(0, 60),
      next: 'Remove the line; its trial then runs again.',
      cause,
    });
  }
};

/** Reads the results of a run's folder. @throws BitgradError `io` when the folder holds no run */
export function readRun(folder: string): { config: BenchConfig; results: TrialResult[] } {
  const path = join(folder, configName);
  if (!existsSync(path))
    throw new BitgradError({
      code: 'io',
      source: 'bench',
      what: 'folder holds no run',
      got: folder,
      expected: `a folder with ${configName} and ${resultsName}`,
      next: 'Make one with `pnpm bench run CONFIG --out FOLDER`.',
    });
  const results = join(folder, resultsName);
  const seen = new Map<string, TrialResult>();
  wholeLines(results).lines.forEach((line, i) => {
    const result = parseLine(line, results, i + 1);
    if (!seen.has(result.id)) seen.set(result.id, result);
  });
  return { config: parseConfig(JSON.parse(readFileSync(path, 'utf8')), path), results: [...seen.values()] };
}

/**
 * Opens a run's folder for writing, making it when it is not there.
 * @throws BitgradError `incompatible` when it holds a run of another config
 */
export function openRun(folder: string, config: BenchConfig): RunStore {
  mkdirSync(folder, { recursive: true });
  const [configPath, resultsPath] = [join(folder, configName), join(folder, resultsName)];
  const comparable = ({ methods: _m, seeds: _s, testSpeakers: _t, data, ...rest }: BenchConfig): object => ({
    ...rest,
    data: data.split(':')[0],
  });
  if (existsSync(configPath)) {
    const before = parseConfig(JSON.parse(readFileSync(configPath, 'utf8')), configPath);
    if (hashOf(comparable(before)) !== hashOf(comparable(config)))
      throw new BitgradError({
        code: 'incompatible',
        source: 'bench',
        what: 'folder holds a run of another config',
        got: folder,
        next: 'Choose another --out. Methods, seeds and speakers may be added to a run; anything else makes another comparison.',
      });
  }
  writeWhole(configPath, `${JSON.stringify(config, null, 2)}\n`);
  const { bytes } = wholeLines(resultsPath);
  if (existsSync(resultsPath)) truncateSync(resultsPath, bytes);
  const ids = new Set(readRun(folder).results.map(({ id }) => id));
  return {
    folder,
    config,
    results: () => readRun(folder).results,
    append(result) {
      if (ids.has(result.id)) return false;
      ids.add(result.id);
      const file = openSync(resultsPath, 'a');
      try {
        writeSync(file, `${JSON.stringify(result)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      return true;
    },
  };
}

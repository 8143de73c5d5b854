// `bitgrad doctor`: what this machine can do with bitgrad, and why not the rest.
import { BitgradError } from '@bitgrad/core';
import { described, type Given } from '@bitgrad/recipe';
import * as v from 'valibot';
import { checkCommand } from '../arguments.js';
import type { BackendListing } from '../backends.js';
import { examine, type Finding, type Report } from '../doctor.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { shared } from '../options.js';
import { pairLines } from '../table.js';

export const doctorEntries = {
  require: v.optional(
    described(
      v.array(v.string()),
      'fail when this is not here: a backend or engine, as native or backend:native, a package or a tool; may be repeated',
      { value: '<name>', names: 'here' },
    ),
    [],
  ),
  json: shared.json,
};

/** Options of `bitgrad doctor`. */
export type DoctorOptions = Given<typeof doctorEntries>;

/** The object of `bitgrad doctor --json`. */
export interface DoctorResult extends Report {
  /** Something trains, something runs packed models, and nothing that was required is missing. */
  readonly ok: boolean;
  /** What stands in the way of `ok`. */
  readonly problems: readonly string[];
}

const kinds = ['backends', 'engines', 'packages', 'tools'] as const;

/** Why a required name is not met. @throws BitgradError `unknown-name` */
function missing(report: Report, required: string): string[] {
  const [kind, name] = required.includes(':')
    ? (required.split(':', 2) as [string, string])
    : [undefined, required];
  const rows = kinds
    .filter((each) => kind === undefined || each === `${kind}s`)
    .flatMap((each): { label: string; row: Finding }[] => report[each].map((row) => ({ label: `${each.slice(0, -1)} ${row.name}`, row }))); // prettier-ignore
  const found = rows.filter(({ row }) => row.name === name);
  if (found.length === 0)
    throw new BitgradError({
      code: 'unknown-name',
      source: 'cli',
      what: '--require',
      got: required,
      expected: `one of ${[...new Set(rows.map(({ row }) => row.name))].join(', ') || kinds.map((each) => `${each.slice(0, -1)}:NAME`).join(', ')}`,
    });
  return found
    .filter(({ row }) => !row.available)
    .map(({ label, row }) => `${label} is required: ${row.reason}`);
}

function problemsOf(report: Report, required: readonly string[]): string[] {
  const { node, trains, runs } = report;
  return [
    ...(node.ok
      ? []
      : [`Node ${node.version} is older than bitgrad needs (${node.needed}): install a newer one`]),
    ...(trains ? [] : ['no backend trains here: see their reasons']),
    ...(runs ? [] : ['no engine runs packed models here: see their reasons']),
    ...required.flatMap((name) => missing(report, name)),
  ];
}

/** Writes what this machine can do; the exit code is 1 where something essential or required is missing. */
export async function runDoctor(given: DoctorOptions, io: CliIo, directory = process.cwd()): Promise<number> {
  const options = checkCommand('doctor', doctorEntries, given, io, directory);
  const report = await examine();
  const problems = problemsOf(report, options.require);
  const result: DoctorResult = { ok: problems.length === 0, problems, ...report };
  writeLine(io.stdout, options.json ? JSON.stringify(result) : format(result, io));
  return result.ok ? exitCodes.done : exitCodes.failed;
}

const factsOf = ({ features }: BackendListing): string =>
  Object.entries(features)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

function format({ node, machine, problems, trains, runs, zoo, ...rest }: DoctorResult, io: CliIo): string {
  const section = (title: string, rows: readonly (readonly [string, string])[]): string =>
    [io.colors.bold(title), ...pairLines(rows, io)].join('\n');
  const places = (rows: readonly BackendListing[]): (readonly [string, string])[] =>
    rows.map((row) => [
      row.name,
      row.available ? `yes${factsOf(row) && `: ${factsOf(row)}`}` : `no: ${row.reason}`,
    ]);
  const findings = (rows: readonly (Finding & { purpose: string })[]): (readonly [string, string])[] =>
    rows.map(({ name, available, reason, version, purpose }) => [name, available ? `yes${version && `, ${version}`} (${purpose})` : `no: ${reason} (${purpose})`]); // prettier-ignore
  const { system, arch, cpu, threads, memoryBytes } = machine;
  return [
    section('this machine', [
      ['node', `${node.version} (${node.needed} is needed)`],
      ['system', `${system} ${arch}`],
      ['processor', `${cpu}, ${threads} thread${threads === 1 ? '' : 's'}`],
      ['memory', `${(memoryBytes / 1e9).toFixed(1)} GB`],
    ]),
    section('training: backends', places(rest.backends)),
    section('packed models: engines', places(rest.engines)),
    section('optional packages', findings(rest.packages)),
    section('optional tools', findings(rest.tools)),
    section('zoo', zoo.length > 0 ? zoo.map(({ name, kind }) => [name, kind]) : [['none', 'npm install @bitgrad/zoo']]), // prettier-ignore
    section('in short', [
      ['trains', trains ? `yes, on ${trains}` : 'no'],
      ['runs', runs ? `yes, on ${runs}` : 'no'],
      ...problems.map((problem) => ['problem', problem] as const),
    ]),
  ].join('\n\n');
}

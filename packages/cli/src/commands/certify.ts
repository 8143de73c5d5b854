// `bitgrad certify`: whether a quantizer's forward and backward are a sound pair, and why.
import { checkCommand, expectText } from '../arguments.js';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BitgradError, defaultRegistry, reasonOf, type Quantizer } from '@bitgrad/core';
import { certificateSvg, certify, type Certificate } from '@bitgrad/certificate';
import { described, kinds, type Given, type Resolved } from '@bitgrad/recipe';
import * as v from 'valibot';
import { shared } from '../options.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { usePlugins } from '../plugins.js';

export const certifyEntries = {
  mu: v.optional(
    described(
      v.pipe(v.array(v.pipe(v.number(), v.finite())), v.nonEmpty('at least one number')),
      'values of mu, such as 1,10,100',
      { value: '<list>', shown: 'five moments of the schedule' },
    ),
  ),
  options: v.optional(described(kinds.json, 'options of the quantizer', { value: '<json>' })),
  tolerance: v.optional(
    described(kinds.positive, 'violations below this share are rounding', { value: '<x>', shown: '1e-6' }),
  ),
  svg: v.optional(described(v.string(), 'write a picture of F, B, P, T and r', { value: '<file>' })),
  plugin: shared.plugin,
  json: shared.json,
};

/** Options of `bitgrad certify`. */
export type CertifyCommandOptions = Given<typeof certifyEntries>;

/** The quantizers that are meant: by name, as FORWARD:SURROGATE, or all of the plugins that were given. */
async function chosen(
  name: string | undefined,
  options: Resolved<typeof certifyEntries>,
  directory: string,
): Promise<Quantizer[]> {
  const plugins = await usePlugins(options.plugin, directory);
  if (name === undefined) {
    const all = plugins.flatMap((plugin) => Object.keys(plugin.quantizers));
    if (all.length > 0) return all.map((each) => defaultRegistry().quantizer(each, options.options));
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
      what: 'nothing to certify',
      got: options.plugin,
      expected: 'the name of a quantizer, or --plugin with a plugin that has quantizers',
      next: '`bitgrad list` shows the names.',
    });
  }
  const [forward, surrogate, ...more] = name.split(':');
  if (more.length > 0 || (surrogate !== undefined && options.options))
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
      what: more.length > 0 ? 'what to certify' : '--options of a pair',
      got: name,
      expected:
        more.length > 0
          ? 'a quantizer, or FORWARD:SURROGATE'
          : 'none: FORWARD:SURROGATE are certified with their default options',
    });
  const spec =
    surrogate === undefined ? { name, options: options.options } : { forward: forward!, surrogate };
  return [defaultRegistry().quantizer(spec)];
}

/** The picture of a certificate: a failing setting is the one to look at. */
const drawSvg = (certificate: Certificate): string =>
  certificateSvg(
    certificate,
    certificate.positions.find(({ holds }) => !holds),
  );

/** The object of `bitgrad certify --json`. */
const jsonOf = (certificate: Certificate) => {
  const { name, holds, violations, positions, tolerance, range } = certificate;
  const scalars = positions.map((position) => ({ holds: position.holds, scalars: position.scalars }));
  return {
    name,
    holds,
    violations,
    positions: scalars,
    range,
    tolerance,
    explanation: certificate.explain(),
  };
};

/** A name of a plugin is part of a file's name, never of its path. */
const svgPath = (path: string, name: string, count: number): string =>
  count === 1 ? path : path.replace(/(\.svg)?$/i, `-${name.replaceAll(/[^\w.+-]/g, '_')}.svg`);

/**
 * Certifies a quantizer, or every quantizer of the plugins that were given.
 * @param name a quantizer, or FORWARD:SURROGATE; without it, what the plugins offer
 * @returns exit code 0 when every certificate holds, 1 when one fails
 */
export async function runCertify(
  name: string | undefined,
  given: CertifyCommandOptions,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  if (name !== undefined) expectText('name', name);
  const options = checkCommand('certify', certifyEntries, given, io, directory);
  const quantizers = await chosen(name, options, directory);
  const certificates = quantizers.map((quantizer) =>
    certify(quantizer, { mu: options.mu, tolerance: options.tolerance }),
  );
  if (options.svg !== undefined)
    for (const certificate of certificates) {
      const path = svgPath(resolve(directory, options.svg), certificate.name, certificates.length);
      const svg = drawSvg(certificate);
      await writeFile(path, svg).catch((cause: unknown) => {
        throw new BitgradError({
          code: 'io',
          source: 'cli',
          what: 'the picture cannot be written',
          got: path,
          cause,
          next: reasonOf(cause),
        });
      });
    }
  const holds = certificates.every((certificate) => certificate.holds);
  const [first] = certificates;
  const json = () =>
    certificates.length === 1
      ? jsonOf(first!)
      : {
          holds,
          violations: certificates.flatMap((c) => c.violations.map((v) => ({ name: c.name, ...v }))),
          certificates: certificates.map(jsonOf),
        };
  const text = () => certificates.map((certificate) => certificate.explain()).join('\n\n');
  writeLine(io.stdout, options.json ? JSON.stringify(json()) : text());
  return holds ? exitCodes.done : exitCodes.failed;
}

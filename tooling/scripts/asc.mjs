#!/usr/bin/env node
// Compiles AssemblyScript modules and embeds them: usage `bitgrad-asc entry.ts=output.ts [asc flags...]`.
// The output exports one string, the deflated module in base64: it bundles anywhere without a URL to resolve,
// and compresses in transport as well as the raw binary does. Its type names the functions that the module exports, with
// their parameters; with `--functions`, `output-functions.ts` has them as a table.
import zopfli from '@gfx/zopfli';
import asc from 'assemblyscript/asc';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { promisify } from 'node:util';

const [pair, ...given] = process.argv.slice(2);
const flags = given.filter((flag) => flag !== '--functions');
const [entry, output] = (pair ?? '').split('=');
if (!entry || !output) {
  process.stderr.write('usage: bitgrad-asc ENTRY.ts=OUTPUT.ts [asc flags]\n');
  process.exit(2);
}
let binary;
let declarations = '';
const { error, stderr } = await asc.main(
  [
    entry,
    '--outFile',
    'module.wasm',
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--bindings',
    'raw',
    ...flags,
  ],
  {
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
      if (name.endsWith('.d.ts')) declarations = contents;
    },
  },
);
if (error || !binary) {
  process.stderr.write(`${stderr.toString()}\n${error?.message ?? 'no module was written'}\n`);
  process.exit(1);
}
/** The functions of the declarations that asc writes: `@param x \`usize\`` for each parameter, then the signature. */
const functions = [
  ...declarations.matchAll(/((?:\* @param .*\s+)*)(?:\* @returns .*\s+)?\*\/\s+export function (\w+)(.*;)/g),
];
const header = `// Generated from ${entry}; do not edit.\n`;
const members = functions.map(([, , name, signature]) => `  ${name}${signature}\n`).join('');
mkdirSync(dirname(output), { recursive: true });
// Raw deflate as any inflate reads it, 3 % shorter than zlib's: a page downloads it.
const deflated = Buffer.from(await promisify(zopfli.deflate)(binary, {}));
if (!inflateRawSync(deflated).equals(binary)) throw new Error('zopfli gave another module');
const text = deflated.toString('base64');
writeFileSync(output, `${header}export interface Exports {\n${members}}\nexport default '${text}';\n`);
if (given.length > flags.length) {
  const table = functions.map(([, parameters, name]) => {
    const fields = [...parameters.matchAll(/@param (\w+) `(\w+)`/g)].map(
      ([, field, type]) => `${field}: '${type}'`,
    );
    return `  ${name}: { ${fields.join(', ')} },\n`;
  });
  writeFileSync(
    output.replace(/\.ts$/, '-functions.ts'),
    `${header}/** The functions by name: their parameters in order, and the type of each. */\nexport const functions = {\n${table.join('')}} as const;\n`,
  );
}
process.stdout.write(`${entry} -> ${output}: ${binary.length} bytes, ${text.length} embedded\n`);

#!/usr/bin/env node
// Compiles AssemblyScript modules and embeds them: usage `bitgrad-asc entry.ts=output.ts [asc flags...]`.
// The output exports one string, the deflated module in base64: it bundles anywhere without a URL to resolve,
// and compresses in transport as well as the raw binary does.
import asc from 'assemblyscript/asc';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { deflateRawSync } from 'node:zlib';

const [pair, ...flags] = process.argv.slice(2);
const [entry, output] = (pair ?? '').split('=');
if (!entry || !output) {
  process.stderr.write('usage: bitgrad-asc ENTRY.ts=OUTPUT.ts [asc flags]\n');
  process.exit(2);
}
let binary;
const { error, stderr } = await asc.main(
  [entry, '--outFile', 'module.wasm', '-O3', '--noAssert', '--runtime', 'stub', ...flags],
  {
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
  },
);
if (error || !binary) {
  process.stderr.write(`${stderr.toString()}\n${error?.message ?? 'no module was written'}\n`);
  process.exit(1);
}
mkdirSync(dirname(output), { recursive: true });
const text = deflateRawSync(binary, { level: 9 }).toString('base64');
writeFileSync(output, `// Generated from ${entry}; do not edit.\nexport default '${text}';\n`);
process.stdout.write(`${entry} -> ${output}: ${binary.length} bytes, ${text.length} embedded\n`);

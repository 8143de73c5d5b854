// `pnpm third-party`: writes THIRD_PARTY.md of the packages with binaries: the licences of the code of others that is compiled
// into them. Native: every crate that Cargo.lock names (those that only build it as well: fewer rules than exceptions).
// WebAssembly: AssemblyScript's standard library. Needs cargo and the sources that it fetches.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../workspace.mjs';

const native = `${root}packages/backend-native/`;
const require = createRequire(import.meta.url);

/** The crates of Cargo.lock, without our own: `name version`, sorted. */
export const lockedCrates = () =>
  [...readFileSync(`${native}native/Cargo.lock`, 'utf8').matchAll(/name = "(.*?)"\nversion = "(.*?)"/g)]
    .map(([, name, version]) => `${name} ${version}`)
    .filter((line) => !line.startsWith('bitgrad-native '))
    .sort();

/** AssemblyScript as it is installed: its version, licence and notice. */
export function assemblyScript() {
  const folder = dirname(require.resolve('assemblyscript/package.json'));
  const read = (name) => readFileSync(join(folder, name), 'utf8').trim();
  return {
    version: JSON.parse(read('package.json')).version,
    license: read('LICENSE'),
    notice: read('NOTICE'),
  };
}

/** What a text says that stands in THIRD_PARTY.md: `name version` of every heading. */
export const namedIn = (text) =>
  [...text.matchAll(/^- ([\w-]+ [\d.]+\S*) \(/gm)].map(([, name]) => name).sort();

const ownMit = () => readFileSync(`${root}LICENSE`, 'utf8').trim();

/** The licence files of a crate that apply: of a choice, MIT. */
function licenceTexts({ name, authors, license, manifest_path: manifest }) {
  const folder = dirname(manifest);
  const files = readdirSync(folder).filter((file) => /^(licen[sc]e|copying)/i.test(file));
  const chosen = files.filter((file) => /mit|unicode/i.test(file));
  const texts = (chosen.length > 0 ? chosen : files).map((file) => readFileSync(join(folder, file), 'utf8').trim()); // prettier-ignore
  if (texts.length > 0) return texts;
  if (license !== 'MIT') throw new RangeError(`${name} (${license}) has no licence file: ${folder}`);
  // napi's crates have none, and say MIT.
  const holder = authors.join(', ') || `the authors of ${name}`;
  return [ownMit().replace(/^Copyright .*$/m, `Copyright (c) ${holder}`)];
}

const fence = (text) => `\`\`\`text\n${text.replaceAll('\r', '')}\n\`\`\`\n`;

/** The text for the native binaries. */
function nativeText() {
  const args = ['metadata', '--locked', '--format-version', '1'];
  const output = execFileSync('cargo', args, {
    cwd: `${native}native`,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const crates = JSON.parse(output).packages.filter(({ source }) => source);
  const byText = new Map();
  for (const crate of crates)
    for (const text of licenceTexts(crate)) byText.set(text, [...(byText.get(text) ?? []), crate]);
  const parts = [...byText].map(([text, owners]) => {
    const list = owners.map(({ name, version, license }) => `- ${name} ${version} (${license})`);
    return `${list.join('\n')}\n\n${fence(text)}`;
  });
  return `# Code of others in the binaries

The binaries of \`@bitgrad/backend-native\` are built from these crates of crates.io, or with them, and from the standard
library of Rust (MIT or Apache-2.0, Copyright The Rust Project Contributors, https://www.rust-lang.org/policies/licenses).
Where a crate offers a choice, MIT is taken. Written by \`pnpm third-party\`.

${parts.join('\n')}`;
}

/** The text for the WebAssembly modules. */
export function wasmText() {
  const { version, license, notice } = assemblyScript();
  return `# Code of others in the modules

The WebAssembly modules of \`@bitgrad/backend-wasm\` are compiled by AssemblyScript, and parts of its standard library are
compiled into them. Written by \`pnpm third-party\`.

- assemblyscript ${version} (Apache-2.0)

${fence(license)}
Its notice:

${fence(notice)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = { 'backend-native': nativeText, 'backend-wasm': wasmText };
  for (const [name, text] of Object.entries(files)) {
    const path = `${root}packages/${name}/THIRD_PARTY.md`;
    const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const now = text();
    writeFileSync(path, now);
    process.stdout.write(`${path.slice(root.length)}: ${before === now ? 'as it was' : 'written'}\n`);
  }
}

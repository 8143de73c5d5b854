// The packages of the platforms: a folder for each target of `napi.targets` in package.json whose binary is there.
//   node scripts/platforms.mjs <folder of bitgrad-native.<platform>.node> <folder for the packages>
// `npm publish` of each, then of this package, whose packed form has them as optional dependencies (.pnpmfile.cjs).
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publication } from '../../../tooling/scripts/published.mjs';

const systems = { linux: 'linux', apple: 'darwin', pc: 'win32' };
const processors = { x86_64: 'x64', aarch64: 'arm64' };

/** What npm calls a target of Rust, such as x86_64-unknown-linux-gnu. */
export function platformOf(target) {
  const [processor, vendor, system, abi] = target.split('-');
  const os = systems[system] ?? systems[vendor];
  const cpu = processors[processor];
  const libc = os === 'linux' ? (abi === 'gnu' ? 'glibc' : 'musl') : undefined;
  return { name: [os, cpu, abi].filter(Boolean).join('-'), os, cpu, libc };
}

const root = fileURLToPath(new URL('../', import.meta.url));

/** Writes the package of a platform. */
export function writePackage(target, binary, folder) {
  const { version, license, engines } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const { name, os, cpu, libc } = platformOf(target);
  const file = `bitgrad-native.${name}.node`;
  mkdirSync(folder, { recursive: true });
  const manifest = {
    name: `@bitgrad/backend-native-${name}`,
    version,
    description: `The binary of @bitgrad/backend-native for ${name}`,
    license,
    engines,
    type: 'commonjs',
    main: file,
    files: [file, 'LICENSE', 'THIRD_PARTY.md'],
    ...publication('packages/backend-native'),
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), `# ${manifest.name}\n\n${manifest.description}.\n`);
  copyFileSync(`${root}../../LICENSE`, join(folder, 'LICENSE'));
  copyFileSync(`${root}THIRD_PARTY.md`, join(folder, 'THIRD_PARTY.md'));
  copyFileSync(binary, join(folder, file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [binaries, packages] = process.argv.slice(2);
  const { targets } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')).napi;
  const missing = [];
  for (const target of targets) {
    const { name } = platformOf(target);
    const binary = join(binaries, `bitgrad-native.${name}.node`);
    if (existsSync(binary)) writePackage(target, binary, join(packages, name));
    else missing.push(name);
  }
  if (missing.length > 0) {
    console.error(`There is no binary for ${missing.join(', ')}.`);
    process.exit(1);
  }
}

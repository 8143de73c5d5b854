// `pnpm build:types`: the declarations of every package from one program over all of them (src/a.ts -> dist/a.d.ts).
// Each package by a compiler of its own would read and check the sources of those below it again. `--unchecked`: errors of types are
// not looked for, which `pnpm check` does, in twice the time.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const host = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => root,
  getNewLine: () => '\n',
};
const stop = (diagnostics) => {
  if (diagnostics.length === 0) return;
  process.stderr.write(ts.formatDiagnosticsWithColorAndContext(diagnostics, host));
  process.exit(1);
};

const path = join(root, 'tsconfig.json');
const { config } = ts.readConfigFile(path, ts.sys.readFile);
const { options, fileNames, errors } = ts.parseJsonConfigFileContent(
  { ...config, include: ['packages/*/src'] },
  ts.sys,
  root,
  {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    noCheck: process.argv.includes('--unchecked'),
  },
  path,
);
stop(errors);
for (const file of ts.sys.readDirectory(root, ['.d.ts'], ['**/node_modules'], ['packages/*/dist']))
  ts.sys.deleteFile(file);
const { diagnostics } = ts.createProgram(fileNames, options).emit(undefined, (file, text, ...rest) => {
  ts.sys.writeFile(file.replace('/src/', '/dist/'), text, ...rest);
});
stop(diagnostics);

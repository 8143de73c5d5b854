// Loaded by --import: kills this process, as the machine or the kernel may, before the rename number KILL_AT (from 0) to one
// of the files of a run.
import { existsSync, promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

const files = new Set(['manifest.json', 'weights.bin', 'model.json', 'bitgrad.json']);
const { rename } = promises;
let left = Number(process.env.KILL_AT);
promises.rename = (from, to) => {
  if (files.has(basename(String(to))) && existsSync(from) && left-- === 0)
    process.kill(process.pid, 'SIGKILL');
  return rename(from, to);
};
syncBuiltinESMExports();

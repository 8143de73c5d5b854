// Sizes of generated C as a microcontroller has it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of flash and of memory that a file takes on a Cortex-M0, by the sections of its object. */
export function objectSizes(
  files: Readonly<Record<string, string>>,
  source: string,
): { flash: number; memory: number } {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-size-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    execFileSync('arm-none-eabi-gcc', ['-mcpu=cortex-m0', '-mthumb', '-Os', '-c', source, '-o', 'it.o'], {
      cwd: folder,
    });
    const [text, data, bss] = execFileSync('arm-none-eabi-size', ['it.o'], { cwd: folder, encoding: 'utf8' }).split('\n')[1]!.trim().split(/\s+/).map(Number) as [number, number, number]; // prettier-ignore
    return { flash: text + data, memory: data + bss };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

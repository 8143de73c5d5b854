// The scripts of `bitgrad completion`, run by the shells that they are for.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, ended, start, temporaryFolder } from './run.js';

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

/** A folder with the script of a shell, a folder `runs` and a file `digits.bitgrad`. */
async function place(shell: string): Promise<{ folder: string; script: string }> {
  const { code, stdout, stderr } = await cli(['completion', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'runs'));
  writeFileSync(join(folder, 'digits.bitgrad'), '');
  const script = join(folder, 'completion');
  writeFileSync(script, stdout);
  return { folder, script };
}

/** A line up to the cursor, some of what is offered there, and some of what is not. */
const cases: readonly (readonly [line: string, offered: readonly string[], not: readonly string[]])[] = [
  ['bitgrad ', ['train', 'data', 'doctor', 'completion'], ['get', 'runs']],
  ['bitgrad tr', ['train'], ['run']],
  ['bitgrad data ', ['get'], ['train']],
  ['bitgrad data get fash', ['fashion-mnist'], ['mnist']],
  ['bitgrad train --mod', ['--model', '--model-options'], ['--monitor']],
  ['bitgrad train --model resnet20', ['resnet20', 'resnet20-fda'], ['resnet18']],
  ['bitgrad train --seed 3 --quantizer bnn', ['bnn', 'bnn+', 'bnn++'], ['ste']],
  ['bitgrad train --backend w', ['wasm', 'webgpu'], ['native']],
  ['bitgrad train --recipe two', ['two-stage'], ['float-first']],
  ['bitgrad train --optimizer ad', ['adam', 'adamw'], ['sgd']],
  ['bitgrad eval x --split te', ['test'], ['train']],
  ['bitgrad certify fd', ['fda', 'fda++'], ['ste']],
  ['bitgrad completion z', ['zsh'], ['bash']],
  ['bitgrad doctor --require wa', ['wasm'], ['native']],
];

describe.runIf(has('bash'))('bash', () => {
  const offered = (script: string, folder: string, line: string): string[] => {
    const words = line.split(' ');
    const program = `source "$1"; COMP_LINE="$2"; COMP_POINT=\${#COMP_LINE}; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bitgrad; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const text = execFileSync('bash', ['--norc', '-c', program, 'bash', script, line, ...words], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.split('\n').filter(Boolean);
  };

  it('completes commands, options and names', async () => {
    const { folder, script } = await place('bash');
    for (const [line, some, not] of cases) {
      const found = offered(script, folder, line);
      expect(found, line).toEqual(expect.arrayContaining([...some]));
      for (const other of not) expect(found, line).not.toContain(other);
    }
  });

  it('goes on behind a colon, and takes --option=value', async () => {
    const { folder, script } = await place('bash');
    // What bash replaces is what stands behind the colon.
    expect(offered(script, folder, 'bitgrad train --init-from zoo:mnist-t')).toEqual(['mnist-tfc']);
    expect(offered(script, folder, 'bitgrad train --data fash')).toEqual(['fashion-mnist:']);
    expect(offered(script, folder, 'bitgrad train --optimizer=ad')).toEqual(['adam', 'adamw']);
    expect(offered(script, folder, 'bitgrad train --epochs ')).toEqual([]);
  });
});

describe.runIf(has('fish'))('fish', () => {
  const offered = (script: string, folder: string, line: string): string[] => {
    const program = `source $argv[1]; complete -C $argv[2]`;
    const text = execFileSync('fish', ['--no-config', '-c', program, script, line], { cwd: folder, encoding: 'utf8' }); // prettier-ignore
    return text.split('\n').filter(Boolean).map((each) => each.split('\t')[0]!); // prettier-ignore
  };

  it('completes commands, options, names and files', async () => {
    const { folder, script } = await place('fish');
    const files: typeof cases = [
      ['bitgrad run dig', ['digits.bitgrad'], ['runs/']],
      ['bitgrad eval ru', ['runs/'], ['digits.bitgrad']],
      ['bitgrad train --init-from zoo:mnist-t', ['zoo:mnist-tfc'], []],
      ['bitgrad train --epochs ', [], ['digits.bitgrad', 'runs/']],
    ];
    for (const [line, some, not] of [...cases, ...files]) {
      const found = offered(script, folder, line);
      expect(found, line).toEqual(expect.arrayContaining([...some]));
      for (const other of not) expect(found, line).not.toContain(other);
    }
  });
});

describe.runIf(has('zsh'))('zsh', () => {
  /** Types a line and a tab into an interactive zsh, then enter: what the command was called with, without zsh's slash. */
  const completed = (script: string, folder: string, line: string): string => {
    const program = `
      zmodload zsh/zpty
      zpty shell 'zsh -f -i'
      zpty -w shell 'PS1=; autoload -Uz compinit; compinit -u -D; source '\${(q)1}'; bitgrad() { print -r -- "<<$*>>" }; print READY'
      while zpty -r shell text; do [[ $text == *READY* && $text != *print* ]] && break; done
      zpty -w -n shell "$2"$'\\t'$'\\n'
      while zpty -r shell text; do [[ $text == *'<<'* && $text != *print* ]] && { print -r -- "$text"; break }; done
      zpty -d shell`;
    const text = execFileSync('zsh', ['-f', '-c', program, 'zsh', script, line], { cwd: folder, encoding: 'utf8', timeout: 30_000, env: { ...process.env, TERM: 'dumb' } }); // prettier-ignore
    return /<<(.*)>>/.exec(text)?.[1] ?? text;
  };

  it.each([
    ['bitgrad tra', 'train'],
    ['bitgrad data g', 'data get'],
    ['bitgrad data get fash', 'data get fashion-mnist'],
    ['bitgrad train --model resnet20-f', 'train --model resnet20-fda'],
    ['bitgrad train --seed 3 --quantizer bnn++', 'train --seed 3 --quantizer bnn++'],
    ['bitgrad train --recipe=two', 'train --recipe=two-stage'],
    ['bitgrad train --lr-schedule-o', 'train --lr-schedule-options'],
    ['bitgrad train --init-from zoo:mnist-t', 'train --init-from zoo:mnist-tfc'],
    ['bitgrad train --data fash', 'train --data fashion-mnist:'],
    ['bitgrad train --data mnist:ru', 'train --data mnist:runs'],
    ['bitgrad eval ru', 'eval runs'],
    ['bitgrad run dig', 'run digits.bitgrad'],
    ['bitgrad compile runs --o', 'compile runs --out'],
    ['bitgrad completion z', 'completion zsh'],
  ])('%s', async (line, expected) => {
    const { folder, script } = await place('zsh');
    expect(completed(script, folder, line).trim()).toBe(expected);
  });
});

it('names what plugins bring, and refuses other shells', async () => {
  const file = join(temporaryFolder(), 'plugin.mjs');
  writeFileSync(file, "import { definePlugin } from '@bitgrad/core'; import { ste } from '@bitgrad/quantizer-ste'; export default definePlugin({ name: 'other', version: '1.0.0', quantizers: { 'never-heard-of': ste } });"); // prettier-ignore
  expect((await cli(['completion', 'bash'])).stdout).not.toContain('never-heard-of');
  expect((await ended(start(['completion', 'bash', '--plugin', file]))).stdout).toContain('never-heard-of');
  const { code, stderr } = await cli(['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/tcsh.*bash, zsh, fish/);
});

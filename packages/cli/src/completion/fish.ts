// The script for fish, 3.0 and later.
import { groups, leaves, type Branch, type Values } from './tree.js';

const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;

const offer = ({ words, files }: Values): string =>
  [files ? '-F' : '-f', ...(words.length > 0 ? [`-a ${quoted(words.join(' '))}`] : [])].join(' ');

/** The script. */
export function fishScript(root: Branch): string {
  const { name } = root;
  const line = (condition: string, rest: string): string =>
    `complete -c ${name} -n ${quoted(condition)} ${rest}`;
  const chosen = groups(root).flatMap(({ path, branch }) => {
    const condition = `__${name}_at ${path.join(' ')}`.trim();
    const flags = path.length === 0 ? branch.flags : [];
    return [
      ...branch.commands.map((each) => line(condition, `-f -a ${each.name} -d ${quoted(each.text)}`)),
      ...flags.map(({ long, short, text }) => line(condition, `-f -l ${long.slice(2)}${short ? ` -s ${short.slice(1)}` : ''} -d ${quoted(text)}`)), // prettier-ignore
    ];
  });
  const own = leaves(root).flatMap(({ path, branch }) => {
    const condition = `__${name}_in ${path.join(' ')}`;
    return [
      line(condition, offer(branch.values)),
      ...branch.flags.map(({ long, short, text, values }) => {
        const names = `-l ${long.slice(2)}${short ? ` -s ${short.slice(1)}` : ''}`;
        return line(condition, `${names}${values ? ` -r ${offer(values)}` : ''} -d ${quoted(text)}`);
      }),
    ];
  });
  return `# Completion of ${name} for fish. Once: ${name} completion fish > ~/.config/fish/completions/${name}.fish
function __${name}_in
    set -l words (commandline -opc)
    for i in (seq (count $argv))
        set -l at (math $i + 1)
        test "$words[$at]" = "$argv[$i]"; or return 1
    end
end
function __${name}_at
    set -l words (commandline -opc)
    test (count $words) -eq (math (count $argv) + 1); and __${name}_in $argv
end
complete -c ${name} -f
${[...chosen, ...own].join('\n')}`;
}

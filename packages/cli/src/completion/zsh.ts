// The script for zsh, by its own _arguments and _describe.
import { quoted } from './bash.js';
import type { Branch, Flag, Values } from './tree.js';

const escaped = (text: string): string => text.replaceAll(/[\\[\]:]/g, '\\$&');

/** A function that offers the values; one for each set of them. */
interface Offers {
  readonly bodies: Map<string, string>;
  readonly name: string;
}

function offer({ words, files }: Values, { bodies, name }: Offers): string {
  const open = words.filter((word) => word.endsWith(':'));
  const closed = words.filter((word) => !word.endsWith(':'));
  const lines = [
    ...(open.length > 0 ? ['if compset -P "*:"; then _files; return; fi', `compadd "$@" -S '' -- ${open.map(quoted).join(' ')}`] : []), // prettier-ignore
    ...(closed.length > 0 ? [`compadd "$@" -- ${closed.map(quoted).join(' ')}`] : []),
    ...(files && open.length === 0 ? ['_files'] : []),
    ...(words.length === 0 && !files ? ['_message value'] : []),
  ];
  const body = lines.map((line) => `  ${line}`).join('\n');
  if (!bodies.has(body)) bodies.set(body, `_${name}_values${bodies.size}`);
  return bodies.get(body)!;
}

function flagSpec({ long, short, text, values, repeated }: Flag, offers: Offers): string {
  const said = `[${escaped(text)}]`;
  const value = values ? `:value:${offer(values, offers)}` : '';
  const names = short ? `{${short},${long}${values ? '=' : ''}}` : `${long}${values ? '=' : ''}`;
  const before = repeated ? quoted('*') : short ? quoted(`(${short} ${long})`) : '';
  return `    ${before}${short ? `${names}${quoted(`${said}${value}`)}` : quoted(`${names}${said}${value}`)}`;
}

function functionOf(branch: Branch, path: readonly string[], offers: Offers): string[] {
  const name = `_${path.join('_')}`;
  const flags = branch.flags.map((flag) => flagSpec(flag, offers));
  if (branch.commands.length === 0) {
    const { values } = branch;
    const rest = values.words.length > 0 || values.files ? [`    ${quoted(`*:argument:${offer(values, offers)}`)}`] : []; // prettier-ignore
    return [[`${name}() {`, `  _arguments -s \\`, [...flags, ...rest].join(' \\\n'), '}'].join('\n')];
  }
  const described = branch.commands.map((each) => quoted(`${escaped(each.name)}:${each.text}`));
  const cases = branch.commands.map((each) => `      ${each.name}) ${name}_${each.name} ;;`);
  const own = `${name}() {
  local -a commands
  local state line
  commands=(
    ${described.join('\n    ')}
  )
  _arguments -C \\
${flags.join(' \\\n')} \\
    '1: :->command' '*:: :->rest'
  case "$state" in
    command) _describe command commands ;;
    rest) case "$words[1]" in
${cases.join('\n')}
    esac ;;
  esac
}`;
  return [own, ...branch.commands.flatMap((each) => functionOf(each, [...path, each.name], offers))];
}

/** The script: a file of `fpath`, or sourced. */
export function zshScript(root: Branch): string {
  const { name } = root;
  const offers: Offers = { bodies: new Map(), name };
  const functions = functionOf(root, [name], offers);
  const values = [...offers.bodies].map(([body, own]) => `${own}() {\n${body}\n}`);
  return `#compdef ${name}
# Completion of ${name} for zsh. As the file _${name} in a folder of fpath, or in ~/.zshrc after compinit: source <(${name} completion zsh)
${[...values, ...functions].join('\n')}
if [ "$funcstack[1]" = _${name} ]; then _${name} "$@"; else compdef _${name} ${name}; fi`;
}

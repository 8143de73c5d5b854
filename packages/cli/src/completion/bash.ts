// The script for bash, 3.2 and later. Its words end at `:` and `=`, so that what is typed is read from the line itself.
import { groups, leaves, type Branch, type Flag, type Values } from './tree.js';

/** Text as it stands, for bash and zsh. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const offer = ({ words, files }: Values): string => `words=${quoted(words.join(' '))} files=${files ? 1 : 0}`;

const formsOf = ({ long, short }: Flag): string[] => [long, ...(short ? [short] : [])];

const flagPatterns = (command: string, flag: Flag): string =>
  formsOf(flag)
    .map((form) => quoted(`${command} ${form}`))
    .join('|');

/** What follows each flag of a command, what its flags are, and its arguments. */
function commandCases({ path, branch }: ReturnType<typeof leaves>[number]): string[] {
  const command = path.join(' ');
  const known = branch.flags.filter(({ values }) => values && (values.words.length > 0 || values.files));
  const free = branch.flags.filter((flag) => flag.values && !known.includes(flag));
  const all = branch.flags.flatMap(formsOf).join(' ');
  return [
    ...known.map((flag) => `    ${flagPatterns(command, flag)}) ${offer(flag.values!)} ;;`),
    ...(free.length > 0 ? [`    ${free.map((flag) => flagPatterns(command, flag)).join('|')}) ;;`] : []),
    `    ${quoted(`${command} `)}*) case "$cur" in -*) words=${quoted(all)} ;; *) ${offer(branch.values)} ;; esac ;;`,
  ];
}

/** The script. */
export function bashScript(root: Branch): string {
  const { name } = root;
  const choices = groups(root).map(({ path, branch }) => {
    const flags =
      path.length === 0 ? branch.flags.flatMap(({ long, short }) => [long, short ?? '']) : ['--help'];
    const words = [...branch.commands.map((each) => each.name), ...flags].join(' ');
    return `    ${quoted(path.join(' '))}) words=${quoted(words)} ;;`;
  });
  const nested = groups(root).filter(({ path }) => path.length > 0).map(({ path }) => path.join(' ')); // prettier-ignore
  return `# Completion of ${name} for bash. In ~/.bashrc: source <(${name} completion bash)
_${name}() {
  local line="\${COMP_LINE:0:COMP_POINT}" cur prev command words='' files=0 word
  cur="\${line##*[[:space:]]}"
  line="\${line%"$cur"}"
  line="\${line%"\${line##*[![:space:]]}"}"
  prev="\${line##*[[:space:]]}"
  case "$cur" in --*=*) prev="\${cur%%=*}" cur="\${cur#*=}" ;; esac
  command=''
  if [ "$COMP_CWORD" -gt 1 ]; then command="\${COMP_WORDS[1]}"; fi
  case "$command" in
    ${nested.map(quoted).join('|')}) if [ "$COMP_CWORD" -gt 2 ]; then command="$command \${COMP_WORDS[2]}"; fi ;;
  esac
  case "$command" in
${choices.join('\n')}
    *) case "$command $prev" in
${leaves(root).flatMap(commandCases).join('\n')}
    esac ;;
  esac
  COMPREPLY=()
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$cur")
  # What stands before the last colon is no part of the word that bash replaces.
  case "$cur" in
    *:*) for word in "\${!COMPREPLY[@]}"; do COMPREPLY[word]="\${COMPREPLY[word]#"\${cur%"\${cur##*:}"}"}"; done ;;
  esac
  if [ "\${#COMPREPLY[@]}" -eq 0 ] && [ "$files" -eq 0 ]; then compopt +o default 2>/dev/null; fi
  if [ "\${#COMPREPLY[@]}" -eq 1 ]; then
    case "\${COMPREPLY[0]}" in *:) compopt -o nospace 2>/dev/null ;; esac
  fi
  return 0
}
complete -o default -F _${name} ${name}`;
}

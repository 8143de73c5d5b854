// Text of others on a terminal. Names in files, paths and messages of plugins may hold escape sequences that move the
// cursor, hide lines or type commands; here they are shown and not obeyed.

/** Control characters, those that turn the direction of text, and separators of lines that terminals treat differently. */
const unsafe = /\p{Cc}|\p{Bidi_Control}|[\u2028\u2029\ufeff]/gu;

/** As in JSON, so that the same works within JSON. */
const shown = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A name, path or value of others as one piece of a line: nothing in it acts on a terminal. */
export const plain = (text: unknown): string => String(text).replace(unsafe, shown);

/** The colours that this command uses (table.ts, list.ts): bold, dim, green, cyan, and their ends. */
const ownColour = /^\[(1|2|22|32|36|39)m/;

/** What is written: lines, tabs and this command's own colours act, all else is shown. */
export const writable = (text: string): string =>
  text.replace(unsafe, (character, at: number) => {
    if (character === '\n' || character === '\t') return character;
    return character === '\u001b' && ownColour.test(text.slice(at + 1, at + 5))
      ? character
      : shown(character);
  });

/** The largest of lengths; not Math.max(...lengths): as many arguments as a file may have names overflow the stack. */
export const widest = (texts: readonly string[]): number =>
  texts.reduce((most, text) => Math.max(most, text.length), 0);

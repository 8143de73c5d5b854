// Parts of Markdown documents: a section by its heading, headings moved to the depth where they are shown.

/** A line of Markdown and whether it is inside a fence, where `#` is no heading. */
interface Line {
  readonly text: string;
  readonly code: boolean;
}

/** The lines of a text, each with whether it belongs to a block of code. */
export function linesOf(text: string): Line[] {
  let fence = '';
  return text.split('\n').map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1] ?? '';
    if (fence) {
      if (mark.startsWith(fence)) fence = '';
      return { text: line, code: true };
    }
    fence = mark;
    return { text: line, code: mark !== '' };
  });
}

/** The depth of a heading; 0 of every other line. */
export const depthOf = ({ text, code }: Line): number =>
  code ? 0 : (/^(#{1,6}) /.exec(text)?.[1]!.length ?? 0);

/**
 * What stands below a heading, without it, up to the next heading of its depth or above.
 * @throws RangeError when no heading, or more than one, has these words
 */
export function sectionOf(text: string, heading: string): string {
  const lines = linesOf(text);
  const found = lines.flatMap((line, i) =>
    depthOf(line) > 0 && line.text.replace(/^#+ /, '').trim() === heading ? [i] : [],
  );
  if (found.length !== 1) throw new RangeError(`${found.length} headings say "${heading}", expected one`);
  const [at] = found as [number];
  const depth = depthOf(lines[at]!);
  const end = lines.findIndex((line, i) => i > at && depthOf(line) > 0 && depthOf(line) <= depth);
  return lines
    .slice(at + 1, end < 0 ? undefined : end)
    .map((line) => line.text)
    .join('\n')
    .trim();
}

/** Everything below the title of a document. */
export function belowTitle(text: string): string {
  const lines = linesOf(text);
  const at = lines.findIndex((line) => depthOf(line) === 1);
  return lines
    .slice(at + 1)
    .map((line) => line.text)
    .join('\n')
    .trim();
}

/** The text with its shallowest heading at a depth, and all others moved with it. */
export function headingsFrom(text: string, depth: number): string {
  const lines = linesOf(text);
  const depths = lines.map(depthOf).filter((found) => found > 0);
  const moved = depth - Math.min(...depths);
  if (depths.length === 0 || moved === 0) return text;
  return lines
    .map((line) => {
      const own = depthOf(line);
      return own > 0 ? `${'#'.repeat(Math.min(6, own + moved))}${line.text.slice(own)}` : line.text;
    })
    .join('\n');
}

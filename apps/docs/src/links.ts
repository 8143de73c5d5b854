// Links of documents of the repository, as they are on the site: to a page where the document is one, to the repository
// where its address is known, else their words alone. Pictures are taken from where they are.
import { existsSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path/posix';
import { documents, root } from './repository.js';
import { linesOf } from './sections.js';

/** Sections of the README that a page shows under the same heading. */
const readmeSections: Readonly<Record<string, string>> = { places: 'guide/numerics.md' };

/** The page of a file or folder of the repository, or of a section of it, if it is one. */
const pageOf = (path: string, hash = ''): string | undefined => {
  if (path === 'README.md') return readmeSections[hash] ?? 'index.md';
  return documents[path] ?? documents[join(path, 'README.md')];
};

const external = /^(?:[a-z]+:|\/|#)/i;

interface Place {
  /** The document that the text is of, from the root of the repository. */
  readonly source: string;
  /** The page that it is shown on, from the root of the site. */
  readonly page: string;
  /** The address of the repository's files, such as https://host/owner/name/blob/main/; none: links to them are words. */
  readonly repository?: string | undefined;
}

function linked(words: string, target: string, { source, page, repository }: Place): string {
  if (external.test(target)) {
    // Within a document that is not shown whole, `#heading` is on the document's own page.
    const own = documents[source];
    if (!target.startsWith('#') || !own || own === page) return `[${words}](${target})`;
    return `[${words}](${relative(dirname(page), own)}${target})`;
  }
  const [path = '', hash] = target.split('#');
  const file = normalize(join(dirname(source), path)).replace(/\/$/, '');
  if (!existsSync(root + file)) throw new RangeError(`${source} links to ${target}, which does not exist`);
  const found = pageOf(file, hash);
  const anchor = hash ? `#${hash}` : '';
  if (found) {
    const address = relative(dirname(page), found);
    return `[${words}](${address.startsWith('.') ? address : `./${address}`}${anchor})`;
  }
  return repository ? `[${words}](${repository}${file}${anchor})` : words;
}

/**
 * The text with its links and pictures as they are on a page of the site. Code stays as it is.
 * @param text Markdown
 * @param generated where the pages are written, from the root of the repository
 * @throws RangeError for a link to a file that does not exist
 */
export function withLinks(text: string, place: Place, generated: string): string {
  const picture = (words: string, target: string): string => {
    if (external.test(target)) return `![${words}](${target})`;
    const file = normalize(join(dirname(place.source), target));
    if (!existsSync(root + file))
      throw new RangeError(`${place.source} shows ${target}, which does not exist`);
    return `![${words}](${relative(join(generated, dirname(place.page)), file)})`;
  };
  return linesOf(text)
    .map(({ text: line, code }) => {
      if (code) return line;
      // Code between backticks is taken first, so that what looks like a link in it stays.
      return line.replace(
        /(?<code>(?<!`)(`+)(?!`).*?(?<!`)\2(?!`)(?!\]\())|(?<image>!?)\[(?<words>(?:[^[\]]|\[[^\]]*\])*)\]\((?<target>[^()\s]+)\)/g,
        (whole, ...rest) => {
          const groups = rest.at(-1) as Record<string, string | undefined>;
          if (groups['code'] !== undefined) return whole;
          const { words = '', target = '' } = groups;
          return groups['image'] ? picture(words, target) : linked(words, target, place);
        },
      );
    })
    .join('\n');
}

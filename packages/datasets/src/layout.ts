// Which files of a folder are examples of which class, and which are for testing: from their paths alone, so that Node's
// folders and the files dropped on a page are read alike. Nothing is left out without a word: see `notes`.
import { checkOptions, checkValue, createRng, option, type OptionRules } from '@bitgrad/core';
import { defaultTestFraction, failure, testFractionRule } from './errors.js';

/** A file, by its path, with its label. */
export interface Item {
  readonly path: string;
  readonly label: number;
}

/** What {@link arrangePictures} and {@link arrangeFiles} find. */
export interface Arrangement {
  /** Names of the class folders, sorted. */
  readonly classes: readonly string[];
  readonly train: readonly Item[];
  readonly test: readonly Item[];
  /** Of a folder with `test` and `validation`: the latter's. */
  readonly validation?: readonly Item[];
  /** What was decided and what was left out, in sentences. */
  readonly notes: readonly string[];
}

/** Options of {@link arrangePictures} and {@link arrangeFiles}. */
export interface ArrangeOptions {
  /** Decides which files are held out; default 0. */
  readonly seed?: number;
  /** Part of each class held out where there is no test folder; default 0.2. */
  readonly testFraction?: number;
  /** Least number of classes; default 2. */
  readonly leastClasses?: number;
  /** Folders, as paths: one without examples is noticed. */
  readonly folders?: readonly string[];
}

const arrangeRules: OptionRules<ArrangeOptions> = {
  seed: option.integer(),
  testFraction: testFractionRule,
  leastClasses: option.integer(1),
  folders: option.list(option.string),
};

/** Folder names of the splits; without one for testing, that for validation is it. */
const trainNames = ['train', 'training'];
const validationNames = ['validation', 'valid', 'val', 'dev'];
const testNames = ['test', 'testing', ...validationNames];

/** What the files of a folder are that is arranged. */
export interface FileKind {
  /** One of them, in words. */
  readonly what: string;
  readonly read: RegExp;
  /** The same in formats that are not read: a class must not lose them in silence. */
  readonly unread: RegExp;
  /** Those that are read, in words. */
  readonly formats: string;
}

const pictureFiles: FileKind = {
  what: 'picture',
  read: /\.(png|jpe?g|jpe|jfif|webp|gif|bmp|dib)$/i,
  unread: /\.(tiff?|hei[cf]|avif|jxl|jp2|j2k|svg|ico|psd|dng|cr2|nef|arw|tga|p[bgnp]m)$/i,
  formats: 'PNG, JPEG, WebP, GIF or BMP',
};

/** Recordings. */
export const soundFiles: FileKind = {
  what: 'recording',
  read: /\.wav$/i,
  unread: /\.(mp3|ogg|oga|opus|flac|m4a|aac|aiff?|wma|amr|webm|au|snd)$/i,
  formats: 'WAV',
};
/** What file managers and archives leave behind. */
const litter = /^(\..*|__MACOSX|thumbs\.db|desktop\.ini)$/i;

const archive = /\.(tar|tar\.[gx]z|tgz|zip|7z|rar)$/i;

const parts = (path: string): string[] => path.split('/');
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const topOf = (path: string): string => parts(path)[0]!;
const under = (folder: string, paths: readonly string[]): string[] =>
  paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));

const listed = (names: readonly string[]): string => {
  const some = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${some}, ... (${names.length})` : some;
};

/** `5 .txt, 2 without an extension`, most frequent first. */
const byExtension = (paths: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const kind = /\.[^./]*$/.exec(path)?.[0].toLowerCase() ?? 'without an extension';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return listed([...counts].sort((a, b) => b[1] - a[1]).map(([kind, count]) => `${count} ${kind}`));
};

const files = (count: number, what = 'file'): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Whether files stand in subfolders of a folder. */
const holdsClasses = (own: readonly string[]): boolean => own.some((path) => path.includes('/'));

interface Splits {
  readonly train: string;
  readonly test: string | undefined;
  /** Beside a folder for testing. */
  readonly validation: string | undefined;
}

/** The folders of the splits; undefined where the folders at the top are the classes. */
function findSplits(root: string, examples: readonly string[], { what }: FileKind): Splits | undefined {
  const tops = [...new Set(examples.filter((path) => path.includes('/')).map(topOf))];
  const nested = tops.filter((name) => holdsClasses(under(name, examples)));
  const find = (names: readonly string[]): string | undefined =>
    names.map((wanted) => nested.find((name) => name.toLowerCase() === wanted)).find(Boolean);
  const [train, test, chosen] = [find(trainNames), find(testNames), find(validationNames)];
  if (train !== undefined && test === undefined && tops.length > 1)
    throw failure('invalid-file', {
      what: `${root}: class folders in ${train}/, and ${what}s in other folders beside it`,
      got: listed(tops),
      expected: 'train/ with test/, train/ alone, or one folder for each class',
      next: 'Name the folder for testing test, and move others out.',
    });
  if (train !== undefined) return { train, test, validation: chosen === test ? undefined : chosen };
  const splitNames = [...trainNames, ...testNames];
  if (
    train === undefined &&
    nested.length > 1 &&
    tops.every((name) => splitNames.includes(name.toLowerCase()))
  )
    throw failure('invalid-file', {
      what: `${root}: no folder for training`,
      got: listed(tops),
      expected: 'train/ beside it, or the class folders themselves',
    });
  return undefined;
}

/** Class name to the paths of its examples, sorted, below `base`. */
function classesIn(
  root: string,
  base: string,
  examples: readonly string[],
  folders: readonly string[],
  { what, formats }: FileKind,
): Map<string, string[]> {
  const own = base === '' ? examples : under(base, examples);
  const names = (base === '' ? folders : under(base, folders)).filter((path) => !path.includes('/'));
  const found = new Map<string, string[]>(
    [...new Set([...names, ...own.filter((path) => path.includes('/')).map(topOf)])]
      .sort(byText)
      .map((name) => [name, []]),
  );
  for (const path of [...own].sort(byText))
    if (path.includes('/')) found.get(topOf(path))!.push(base === '' ? path : `${base}/${path}`);
  for (const [name, paths] of found)
    if (paths.length === 0)
      throw failure('invalid-file', {
        what: `${root}/${base === '' ? '' : `${base}/`}${name}: no ${what}s`,
        expected: `${formats} files in the folder of each class`,
      });
  return found;
}

/** As {@link classesIn}, of a folder beside that for training. @throws BitgradError `invalid-file` for another class */
function knownClasses(
  root: string,
  base: string,
  examples: readonly string[],
  folders: readonly string[],
  classes: readonly string[],
  kind: FileKind,
): Map<string, string[]> {
  const found = classesIn(root, base, examples, folders, kind);
  const strange = [...found.keys()].find((name) => !classes.includes(name));
  if (strange === undefined) return found;
  throw failure('invalid-file', {
    what: `${root}/${base}/${strange}: class folders beside those for training`,
    got: strange,
    expected: `some of ${listed(classes)}`,
  });
}

/** Holds out a part of each class: at least one example, and never all of them. */
function holdOut(
  root: string,
  classes: Map<string, string[]>,
  fraction: number,
  seed: number,
  { what }: FileKind,
): [Item[], Item[]] {
  const [train, test]: [Item[], Item[]] = [[], []];
  [...classes.values()].forEach((paths, label) => {
    if (paths.length < 2)
      throw failure('invalid-file', {
        what: `${root}/${paths[0]}: the only ${what} of its class`,
        expected: 'at least 2 in each class, one of them for testing',
        next: `Add ${what}s, or make train/ and test/ folders.`,
      });
    const own = paths.map((path) => ({ path, label }));
    const count = Math.max(1, Math.min(own.length - 1, Math.round(own.length * fraction)));
    const shuffled = createRng(seed)
      .fork('hold-out')
      .fork(label)
      .shuffle([...own]);
    const held = new Set(shuffled.slice(0, count));
    for (const item of own) (held.has(item) ? test : train).push(item);
  });
  return [train, test];
}

function checkClasses(
  root: string,
  classes: Map<string, string[]>,
  least: number,
  all: readonly string[],
  { what }: FileKind,
): void {
  if (classes.size >= least && classes.size <= 65_536) return;
  const [only] = classes.keys();
  const inner = only === undefined ? [] : [...new Set(under(only, classes.get(only)!).filter((p) => p.includes('/')).map(topOf))]; // prettier-ignore
  const packed = all.filter((path) => archive.test(path));
  throw failure('invalid-file', {
    what: `${root}: number of class folders`,
    got: classes.size,
    expected: `${least}..65536 subfolders, one for each class`,
    next:
      inner.length > 1
        ? `Are they in ${root}/${only} (${listed(inner)})?`
        : packed.length > 0
          ? `Unpack ${listed(packed)} first: archives are not read.`
          : classes.size === 0
            ? `Put the ${what}s of each class into a folder with its name.`
            : undefined,
  });
}

const withLabels = (classes: Map<string, string[]>, names: readonly string[]): Item[] =>
  [...classes].flatMap(([name, paths]) => paths.map((path) => ({ path, label: names.indexOf(name) })));

/** @throws BitgradError `invalid-file` for files in formats that are not read */
function refuseUnread(root: string, all: readonly string[], { what, unread, formats }: FileKind): void {
  const lost = all.filter((path) => unread.test(path));
  if (lost.length > 0)
    throw failure('invalid-file', {
      what: `${root}: ${files(lost.length, what)} in formats that are not read`,
      got: byExtension(lost),
      expected: formats,
      next: `Convert them, or move them out; the first is ${lost[0]}.`,
    });
}

/**
 * Arranges the files of a folder. Its subfolders are the classes, with all pictures at any depth below; or `train` and one
 * of `test`, `validation`, `valid` and `val` (first found) have them, or `train` alone; one for validation beside `test` is
 * the validation split. Where there is no test folder, a seeded part of each class is held out. Hidden files and what archives leave (`__MACOSX`) do not count.
 * @param root name of the folder, for messages
 * @param paths files relative to it, parts joined by `/`
 * @throws BitgradError `invalid-file`: no classes, a class without pictures, or pictures in formats that are not read
 */
export function arrangePictures(
  root: string,
  paths: readonly string[],
  options: ArrangeOptions = {},
): Arrangement {
  return arrangeFiles(pictureFiles, root, paths, options);
}

/** As {@link arrangePictures}, of files of any kind. */
export function arrangeFiles(
  kind: FileKind,
  root: string,
  paths: readonly string[],
  options: ArrangeOptions = {},
): Arrangement {
  checkValue('datasets', 'name of the folder', root, option.required(option.string));
  checkValue('datasets', 'paths', paths, option.required(option.list(option.string)));
  const {
    seed = 0,
    testFraction = defaultTestFraction,
    leastClasses = 2,
  } = checkOptions('datasets', `the arrangement of ${kind.what}s`, options, arrangeRules);
  const clean = (all: readonly string[]): string[] =>
    all.filter((path) => !parts(path).some((p) => litter.test(p)));
  const [all, folders] = [clean(paths), clean(options.folders ?? [])];
  const { what, read } = kind;
  const examples = all.filter((path) => read.test(path));
  refuseUnread(root, all, kind);
  const notes: string[] = [];
  const other = all.length - examples.length;
  if (other > 0)
    notes.push(
      `${files(other)} left out, no ${what}s by their names: ${byExtension(all.filter((p) => !read.test(p)))}`,
    );
  const splits = findSplits(root, examples, kind);
  const trained = classesIn(root, splits?.train ?? '', examples, folders, kind);
  const classes = [...trained.keys()];
  checkClasses(root, trained, leastClasses, all, kind);
  const done = ([train, test, validation]: [Item[], Item[], Item[]?]): Arrangement => {
    const all = [...train, ...test, ...(validation ?? [])];
    const used = new Set(all.map(({ path }) => path));
    const where = [...new Set(examples.filter((path) => !used.has(path)).map((path) => (path.includes('/') ? `${topOf(path)}/` : 'no folder')))]; // prettier-ignore
    if (examples.length > all.length)
      notes.push(`${files(examples.length - all.length, what)} not used: in ${listed(where)}`);
    return { classes, train, test, ...(validation && { validation }), notes };
  };
  if (splits?.test === undefined) {
    const [train, test] = holdOut(root, trained, testFraction, seed, kind);
    notes.push(
      `no test folder: ${test.length} of ${train.length + test.length} ${what}s are held out for testing, chosen by seed ${seed}`,
    );
    return done([train, test]);
  }
  const known = (base: string) => knownClasses(root, base, examples, folders, classes, kind);
  const tested = known(splits.test);
  const validated = splits.validation === undefined ? undefined : known(splits.validation);
  if (splits.test.toLowerCase() !== 'test') notes.push(`${splits.test}/ is used for testing`);
  const untested = classes.filter((name) => !tested.has(name));
  if (untested.length > 0) notes.push(`no ${what}s for testing of ${listed(untested)}`);
  if (validated) notes.push(`${splits.validation}/ is used for validation`);
  const labelled = [trained, tested, ...(validated ? [validated] : [])].map((each) =>
    withLabels(each, classes),
  );
  return done(labelled as [Item[], Item[], Item[]?]);
}

// What a file, or a source, is that is no model: what servers, Git and other tools put in a model's place, by its first bytes. It
// imports nothing, so that bundlers keep it apart: loadModel fetches it when it meets such a file.

/** Starts that are recognized: a pattern over the first characters, what it is, and what to do. */
const known: readonly (readonly [RegExp, string, string])[] = [
  [
    /^\s*<(!doctype html|html|head|body|script)/i,
    'an HTML page',
    'The server answers with a page in place of the model: check the address, and that the file is deployed.',
  ],
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer', 'Fetch the file itself: `git lfs pull`.'],
  [/^\s*\{[^]*"(modelTopology|format)"/, 'a model.json of tfjs', 'Compile it first: `bitgrad compile`.'],
  [/^BGCKPT/, 'a checkpoint', 'Compile the folder of the run: `bitgrad compile`.'],
  [/^([^ -~]\x8b|PK)/, 'compressed data', 'Unpack it.'],
];

/** What bytes that are no `.bitgrad` file look like, and what to do. */
export function noModel(bytes: Uint8Array): { what: string; next: string } {
  const start = String.fromCharCode(...bytes.subarray(0, 400));
  const [, kind, next = 'Give a file that `bitgrad compile` or compileModel has made.'] =
    known.find(([pattern]) => pattern.test(start)) ?? [];
  return {
    what: `this is no .bitgrad file: it looks like ${kind ?? JSON.stringify(start.slice(0, 16))}`,
    next,
  };
}

/** What is passed to loadModel and is no source of bytes. */
export function noSource(source: unknown): { what: string; got: unknown; expected: string; next?: string } {
  const expected = 'a URL, a path, bytes, a Blob or a Response';
  const awaited = typeof (source as Partial<Promise<unknown>> | null)?.then === 'function';
  if (awaited) return { what: 'model source', got: 'a promise', expected, next: 'Await it first.' };
  return { what: 'model source', got: source ?? 'nothing', expected };
}

/** A Response gives its body once. */
export const readAlready = {
  what: 'Response',
  got: 'one whose body was read already',
  expected: 'one that nobody has read',
  next: 'Pass response.clone() before it is read, or the bytes that were read.',
};

/** Why nothing was read: fetch says "fetch failed", and the reason in its cause. */
export function unreadable(
  source: string | URL,
  cause: unknown,
  reasonOf: (error: unknown) => string,
): { what: string; next: string; cause: unknown } {
  const { cause: inner } = cause as { cause?: unknown };
  return {
    what: `the model ${String(source)} cannot be read: ${reasonOf(cause)}${inner ? `: ${reasonOf(inner)}` : ''}`,
    next: 'Check the path or address.',
    cause,
  };
}

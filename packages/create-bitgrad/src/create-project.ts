// A new project: the files of a template in a folder of their own, under the project's name.
import { cp, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { BitgradError, checkOptions, nearestName, option } from '@bitgrad/bits';
import { templateFolder, templates, type TemplateName } from './templates.js';

/** Options of {@link createProject}. */
export interface CreateOptions {
  readonly template: TemplateName;
  /** Name in package.json; by default made from that of the folder. */
  readonly name?: string;
}

/** What was made. */
export interface Created {
  /** Absolute path. */
  readonly folder: string;
  readonly name: string;
  readonly template: TemplateName;
  /** Paths in the folder, sorted. */
  readonly files: readonly string[];
  /** Commands to type then, in their order. */
  readonly next: readonly string[];
}

const failure = (
  code: 'invalid-option' | 'unknown-name' | 'io',
  what: string,
  rest: { got?: unknown; expected?: string; next?: string; cause?: unknown },
): BitgradError =>
  // prettier-ignore
  new BitgradError({ code, source: 'create', what, ...rest });

/** npm's rule for names of new packages, with or without a scope. */
const allowedName = /^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/;

/** A name that npm allows, from that of a folder. */
const nameFrom = (folder: string): string =>
  basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-._~]+/g, '-')
    .replace(/^[-._]+|[-._]+$/g, '') || 'my-bitgrad-app';

/**
 * Whether a folder can be written into: it does not exist, or nothing is in it but what git keeps.
 * @throws BitgradError `io` when the path is a file, or cannot be looked at
 */
async function isFree(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).every((name) => name === '.git');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    throw failure('io', `folder ${folder}`, {
      got: code,
      expected: code === 'ENOTDIR' ? 'a folder, not a file' : 'a folder that can be read',
      next: 'Choose another folder.',
      cause,
    });
  }
}

/** All files below a folder, as paths in it. */
const filesBelow = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
};

/** npm leaves `.gitignore` out of packages, or renames it: in templates it is `_gitignore`. */
const restored = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder))
    if (name.startsWith('_')) await rename(join(folder, name), join(folder, `.${name.slice(1)}`));
};

/** Where templates have the project's name, as `my-app`, and how each file writes it. */
const places: Readonly<Record<string, (name: string) => string>> = {
  'package.json': (name) => name,
  // A change of a package that there is not would stop the first release.
  '.changeset/first.md': (name) => name,
  // Cloudflare allows no scope and no dots.
  'wrangler.toml': (name) => name.replace(/^@/, '').replace(/[^a-z0-9-]+/g, '-'),
};

const named = async (folder: string, name: string): Promise<void> => {
  for (const [file, written] of Object.entries(places)) {
    const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
    if (text !== undefined) await writeFile(join(folder, file), text.replace('my-app', written(name)));
  }
};

/**
 * Makes a project.
 * @param folder absolute, or from the working directory; it must not exist yet, or be empty
 * @throws BitgradError `invalid-option` for a folder that is not empty, a name that npm refuses and wrong options,
 *   `unknown-name` for a template that there is not, `io` when files cannot be written
 */
export async function createProject(folder: string, options: CreateOptions): Promise<Created> {
  const names = Object.keys(templates);
  if (typeof folder !== 'string' || folder.trim() === '')
    throw failure('invalid-option', 'folder of the project', {
      got: folder,
      expected: 'a path, such as my-app',
    });
  const { template, name = nameFrom(resolve(folder)) } = checkOptions<CreateOptions>(
    'create',
    'createProject',
    options,
    { template: option.required(option.string), name: option.string },
  );
  if (!names.includes(template)) {
    const near = nearestName(template, names);
    throw failure('unknown-name', 'template', {
      got: template,
      expected: names.join(', '),
      ...(near && { next: `Did you mean "${near}"?` }),
    });
  }
  if (!allowedName.test(name) || name.length > 214)
    throw failure('invalid-option', 'name of the project', {
      got: name,
      expected: 'lower-case letters, digits, -, . and _, with or without @scope/ in front, as npm has it',
    });
  const path = resolve(folder);
  if (!(await isFree(path)))
    throw failure('invalid-option', 'folder of the project', {
      got: path,
      expected: 'one that does not exist, or is empty',
      next: 'Nothing was written. Choose another name, or empty it first.',
    });
  try {
    await mkdir(path, { recursive: true });
    await cp(templateFolder(template), path, { recursive: true });
    await restored(path);
    await named(path, name);
  } catch (cause) {
    throw failure('io', `files of ${path}`, {
      got: (cause as NodeJS.ErrnoException).code,
      expected: 'a place that can be written to',
      cause,
    });
  }
  const shown = relative(process.cwd(), path) || '.';
  return {
    folder: path,
    name,
    template,
    files: await filesBelow(path),
    next: [...(shown === '.' ? [] : [`cd ${shown}`]), 'npm install', ...templates[template].next],
  };
}

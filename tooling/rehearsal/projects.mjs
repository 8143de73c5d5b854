// Every example and every template as somebody has them who installs them after the release: in folders of their own, with
// packages from the registry, by their own scripts.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromiumMissing, launchChromium, outputOf } from '../chromium.mjs';
import { serveFolder } from '../static-server.mjs';
import { run } from './run.mjs';

const scriptsOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).scripts ?? {};

/** Runs npm in a folder with the registry of the rehearsal. */
const npm = (context, folder, ...args) =>
  run('npm', [...args, '--loglevel=error'], {
    cwd: folder,
    log: context.log,
    env: { ...context.cleanEnvironment, ...context.registry.environment, NEXT_TELEMETRY_DISABLED: '1', WRANGLER_SEND_METRICS: 'false' }, // prettier-ignore
    limitMs: 15 * 60_000,
  });

/** What a page shows in its `output`; `cdn` is the folder of packages that a CDN would serve. */
async function shownBy(folder, path, cdn) {
  const [browser, server] = [await launchChromium({ gpu: false }), await serveFolder(folder)];
  try {
    const { text, errors } = await outputOf(browser, server.url + path, cdn);
    return errors.length > 0 ? errors.join('; ') : text;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Installs and builds an example, and looks at its page. @returns what is wrong */
async function tryExample(context, folder, name) {
  const path = join(folder, name);
  const built = existsSync(join(path, 'package.json'));
  if (built) {
    await npm(context, path, 'install');
    await npm(context, path, 'run', 'build');
  }
  if (chromiumMissing()) return undefined;
  const output = ['dist', 'out', 'build'].map((made) => join(path, made)).find(existsSync);
  const cdn = join(context.project, 'node_modules');
  const text = built ? await shownBy(output, '', cdn) : await shownBy(folder, `${name}/`, cdn);
  return text === '7 by wasm' ? undefined : `its page shows "${text}", and not "7 by wasm"`;
}

/** Runs each in turn; a failed one does not keep the others from being tried. */
async function each(context, names, attempt) {
  const problems = [];
  for (const name of names) {
    context.tell(name);
    try {
      const problem = await attempt(name);
      if (problem) problems.push(`${name}: ${problem}`);
    } catch (error) {
      problems.push(`${name}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n\n'));
  return names.join(', ');
}

/** The folders of examples. */
export async function examples(context) {
  const folder = join(context.work, 'examples');
  cpSync(join(context.copy, 'examples'), folder, { recursive: true });
  const names = readdirSync(folder).filter((name) => ['index.html', 'package.json'].some((file) => existsSync(join(folder, name, file)))); // prettier-ignore
  const done = await each(context, names, async (name) => {
    const problem = await tryExample(context, folder, name);
    rmSync(join(folder, name, 'node_modules'), { recursive: true, force: true });
    return problem;
  });
  return chromiumMissing() ? `${done}; pages not looked at: ${chromiumMissing()}` : done;
}

/** Makes a project of a template by the published command, and runs all that its README has a newcomer run. */
async function tryTemplate(context, folder, name) {
  // A cache of its own: npm would take another command of the same version from an earlier rehearsal.
  const env = { ...context.cleanEnvironment, ...context.registry.environment, npm_config_cache: join(context.work, 'npx') }; // prettier-ignore
  const args = ['--yes', `create-bitgrad@${context.version}`, name, '--template', name, '--json'];
  const made = JSON.parse(await run('npx', args, { cwd: folder, log: context.log, env }));
  await npm(context, made.folder, 'install');
  const scripts = scriptsOf(made.folder);
  for (const script of ['typecheck', 'test', 'build'])
    if (scripts[script]) await npm(context, made.folder, 'run', script);
  rmSync(join(made.folder, 'node_modules'), { recursive: true, force: true });
}

/** The templates of `npm create bitgrad`. */
export async function templates(context) {
  const folder = join(context.work, 'templates');
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(join(context.copy, 'packages/create-bitgrad/templates')).sort();
  return each(context, names, (name) => tryTemplate(context, folder, name));
}

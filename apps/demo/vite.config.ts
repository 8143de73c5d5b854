// The build of the demo: static files that work from any sub-path, with a strict content security policy in the page
// itself, a service worker that knows every file, and no tfjs outside of the workers.
import { fileURLToPath } from 'node:url';
import { defaultClientConditions, defineConfig } from 'vite';
import { contentSecurityPolicy, policyHeader } from './build/csp.js';
import { offline } from './build/offline.js';
import { withoutTfjs } from './build/without-tfjs.js';

// Shared memory, and with it threads, exists only in cross-origin isolated pages.
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

// Absolute, so that a build can be started from any folder.
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: './',
  resolve: { conditions: ['@bitgrad/source', ...defaultClientConditions] },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  plugins: [withoutTfjs(), contentSecurityPolicy(), offline()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    manifest: true,
    // An inlined file is a data: URL, which the policy does not let fetch() read.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      // Exports of tfjs that the page's own bundle leaves out on purpose.
      onwarn: (warning, warn) => {
        if (warning.code !== 'SHIMMED_EXPORT') warn(warning);
      },
      input: { index: source('index.html'), sw: source('src/service-worker.ts') },
      output: {
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  server: { headers: isolation },
  preview: { headers: { ...isolation, 'Content-Security-Policy': policyHeader } },
});

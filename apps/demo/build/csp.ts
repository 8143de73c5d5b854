// The content security policy, as a meta element of the built page: static hosts need no header for it. What a meta
// element cannot say, who may frame the page, is in the header only.
import type { Plugin } from 'vite';

/** Scripts from here only, WebAssembly allowed, no eval; `blob:` workers are the threads of the wasm engine. */
export const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The policy as a header, where the host can send one: browsers ignore `frame-ancestors` in a meta element. */
export const policyHeader = `${policy}; frame-ancestors 'none'`;

/** Puts the policy into the built page; in development Vite's own inline styles would break it. */
export const contentSecurityPolicy = (): Plugin => ({
  name: 'demo:csp',
  apply: 'build',
  transformIndexHtml: {
    order: 'pre',
    handler: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
        injectTo: 'head-prepend' as const,
      },
    ],
  },
});

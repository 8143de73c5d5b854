// The content security policy of the site, as a meta element: static hosts need no header for it. Inline scripts of VitePress
// (colour scheme before the first paint, the map of pages) are allowed by their hashes. What it cannot forbid are style
// attributes, which hold the two colours of each highlighted word; style elements and sheets of others it does.
import { createHash } from 'node:crypto';

/** The one style element that the theme makes: no transitions while the colour scheme changes (@vueuse/core, useColorMode). */
const withoutTransitions =
  '*,*::before,*::after{-webkit-transition:none!important;-moz-transition:none!important;' +
  '-o-transition:none!important;-ms-transition:none!important;transition:none!important}';

const hashOf = (code: string): string => `'sha256-${createHash('sha256').update(code).digest('base64')}'`;

/** The policy of a page with these inline scripts. */
const policyFor = (scripts: readonly string[]): string =>
  [
    "default-src 'self'",
    `script-src 'self' ${[...new Set(scripts.map(hashOf))].join(' ')}`.trimEnd(),
    `style-src 'self' ${hashOf(withoutTransitions)}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** A built page with its policy as the first thing that it says, after its encoding. */
export function withPolicy(html: string): string {
  const scripts = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    (match) => match[1]!,
  );
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policyFor(scripts)}">`;
  return html.replace('<meta charset="utf-8">', (found) => `${found}\n    ${meta}`);
}

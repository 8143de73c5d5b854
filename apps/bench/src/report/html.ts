// A run as one self-contained page: no script, no request, plots as inline SVG.
import type { MethodRow } from '../aggregate.js';
import type { BenchConfig } from '../config.js';
import type { TrialResult } from '../result.js';
import { accuracyChart, curveChart, flipChart, latencyChart, sizeChart } from './charts.js';
import { conditions, kilobytes, machines } from './markdown.js';
import type { PairPicture } from './pairs.js';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => escapes[c]!);

const style = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
  figure { margin: 1.5rem 0; overflow-x: auto; } figure svg { max-width: 100%; height: auto; border-radius: 6px; }
  .wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid #8884; white-space: nowrap; }
  th:first-child, td:first-child { text-align: left; } .pairs { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
`;

const cells = (row: MethodRow): string[] => [
  row.label,
  `${row.hardened.mean.toFixed(2)} ± ${row.hardened.deviation.toFixed(2)}`,
  String(row.trials.length),
  row.gap.toFixed(2),
  row.imagesPerSecond.toFixed(0),
  kilobytes(row.packedBytes),
  Object.values(row.latency).length > 0 ? Math.min(...Object.values(row.latency)).toFixed(3) : '',
  row.agreement === null ? '' : `${(100 * row.agreement).toFixed(2)} %`,
];

const tableOf = (rows: readonly MethodRow[]): string => {
  const head = ['method', 'hardened %', 'seeds', 'soft - hard', 'img/s', 'packed', 'ms', 'agreement'];
  const line = (tag: string, values: readonly string[]): string =>
    `<tr>${values.map((v) => `<${tag}>${escape(v)}</${tag}>`).join('')}</tr>`;
  return `<div class="wide"><table><thead>${line('th', head)}</thead><tbody>${rows.map((r) => line('td', cells(r))).join('')}</tbody></table></div>`;
};

/** The page. */
export function htmlReport(
  config: BenchConfig,
  results: readonly TrialResult[],
  rows: readonly MethodRow[],
  pairs: readonly PairPicture[],
): string {
  const charts = [accuracyChart, curveChart, sizeChart, latencyChart, flipChart]
    .map((chart) => chart(rows))
    .filter(Boolean);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>bitgrad: ${escape(config.name)}</title><style>${style}</style></head><body>
<h1>${escape(config.name)}</h1>
${config.description ? `<p>${escape(config.description)}</p>` : ''}
<p>${escape(conditions(config, results[0]?.data ?? config.data)).replace(/`([^`]*)`/g, '<code>$1</code>')}</p>
${tableOf(rows)}
${charts.map((svg) => `<figure>${svg}</figure>`).join('\n')}
<h2>Quantizers</h2><div class="pairs">
${pairs.map((pair) => `<figure>${pair.svg}<figcaption>${escape(pair.name)}: ${escape(pair.certificate)}</figcaption></figure>`).join('\n')}
</div>
<p><small>Machine: ${escape(machines(results))}.</small></p>
</body></html>
`;
}

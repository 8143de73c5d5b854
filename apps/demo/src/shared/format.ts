// Numbers as people read them.

/** Bytes, in units of 1000. */
export const formatBytes = (bytes: number): string =>
  bytes < 1000
    ? `${bytes} B`
    : bytes < 1e6
      ? `${(bytes / 1000).toFixed(bytes < 1e4 ? 1 : 0)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`;

/** Milliseconds with two or three digits. */
export const formatMs = (ms: number): string =>
  ms < 10 ? `${ms.toFixed(2)} ms` : ms < 100 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;

/** A share in [0, 1]. */
export const formatPercent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

/** A count with a unit prefix: 1.2 M. */
export const formatCount = (count: number): string =>
  count < 1e4
    ? String(count)
    : count < 1e6
      ? `${(count / 1e3).toFixed(count < 1e5 ? 1 : 0)} k`
      : `${(count / 1e6).toFixed(1)} M`;

/** Seconds as 1:05 or 1:02:03. */
export function formatDuration(seconds: number): string {
  const all = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Four significant digits, without an exponent where one is not needed. */
export const formatNumber = (x: number): string =>
  !Number.isFinite(x)
    ? String(x)
    : Math.abs(x) >= 1e5 || (x !== 0 && Math.abs(x) < 1e-3)
      ? x.toExponential(2)
      : String(Number(x.toPrecision(4)));

/** The middle one of some numbers; NaN of none. */
export const median = (values: readonly number[]): number =>
  values.length === 0 ? NaN : values.toSorted((a, b) => a - b)[values.length >> 1]!;

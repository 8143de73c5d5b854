// What was recorded in one go, cut into takes: a word each, or pieces of background.

const frameSeconds = 0.02;
/** Pauses shorter than this are in a word, not between two. */
const shortestPause = 0.25;
const shortestWord = 0.08;
/** What is kept on both sides of a word: it begins and ends softly. */
const margin = 0.12;
/** Times the level of the quiet parts, and part of the loudest, from which something is said. */
const [aboveNoise, belowPeak] = [4, 0.12];
/** Mean magnitude below which everything is silence. */
const leastLevel = 40;

/** Mean magnitudes of frames, in 16-bit units. */
function levels(samples: Int16Array, length: number): number[] {
  return Array.from({ length: Math.floor(samples.length / length) }, (_, i) => {
    let sum = 0;
    for (const v of samples.subarray(i * length, (i + 1) * length)) sum += Math.abs(v);
    return sum / length;
  });
}

/**
 * Cuts a recording of words with pauses between them.
 * @param samples 16 bits
 * @param sampleRate in Hz
 * @returns each word with a little of what is around it; none where nothing is loud enough
 */
export function cutWords(samples: Int16Array, sampleRate: number): Int16Array[] {
  const frame = Math.round(frameSeconds * sampleRate);
  const loudness = levels(samples, frame);
  const sorted = loudness.toSorted((a, b) => a - b);
  const [quiet, peak] = [sorted[Math.floor(sorted.length / 5)] ?? 0, sorted.at(-1) ?? 0];
  const from = Math.max(leastLevel, Math.min(aboveNoise * quiet, peak / 2), belowPeak * peak);
  const spans: { start: number; end: number }[] = [];
  loudness.forEach((level, i) => {
    if (level < from) return;
    const last = spans.at(-1);
    if (last && (i - last.end) * frameSeconds < shortestPause) last.end = i + 1;
    else spans.push({ start: i, end: i + 1 });
  });
  const around = Math.round(margin * sampleRate);
  return spans
    .filter(({ start, end }) => (end - start) * frameSeconds >= shortestWord)
    .map(({ start, end }) => samples.slice(Math.max(0, start * frame - around), end * frame + around));
}

/**
 * Cuts background into pieces of one length, each half of it after the one before.
 * @param length samples of a piece; a shorter recording is one piece
 */
export function cutPieces(samples: Int16Array, length: number): Int16Array[] {
  const count = Math.max(1, Math.floor((samples.length - length) / (length / 2)) + 1);
  return Array.from({ length: count }, (_, i) => {
    const at = Math.floor((i * length) / 2);
    return samples.slice(at, at + length);
  });
}

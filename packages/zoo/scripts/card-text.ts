// A card as a page.
import type { ModelCard, SoundCard } from '../src/card.js';

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '-'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** What it hears, and of whom. */
const soundText = ({ settings, falseAccepts, second, speakers }: SoundCard): string => `## Sound

${settings.frames} frames of ${settings.bands} bands from ${settings.lowest} to ${settings.highest} Hz, every ${settings.hop} of ${settings.sampleRate} samples a second: the packed file has these settings.

Words an hour that it hears where nobody speaks, in ${falseAccepts.minutes} minutes of each (\`${falseAccepts.command}\`):

${table(Object.keys(falseAccepts.perHour), [Object.values(falseAccepts.perHour)])}

A second of sound, the spectra of its frames and one answer, takes (\`bitgrad bench\`, machine below): ${second.map(({ engine, medianMs }) => `${medianMs.toFixed(2)} ms on ${engine}`).join(', ')}.
${
  speakers
    ? `
Accuracy on a speaker whose recordings were left out of training, each in turn (\`${speakers.command}\`): ${percent(speakers.mean)} on average.

${table(Object.keys(speakers.accuracy), [Object.values(speakers.accuracy).map(percent)])}
`
    : ''
}
`;

/** The card in Markdown: every figure is the card's. */
export const cardText = (card: ModelCard): string => `# ${card.name}

${card.title}

- **Accuracy**: ${percent(card.test.accuracy)} (${card.test.right} of ${card.test.images} test ${card.sound ? 'recordings' : 'images'}): \`${card.test.command}\`
- **Size**: ${card.bytes.packed} bytes packed, ${card.bytes.float} in float32
- **Input**: ${card.input.type} [${card.input.shape.join(', ')}]; **labels**: ${card.labels.join(', ')}
- **Trained** with one seed (${card.training.seed}), ${card.training.epochs} epochs of ${card.training.images} ${card.sound ? 'examples' : 'images'}, ${card.training.seconds} s of wall time (on a machine that others used too) on \`${card.training.backend}\`: \`${card.training.command}\`
- **Licence**: ${card.licence}; data: ${card.dataLicence}

**Intended use.** ${card.intendedUse}

**Limits.** ${card.limits.join(' ')}

${card.sound ? soundText(card.sound) : ''}## Time of one inference

\`bitgrad bench model.bitgrad --engine ENGINE --seconds 3\` on ${card.machine}:

${table(
  ['engine', 'median, ms', '5 % to 95 %'],
  card.latency.map(({ engine, variant, medianMs, p5Ms, p95Ms }) => [
    variant ? `${engine} (${variant})` : engine,
    medianMs.toFixed(4),
    `${p5Ms.toFixed(4)} to ${p95Ms.toFixed(4)}`,
  ]),
)}

## Confusion matrix

Rows are the true classes, columns what the model says.

${table(
  ['', ...card.labels],
  card.test.confusion.map((row, i) => [`**${card.labels[i]}**`, ...row]),
)}
`;

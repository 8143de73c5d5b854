// What the network answers: every class, what it saw, and what it costs.
import { useEffect, useRef } from 'preact/hooks';
import { formatBytes, formatCount, formatMs, formatPercent } from '../shared/format.js';
import { isDark } from '../shared/state.js';
import { answer, kind, latency, loaded, seen } from './session.js';

/** What the network sees, pixel by pixel. */
function Preview() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const now = seen.value;
  const dark = isDark.value;
  const { width, height } = now ?? { width: 28, height: 28 };
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    const picture = context.createImageData(width, height);
    const { bytes, channels } = now ?? { bytes: new Uint8Array(width * height), channels: 1 };
    for (let i = 0; i < width * height; i++) {
      const [red, green, blue] = [0, 1, 2].map((c) => bytes[i * channels + (channels > 1 ? c : 0)]!);
      picture.data.set([red!, green!, blue!, 255], 4 * i);
    }
    context.putImageData(picture, 0, 0);
  }, [now, width, height, dark]);
  return (
    <figure class="preview">
      <canvas
        ref={canvas}
        width={width}
        height={height}
        style={{ aspectRatio: `${width} / ${height}` }}
        aria-hidden="true"
      />
      <figcaption>
        What the network sees: {kind.value === 'drawing' ? 'centred and scaled' : 'scaled'}, {width} ×{' '}
        {height}
      </figcaption>
    </figure>
  );
}

function Bars() {
  const now = answer.value;
  const model = loaded.value?.model;
  const count = model?.output.shape.at(-1) ?? 10;
  const classes = model?.metadata.classes ?? Array.from({ length: count }, (_, i) => String(i));
  const byIndex = new Map(now?.scores.map((score) => [score.index, score.probability]));
  const best = now?.scores[0]?.index;
  return (
    <ol class="bars" aria-label="Probability of each class" data-best={best ?? ''}>
      {classes.slice(0, 100).map((name, i) => {
        const share = byIndex.get(i) ?? 0;
        return (
          <li key={name} class={i === best ? 'best' : undefined}>
            <span class="bar-name">{name}</span>
            <span class="bar-track" aria-hidden="true">
              <span class="bar" style={{ transform: `scaleX(${share})` }} />
            </span>
            <span class="bar-value">{now ? formatPercent(share, 0) : '–'}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Facts() {
  const now = loaded.value;
  const layers = now?.model.metadata.layers ?? [];
  const macs = layers.reduce((sum, layer) => sum + layer.binaryMacs + layer.otherMacs, 0);
  const floatBytes = now?.model.metadata.floatBytes;
  return (
    <dl class="facts">
      <div>
        <dt>Time</dt>
        <dd data-testid="latency">{Number.isNaN(latency.value) ? '–' : formatMs(latency.value)}</dd>
      </div>
      <div>
        <dt>Model file</dt>
        <dd>{now ? formatBytes(now.file.bytes.length) : '–'}</dd>
      </div>
      <div>
        <dt>In float32</dt>
        <dd>{floatBytes ? formatBytes(floatBytes) : '–'}</dd>
      </div>
      <div>
        <dt>Products</dt>
        <dd>{macs ? formatCount(macs) : '–'}</dd>
      </div>
    </dl>
  );
}

/** The panel beside the drawing. */
export function AnswerPanel() {
  return (
    <section class="panel answer-panel" aria-labelledby="answer-title">
      <h2 id="answer-title">A 1-bit network answers</h2>
      <p class="hint">A product of two bits is an XNOR, and a sum of products is a count of bits.</p>
      <div class="answer">
        <Bars />
        <Preview />
      </div>
      <Facts />
    </section>
  );
}

// Draw: the visitor draws, the 1-bit network answers, on the engine of their choice.
import { useEffect, useRef } from 'preact/hooks';
import { ModelName } from '../shared/model-name.js';
import { isDark, drawFile } from '../shared/state.js';
import { formatBytes, formatCount, formatMs, formatPercent } from '../shared/format.js';
import { DrawingArea } from './drawing-area.js';
import { engineChoices } from './engines.js';
import { FloatTwin } from './float-twin.js';
import { SampleDigits } from './sample-digits.js';
import {
  answer,
  availability,
  engineId,
  image,
  latency,
  loaded,
  predict,
  probeAll,
  problem,
  settled,
  start,
  strokes,
} from './session.js';
import { imageSide } from './strokes.js';

/** What the network sees, pixel by pixel. */
function Preview() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pixels = image.value;
  const dark = isDark.value;
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    const data = context.createImageData(imageSide, imageSide);
    pixels.forEach((value, i) => data.data.set([value, value, value, 255], 4 * i));
    context.putImageData(data, 0, 0);
  }, [pixels, dark]);
  return (
    <figure class="preview">
      <canvas ref={canvas} width={imageSide} height={imageSide} aria-hidden="true" />
      <figcaption>What the network sees: centred and scaled, 28 × 28</figcaption>
    </figure>
  );
}

function Bars() {
  const now = answer.value;
  const classes = loaded.value?.model.metadata.classes ?? Array.from({ length: 10 }, (_, i) => String(i));
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

function Engines() {
  return (
    <fieldset class="engines" data-probed={engineChoices.every(({ id }) => availability.value[id])}>
      <legend>Engine</legend>
      {engineChoices.map(({ id, label }) => {
        const known = availability.value[id];
        const off = known?.available === false;
        return (
          <label key={id} class={off ? 'choice off' : 'choice'}>
            <input
              type="radio"
              name="engine"
              value={id}
              checked={engineId.value === id}
              disabled={off}
              onChange={() => (engineId.value = id)}
            />
            <span>
              {label}
              {off && <small>Not here: {known.reason}</small>}
            </span>
          </label>
        );
      })}
    </fieldset>
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

function Details() {
  const now = loaded.value;
  if (!now) return null;
  const { report } = now;
  return (
    <details class="details">
      <summary>What runs</summary>
      <p>
        Engine {report.engine}
        {report.variant ? ` (${report.variant})` : ''}, {report.threads} thread{report.threads > 1 ? 's' : ''}
        , {formatBytes(report.weightBytes)} of weights and {formatBytes(report.arenaBytes)} of activations in
        memory.
      </p>
      <table class="even">
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col">Operation</th>
            <th scope="col">Kernel</th>
          </tr>
        </thead>
        <tbody>
          {report.ops.map((op) => (
            <tr key={op.index}>
              <td>{op.name ?? op.index}</td>
              <td>{op.op}</td>
              <td>{op.kernel}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** The answer in words, for screen readers and for everyone. */
function Verdict() {
  const best = answer.value?.scores[0];
  return (
    <p
      class="verdict"
      aria-live="polite"
      data-testid="verdict"
      data-engine={loaded.value?.engineId ?? ''}
      data-settled={settled.value}
      data-logits={answer.value?.logits.join(' ') ?? ''}
    >
      {problem.value ? (
        <span class="error">{problem.value}</span>
      ) : best ? (
        <>
          It reads <strong data-testid="best">{best.name}</strong>
          <span class="sure">{formatPercent(best.probability, 0)} sure</span>
        </>
      ) : loaded.value ? (
        'Draw a digit.'
      ) : (
        'Loading the network…'
      )}
    </p>
  );
}

/** The Draw page. */
export function DrawTab() {
  useEffect(() => {
    start();
    predict();
    // Engines are asked one by one when the browser has nothing else to do: asking loads their code.
    const later = setTimeout(() => void probeAll(), 300);
    return () => clearTimeout(later);
  }, []);
  const now = loaded.value;
  return (
    <div class="draw">
      <section class="panel draw-panel" aria-labelledby="draw-title">
        <h2 id="draw-title">Draw a digit</h2>
        <DrawingArea />
        <p id="drawing-help" class="hint">
          With the keyboard: arrow keys move the pen, space lowers and lifts it, backspace takes back a
          stroke.
        </p>
        <div class="row">
          <button type="button" onClick={() => (strokes.value = [])} disabled={strokes.value.length === 0}>
            Clear
          </button>
          <button
            type="button"
            onClick={() => (strokes.value = strokes.value.slice(0, -1))}
            disabled={strokes.value.length === 0}
          >
            Undo
          </button>
        </div>
        <SampleDigits hint="Or let it be drawn:" />
      </section>
      <section class="panel answer-panel" aria-labelledby="answer-title">
        <h2 id="answer-title">A 1-bit network answers</h2>
        <p class="hint">
          Weights of one bit, activations of one bit: a product is an XNOR, a sum is a count of bits. All of
          it runs in this page.
        </p>
        <Verdict />
        <div class="answer">
          <Bars />
          <Preview />
        </div>
        <Facts />
      </section>
      <section class="panel engine-panel" aria-labelledby="engine-title">
        <h2 id="engine-title">How it runs</h2>
        <Engines />
        <ModelName
          file={now?.file}
          testId="model-name"
          back={
            drawFile.value
              ? { label: 'Back to the shipped one', use: () => (drawFile.value = null) }
              : undefined
          }
        />
        <FloatTwin />
        <Details />
      </section>
    </div>
  );
}

// Draw: the visitor draws, or shows a picture, and the 1-bit network answers, on the engine of their choice.
import { useEffect, useState } from 'preact/hooks';
import { formatPercent } from '../shared/format.js';
import { goTo, messageOf, type ModelFile } from '../shared/state.js';
import { AnswerPanel } from './answer-panel.js';
import { DrawingArea, KeyboardHint } from './drawing-area.js';
import { EnginePanel } from './engine-panel.js';
import { Picture } from './picture.js';
import { SampleDigits } from './sample-digits.js';
import { answer, kind, loaded, predict, probeAll, problem, settled, start, strokes } from './session.js';

/** What to do while there is no answer. */
function invitation(): string {
  const now = loaded.value;
  if (!now) return 'Loading the network…';
  if (kind.value === 'picture') return 'Give it a picture.';
  if (kind.value !== 'drawing') return '';
  const { classes = [] } = now.model.metadata;
  return classes.length === 10 && classes.every((name, i) => name === String(i))
    ? 'Draw a digit.'
    : 'Draw something.';
}

/** The answer in words, for screen readers and for everyone; beside the drawing on every screen. */
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
          <span class="wordy">It {kind.value === 'drawing' ? 'reads' : 'sees'}</span>{' '}
          <strong data-testid="best">{best.name}</strong>
          <span class="sure">{formatPercent(best.probability, 0)} sure</span>
        </>
      ) : (
        invitation()
      )}
    </p>
  );
}

function Drawing() {
  const empty = strokes.value.length === 0;
  return (
    <>
      <DrawingArea />
      <div class="row">
        <button type="button" onClick={() => (strokes.value = [])} disabled={empty}>
          Clear
        </button>
        <button type="button" onClick={() => (strokes.value = strokes.value.slice(0, -1))} disabled={empty}>
          Undo
        </button>
      </div>
      <SampleDigits hint="Or let it be drawn:" />
      <KeyboardHint />
    </>
  );
}

/** A model that is given something else than pictures. */
function Elsewhere({ file }: { file: ModelFile }) {
  const [problem, setProblem] = useState<string>();
  if (kind.value === 'sound') {
    const listen = async (): Promise<void> => {
      const { listenWith } = await import('../listen/session.js');
      await listenWith(file);
      goTo('listen');
    };
    return (
      <>
        <p>This network listens: it hears words, and has nothing to say of a drawing.</p>
        <div class="row">
          <button
            type="button"
            class="primary"
            onClick={() => void listen().catch((error: unknown) => setProblem(messageOf(error)))}
          >
            Use it in Listen
          </button>
        </div>
        {problem && (
          <p class="error" role="alert">
            {problem}
          </p>
        )}
      </>
    );
  }
  const shape = loaded.value?.model.input.shape.join(' × ');
  return (
    <p>
      This network takes {shape} numbers, such as the row of a table, and neither drawings nor pictures.
      Inspect shows what is in it.
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
  const drawing = kind.value === 'drawing';
  return (
    <div class="draw">
      <section class="panel draw-panel" aria-labelledby="draw-title">
        <div class="beside">
          <h2 id="draw-title">
            {drawing ? 'Drawing' : kind.value === 'picture' ? 'Picture' : 'Another kind of network'}
          </h2>
          <Verdict />
        </div>
        {drawing ? (
          <Drawing />
        ) : kind.value === 'picture' ? (
          <Picture />
        ) : (
          now && <Elsewhere file={now.file} />
        )}
      </section>
      {(drawing || kind.value === 'picture') && <AnswerPanel />}
      <EnginePanel />
    </div>
  );
}

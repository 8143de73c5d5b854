// Zoo: the trained models of @bitgrad/zoo, live: a drawing or a picture, the three most probable classes, size and time.
import { useEffect, useState } from 'preact/hooks';
import type { Classification, Picture } from '@bitgrad/classify';
import { findPretrained, modelKinds, modelNames, type ModelName, type ZooModel } from '@bitgrad/zoo';
import { DrawingArea, KeyboardHint } from '../draw/drawing-area.js';
import { Picture as PictureOfAnything } from '../draw/picture.js';
import { SampleDigits } from '../draw/sample-digits.js';
import { image, photo, strokes } from '../draw/session.js';
import { imageSide } from '../draw/strokes.js';
import { FileDrop } from '../shared/file-drop.js';
import { Facts } from '../shared/facts.js';
import { formatBytes, formatMs, formatPercent } from '../shared/format.js';
import { messageOf } from '../shared/state.js';
import { isTouch } from '../shared/touch.js';

interface Answer {
  readonly classes: readonly Classification[];
  readonly ms: number;
  readonly of: 'the drawing' | 'the picture';
}

/** Those that read pictures. */
const readers = modelNames.filter((name) => modelKinds[name] === 'picture');

/** Whether a model reads what is drawn: one channel; others are for pictures in colour. */
const readsDrawings = ({ card }: ZooModel): boolean => card.input.shape.at(-1) === 1;

/** The chosen model, or why there is none. */
function useZooModel(name: ModelName): { model?: ZooModel; problem?: string } {
  const [state, setState] = useState<{ model?: ZooModel; problem?: string }>({});
  useEffect(() => {
    let wanted = true;
    let model: ZooModel | undefined;
    findPretrained(name)
      .then((found) => found.load())
      .then((loaded) => {
        if (!wanted) return loaded.dispose();
        model = loaded;
        setState({ model });
      })
      .catch((error: unknown) => wanted && setState({ problem: messageOf(error) }));
    return () => {
      wanted = false;
      model?.dispose();
      setState({});
    };
  }, [name]);
  return state;
}

/** What {@link Best} shows. */
interface BestProps {
  readonly answer: Answer | undefined;
  readonly wrong: string | undefined;
  readonly hint: string;
  /** Classes are words, which need the place. */
  readonly words: boolean;
}

/** The best class, beside the drawing. */
function Best({ answer, wrong, hint, words }: BestProps) {
  if (wrong)
    return (
      <p class="verdict error" role="alert">
        {wrong}
      </p>
    );
  return (
    <p class="verdict" aria-live="polite">
      {answer ? (
        <>
          <span class={words ? 'visually-hidden' : 'wordy'}>It reads</span>{' '}
          <strong data-testid="zoo-best">{answer.classes[0]?.label}</strong>{' '}
          <span class={words ? 'visually-hidden' : undefined}>in {answer.of}</span>
        </>
      ) : (
        hint
      )}
    </p>
  );
}

function Answers({ answer }: { answer: Answer | undefined }) {
  if (!answer) return <p class="hint">The three most probable classes come here.</p>;
  return (
    <ol class="bars" aria-label="Most probable classes">
      {answer.classes.map(({ label, probability }, i) => (
        <li key={label} class={i === 0 ? 'best' : undefined}>
          <span class="bar-name">{label}</span>
          <span class="bar-track" aria-hidden="true">
            <span class="bar" style={{ transform: `scaleX(${probability})` }} />
          </span>
          <span class="bar-value">{formatPercent(probability)}</span>
        </li>
      ))}
    </ol>
  );
}

function Card({ model, ms }: { model: ZooModel; ms: number | undefined }) {
  const { card } = model;
  const facts: [string, string][] = [
    ['Time here', ms === undefined ? '–' : formatMs(ms)],
    ['Engine', model.report().engine],
    ['Model file', formatBytes(card.bytes.packed)],
    ['In float32', formatBytes(card.bytes.float)],
    ['Test accuracy', formatPercent(card.test.accuracy, 2)],
  ];
  return (
    <>
      <p>{card.title}</p>
      <Facts facts={facts} />
      <details class="details">
        <summary>Model card</summary>
        <p>{card.intendedUse}</p>
        <p>{card.limits.join(' ')}</p>
        <p>
          Licence: {card.licence}; data: {card.dataLicence}. Trained by:
        </p>
        <pre class="mono scroll" tabIndex={0}>
          {card.training.command}
        </pre>
      </details>
    </>
  );
}

/** Classifies the drawing when it changes, and pictures that are given. */
function useAnswers(model: ZooModel | undefined) {
  const [answer, setAnswer] = useState<Answer>();
  const [problem, setProblem] = useState<string>();
  const drawn = strokes.value;
  const taken = photo.value;
  const drawing = model && readsDrawings(model);
  const ask = async (picture: Picture, of: Answer['of'], invert: boolean): Promise<void> => {
    if (!model) return;
    try {
      const start = performance.now();
      const classes = await model.classify(picture, { top: 3, invert });
      setAnswer({ classes, ms: performance.now() - start, of });
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  useEffect(() => {
    setAnswer(undefined);
    const pixels = { data: image.value, width: imageSide, height: imageSide };
    if (drawing && drawn.length > 0) void ask(pixels, 'the drawing', false);
  }, [drawn, model]);
  useEffect(() => {
    if (drawing === false && taken) void ask(taken.pixels, 'the picture', false);
  }, [taken, model]);
  return { answer, problem, ask };
}

/** A drawing of a digit, or a picture of one. */
function Digit({ onPicture }: { onPicture(file: File, dark: boolean): void }) {
  const [dark, setDark] = useState(true);
  return (
    <>
      <DrawingArea />
      <SampleDigits />
      <KeyboardHint />
      <FileDrop
        what={isTouch.value ? 'a picture of one digit, or take one' : 'a picture of one digit'}
        accept="image/*"
        photo
        onFiles={([file]) => file && onPicture(file, dark)}
      />
      <label class="choice">
        <input type="checkbox" checked={dark} onChange={(event) => setDark(event.currentTarget.checked)} />
        <span>The picture is dark on light</span>
      </label>
    </>
  );
}

/** The Zoo page. */
export function ZooTab() {
  const [name, setName] = useState<ModelName>('mnist-cnn');
  const { model, problem: noModel } = useZooModel(name);
  const { answer, problem, ask } = useAnswers(model);
  const colour = model !== undefined && !readsDrawings(model);
  return (
    <div class="draw">
      <section class="panel draw-panel" aria-labelledby="zoo-draw">
        <div class="beside">
          <h2 id="zoo-draw">{colour ? 'Your picture' : 'Your digit'}</h2>
          <Best
            answer={answer}
            wrong={noModel ?? problem}
            hint={colour ? 'Choose a picture.' : 'Draw it, or choose a picture.'}
            words={colour}
          />
        </div>
        {colour ? (
          <>
            <PictureOfAnything />
            <p class="hint">It knows: {model.labels.join(', ')}.</p>
          </>
        ) : (
          <Digit onPicture={(file, dark) => void ask(file, 'the picture', dark)} />
        )}
      </section>
      <section class="panel" aria-labelledby="zoo-answer">
        <h2 id="zoo-answer">A trained model answers</h2>
        <label class="field">
          <span>Model</span>
          <select value={name} onChange={(event) => setName(event.currentTarget.value as ModelName)}>
            {readers.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <Answers answer={answer} />
        {model ? <Card model={model} ms={answer?.ms} /> : <p class="loading">Loading the model…</p>}
      </section>
    </div>
  );
}

// Listen: a 1-bit network hears words, from the microphone or from recordings.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Facts } from '../shared/facts.js';
import { FileDrop } from '../shared/file-drop.js';
import { formatBytes, formatMs, formatPercent } from '../shared/format.js';
import { ModelName } from '../shared/model-name.js';
import { messageOf } from '../shared/state.js';
import { Results } from './results.js';
import {
  answer,
  isWord,
  latency,
  listen,
  listening,
  lit,
  loaded,
  openFiles,
  ownModel,
  problem,
  start,
  stop,
  threshold,
  transcript,
  useShipped,
} from './session.js';
import { Spectrogram } from './spectrogram.js';

const states = {
  off: 'Not listening.',
  starting: 'Asking for the microphone…',
  microphone: 'Listening. Nothing that is heard leaves this page.',
  file: 'Listening to the recording…',
} as const;

function Controls() {
  const now = listening.value;
  return (
    <>
      <div class="row">
        {now === 'microphone' ? (
          <button type="button" class="primary" onClick={() => void stop()}>
            Stop listening
          </button>
        ) : (
          <button
            type="button"
            class="primary"
            disabled={!loaded.value || now !== 'off'}
            onClick={() => void listen()}
          >
            Listen to the microphone
          </button>
        )}
        <span class="hint" role="status" data-testid="listening" data-state={now}>
          {loaded.value ? states[now] : 'Loading the network…'}
        </span>
      </div>
      {problem.value && (
        <p class="note bad" role="alert">
          {problem.value}
        </p>
      )}
    </>
  );
}

/** Every word, as bright as it is probable; the one that was just heard is lit. */
function Words() {
  const now = loaded.value;
  const shown = answer.value;
  const bright = lit.value;
  const names = now?.model.metadata.classes ?? [];
  const letters = names
    .filter((name) => isWord({ name }))
    .reduce((most, { length }) => Math.max(most, length), 1);
  return (
    <ul class="words" aria-label="Words that this network knows" style={{ '--letters': letters }}>
      {names.map((name, index) => {
        if (!isWord({ name })) return null;
        const isLit = bright?.name === name;
        const probability = isLit ? bright.probability : (shown?.scores[index]?.probability ?? 0);
        return (
          <li key={name} class={isLit ? 'lit' : undefined}>
            <span class="word-level" style={{ transform: `scaleX(${probability})` }} />
            <span class="word-name">{name}</span>
            <span class="word-value">{shown ? formatPercent(probability, 0) : '–'}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** What was heard, for those who see it and those who hear it read. */
function Transcript() {
  const words = transcript.value;
  return (
    <div>
      <h3 id="heard-title">Heard</h3>
      <div role="log" aria-labelledby="heard-title" data-testid="heard">
        <ol class="heard">
          {words.map(({ name, probability, seconds }) => (
            <li key={seconds} title={`${formatPercent(probability, 0)} sure, after ${seconds.toFixed(1)} s`}>
              {name}
            </li>
          ))}
        </ol>
      </div>
      {words.length === 0 && <p class="hint">Nothing yet. Leave a short pause between words.</p>}
    </div>
  );
}

function ModelFacts() {
  const now = loaded.value;
  const floatBytes = now?.model.metadata.floatBytes;
  const facts: [string, string][] = [
    ['An answer takes', Number.isNaN(latency.value) ? '–' : formatMs(latency.value)],
    ['Answers a second', '10'],
    ['Model file', now ? formatBytes(now.file.bytes.length) : '–'],
    ['In float32', floatBytes ? formatBytes(floatBytes) : '–'],
    ['Engine', now?.engine ?? '–'],
  ];
  return (
    <>
      <ModelName
        file={now?.file}
        testId="listen-model"
        back={
          ownModel.value ? { label: 'Back to the spoken digits', use: () => void useShipped() } : undefined
        }
      />
      <Facts facts={facts} />
    </>
  );
}

/** How sure the network has to be; it counts from the next start on. */
function Threshold() {
  const value = threshold.value;
  return (
    <label class="slider">
      <span>A word counts from</span>
      <output>{formatPercent(value, 0)}</output>
      <input
        type="range"
        min={0.4}
        max={0.99}
        step={0.01}
        value={value}
        disabled={listening.value !== 'off'}
        onInput={(event) => (threshold.value = event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}

/** Words of one's own: its code is loaded when it is asked for. */
function Teach() {
  const [state, setState] = useState<{ Panel?: ComponentType; problem?: string }>({});
  const open = (): Promise<void> =>
    import('./teach/teach-panel.js').then(
      ({ TeachPanel }) => setState({ Panel: TeachPanel }),
      (error: unknown) => setState({ problem: messageOf(error) }),
    );
  const { Panel, problem: wrong } = state;
  return (
    <section class="panel" aria-labelledby="teach-title">
      <h2 id="teach-title">Teach it</h2>
      {Panel ? (
        <Panel />
      ) : (
        <>
          <p class="hint">
            Record a few words of your own, or give it recordings: the network learns them in this tab, in a
            minute or so, and listens for them. The packed file is yours.
          </p>
          <div class="row">
            <button type="button" disabled={!loaded.value} onClick={() => void open()}>
              Teach it words of your own
            </button>
          </div>
          {wrong && (
            <p class="error" role="alert">
              {wrong}
            </p>
          )}
        </>
      )}
    </section>
  );
}

/** The Listen page. */
export function ListenTab() {
  useEffect(start, []);
  const now = loaded.value;
  return (
    <div class="stack">
      <section class="panel" aria-labelledby="listen-title">
        <h2 id="listen-title">Say a word</h2>
        <Controls />
        <Words />
        {now && <Spectrogram of={now} />}
        <Transcript />
      </section>
      <Teach />
      <div class="listen-more">
        <section class="panel" aria-labelledby="recordings-title">
          <h2 id="recordings-title">Recordings instead of the microphone</h2>
          <FileDrop
            what="WAV files, a folder of them, or a model of sound (.bitgrad)"
            accept=".wav,audio/wav,.bitgrad"
            multiple
            folder
            onFiles={(files) => void openFiles(files)}
          />
          <Results />
        </section>
        <section class="panel" aria-labelledby="listen-how">
          <h2 id="listen-how">How it runs</h2>
          <ModelFacts />
          <Threshold />
        </section>
      </div>
    </div>
  );
}

// Teach it: words of one's own are recorded, a network learns them in the tab, and is used at once.
import { download } from '../../shared/download.js';
import { Facts } from '../../shared/facts.js';
import { FolderButton } from '../../shared/file-drop.js';
import { formatBytes, formatPercent } from '../../shared/format.js';
import { lookInside } from '../../shared/state.js';
import type { TeachCommand } from '../../worker/protocol.js';
import { Code } from './code.js';
import { LessonCard } from './lesson-card.js';
import {
  addFolder,
  addWord,
  backgroundId,
  fileOf,
  lessons,
  obstacle,
  phase,
  recording,
  remark,
  settings,
  startTeaching,
  stopTeaching,
  taught,
} from './session.js';

const starts: readonly (readonly [TeachCommand['from'], string])[] = [
  ['last', 'its last layers: quick'],
  ['all', 'all of its layers: slower'],
  ['nothing', 'a new network, from nothing'],
];

function Lessons() {
  const [background, ...words] = lessons.value;
  return (
    <>
      <p class="hint">
        Record a word a few times, with pauses between: the recording is cut into takes. Ten seconds at most;
        it stays in this page. A folder with a subfolder of WAV files for each word will do as well.
      </p>
      <ul class="lessons">
        {[...words, background!].map((lesson, i) => (
          <LessonCard key={lesson.id} lesson={lesson} number={lesson.id === backgroundId ? 0 : i + 1} />
        ))}
      </ul>
      <div class="row">
        <button type="button" disabled={phase.value !== null} onClick={addWord}>
          Add a word
        </button>
        {phase.value === null && (
          <FolderButton
            label="Words from a folder"
            accept=".wav"
            onFiles={(files) => void addFolder(files)}
          />
        )}
      </div>
      {remark.value && (
        <p class={remark.value.bad ? 'note bad' : 'hint'} role={remark.value.bad ? 'alert' : 'status'}>
          {remark.value.text}
        </p>
      )}
    </>
  );
}

function Settings() {
  const now = settings.value;
  return (
    <fieldset class="plain teach-settings" disabled={phase.value !== null}>
      <legend class="visually-hidden">How it learns</legend>
      <label class="field">
        <span>What learns</span>
        <select
          name="from"
          value={now.from}
          onChange={(event) =>
            (settings.value = { ...now, from: event.currentTarget.value as TeachCommand['from'] })
          }
        >
          {starts.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Epochs</span>
        <input
          type="number"
          name="teachEpochs"
          min={1}
          max={200}
          value={now.epochs}
          onChange={({ currentTarget }) => {
            const epochs = Math.max(1, Math.min(200, Math.round(currentTarget.valueAsNumber) || 1));
            currentTarget.value = String(epochs);
            settings.value = { ...now, epochs };
          }}
        />
      </label>
    </fieldset>
  );
}

function Controls() {
  const now = phase.value;
  const why = obstacle();
  return (
    <>
      <div class="row">
        {now ? (
          <button type="button" onClick={stopTeaching}>
            Stop
          </button>
        ) : (
          <button
            type="button"
            class="primary"
            disabled={why !== undefined || recording.value !== null}
            onClick={() => void startTeaching()}
          >
            Teach it
          </button>
        )}
        <span class="hint" role="status" data-testid="teaching">
          {now?.text ?? why ?? (taught.value ? 'Taught: it listens for your words now.' : 'Ready.')}
        </span>
      </div>
      {now && (
        <progress
          class="progress"
          max={1}
          value={now.share}
          aria-label="Share of the teaching that is done"
        />
      )}
    </>
  );
}

function Result() {
  const now = taught.value;
  if (!now) return null;
  const facts: [string, string][] = [
    ['Right, of held out', `${formatPercent(now.packedAccuracy, 0)} of ${now.comparedImages}`],
    ['Model file', formatBytes(now.bytes.length)],
    ['In float32', formatBytes(now.floatBytes)],
  ];
  return (
    <div class="note good stack" data-testid="taught" data-accuracy={now.packedAccuracy}>
      <Facts facts={facts} />
      <p class="hint">Held out are a fifth of your takes, and noises. Listen to it above.</p>
      <div class="row">
        <button type="button" onClick={() => download(now.name, now.bytes)}>
          Download .bitgrad
        </button>
        <button type="button" onClick={() => lookInside(fileOf(now))}>
          Look inside
        </button>
      </div>
      <Code bytes={now.bytes} />
    </div>
  );
}

/** All of it. */
export function TeachPanel() {
  return (
    <>
      <Lessons />
      <Settings />
      <Controls />
      <Result />
    </>
  );
}

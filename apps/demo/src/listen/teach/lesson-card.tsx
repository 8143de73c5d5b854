// One word, or the background: its name, its takes, and how to get more of them.
import { FileButton } from '../../shared/file-drop.js';
import { listening } from '../session.js';
import {
  addFiles,
  backgroundId,
  fewestTakes,
  phase,
  play,
  record,
  recording,
  removeTake,
  removeWord,
  rename,
  stopRecording,
  type Lesson,
} from './session.js';

function Name({ lesson: { id, name }, number }: { lesson: Lesson; number: number }) {
  if (id === backgroundId)
    return (
      <div>
        <h3>Background</h3>
        <p class="hint">
          Your room, and other words: whatever must not be taken for one of yours. Noises are added by
          themselves.
        </p>
      </div>
    );
  return (
    <label class="field">
      <span>Word {number}</span>
      <input
        type="text"
        value={name}
        maxLength={24}
        placeholder="such as: lights"
        onInput={(event) => rename(id, event.currentTarget.value)}
      />
    </label>
  );
}

function Takes({ lesson: { id, name, takes } }: { lesson: Lesson }) {
  const of = id === backgroundId ? 'background' : name || 'the word';
  if (takes.length === 0) return null;
  return (
    <ul class="takes" aria-label={`Takes of ${of}`}>
      {takes.map((take, i) => (
        <li key={i}>
          <button
            type="button"
            class="small"
            aria-label={`Play take ${i + 1} of ${of}`}
            onClick={() => void play(take)}
          >
            ▶ {i + 1}
          </button>
          <button
            type="button"
            class="small"
            aria-label={`Remove take ${i + 1} of ${of}`}
            onClick={() => removeTake(id, take)}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

function Buttons({ lesson: { id, name } }: { lesson: Lesson }) {
  const now = recording.value;
  const busy = phase.value !== null;
  const of = id === backgroundId ? 'background' : name || 'the word';
  return (
    <div class="row">
      {now?.id === id ? (
        <button type="button" class="primary small" onClick={stopRecording}>
          Stop, {now.seconds.toFixed(1)} s
        </button>
      ) : (
        <button
          type="button"
          class="small"
          disabled={busy || now !== null || listening.value === 'starting' || listening.value === 'file'}
          onClick={() => void record(id)}
        >
          Record <span class="visually-hidden">{of}</span>
        </button>
      )}
      <FileButton
        small
        label={
          <>
            WAV files <span class="visually-hidden">of {of}</span>
          </>
        }
        accept=".wav,audio/wav"
        multiple
        disabled={busy}
        onFiles={(files) => void addFiles(id, files)}
      />
      {id !== backgroundId && (
        <button type="button" class="small" disabled={busy || now?.id === id} onClick={() => removeWord(id)}>
          Remove <span class="visually-hidden">{of}</span>
        </button>
      )}
    </div>
  );
}

/** The card. @param number of the word, from 1 */
export function LessonCard({ lesson, number }: { lesson: Lesson; number: number }) {
  const { id, takes } = lesson;
  const need = id === backgroundId ? '' : `; ${fewestTakes} at least, 10 are better`;
  return (
    <li class="lesson">
      <Name lesson={lesson} number={number} />
      <Buttons lesson={lesson} />
      <p class="hint" data-testid="takes" data-count={takes.length}>
        {takes.length} take{takes.length === 1 ? '' : 's'}
        {need}
      </p>
      <Takes lesson={lesson} />
    </li>
  );
}

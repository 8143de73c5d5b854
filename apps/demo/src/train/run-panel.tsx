// The run: its data, start and stop, and how far it is.
import { Facts } from '../shared/facts.js';
import { formatDuration, formatPercent } from '../shared/format.js';
import { DataField } from './data-field.js';
import { savedRunText } from './saved-run.js';
import {
  busy,
  continueRun,
  failure,
  pauseRun,
  phase,
  phaseText,
  progress,
  restoreRun,
  savedRun,
  savedStep,
  startRun,
  stopRun,
} from './session.js';

function Controls() {
  const now = phase.value;
  const running = now === 'training' || now === 'paused';
  const saved = savedRun.value;
  return (
    <>
      <div class="row">
        {running ? (
          <>
            <button type="button" class="primary" onClick={now === 'paused' ? continueRun : pauseRun}>
              {now === 'paused' ? 'Go on' : 'Pause'}
            </button>
            <button type="button" onClick={stopRun}>
              Stop
            </button>
          </>
        ) : (
          <button type="button" class="primary" disabled={busy.value} onClick={startRun}>
            Start training
          </button>
        )}
        {saved && !busy.value && (
          <button type="button" onClick={restoreRun} aria-describedby="saved-run">
            Resume the saved run
          </button>
        )}
      </div>
      {saved && !busy.value && (
        <p class="hint" id="saved-run" data-testid="saved-run">
          {savedRunText(saved)}
        </p>
      )}
      <p class="hint" role="status" data-testid="phase" data-phase={now ?? ''}>
        {now === null ? 'Nothing is running.' : phaseText.value}
        {running && savedStep.value !== null ? `; saved at step ${savedStep.value}` : ''}
      </p>
      {failure.value && (
        <p class="note bad" role="alert">
          {failure.value}
        </p>
      )}
    </>
  );
}

const percentOf = (share: number | null | undefined): string =>
  typeof share === 'number' ? formatPercent(share) : '–';

function Numbers() {
  const now = progress.value;
  const last = now?.epochPoints.at(-1);
  const share = now ? now.step / now.totalSteps : 0;
  const facts: readonly (readonly [string, string])[] = [
    ['Step', now ? `${now.step} of ${now.totalSteps}` : '–'],
    ['Epoch', now ? `${Math.min(now.epoch + 1, now.epochs)} of ${now.epochs}` : '–'],
    ['Images / s', now?.imagesPerSecond ? String(Math.round(now.imagesPerSecond)) : '–'],
    ['Time left', now && Number.isFinite(now.etaSeconds) ? formatDuration(now.etaSeconds) : '–'],
    ['Test accuracy', percentOf(last?.hard)],
  ];
  return (
    <>
      <progress class="progress" max={1} value={share} aria-label="Share of the run that is done" />
      <Facts facts={facts} data-tensors={now?.tensors ?? ''} />
    </>
  );
}

/** The panel that a visitor begins with. */
export function RunPanel() {
  return (
    <section class="panel run-panel" aria-labelledby="run-title">
      <h2 id="run-title">Train a network in this tab</h2>
      <DataField />
      <Controls />
      <Numbers />
    </section>
  );
}

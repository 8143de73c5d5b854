// Train: the run, what came out of it, and its settings and curves. All work is in a worker.
import { useEffect } from 'preact/hooks';
import { CurvesPanel } from './curves-panel.js';
import { ResultPanel } from './result-panel.js';
import { RunPanel } from './run-panel.js';
import { findBackends, findSavedRun } from './session.js';
import { Settings } from './settings.js';

/** The Train page; on a phone the result comes before the settings. */
export function TrainTab() {
  useEffect(() => {
    void findSavedRun();
    findBackends();
  }, []);
  return (
    <div class="columns train">
      <div class="stack">
        <RunPanel />
        <section class="panel settings-panel" aria-labelledby="settings-title">
          <h2 id="settings-title">How it is trained</h2>
          <p class="hint">All of it may stay as it is.</p>
          <Settings />
        </section>
      </div>
      <div class="stack">
        <ResultPanel />
        <CurvesPanel />
      </div>
    </div>
  );
}

// Train: settings on one side, the run on the other. All work is in a worker.
import { useEffect } from 'preact/hooks';
import { download } from '../shared/download.js';
import { Facts } from '../shared/facts.js';
import { formatBytes, formatDuration, formatMs, formatPercent } from '../shared/format.js';
import { Plot } from '../shared/plot.js';
import { drawFile, goTo, inspectFile } from '../shared/state.js';
import { Settings } from './settings.js';
import {
  continueRun,
  failure,
  findBackends,
  findSavedRun,
  histograms,
  pauseRun,
  phase,
  phaseText,
  progress,
  restoreRun,
  result,
  savedRun,
  savedStep,
  startRun,
  stopRun,
} from './session.js';

function Controls() {
  const now = phase.value;
  const running = now === 'training' || now === 'paused';
  const busy = now !== null && now !== 'done';
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
          <button type="button" class="primary" disabled={busy} onClick={startRun}>
            Start training
          </button>
        )}
        {saved && !busy && (
          <button type="button" onClick={restoreRun}>
            Resume the saved run (step {saved.step} of {saved.totalSteps})
          </button>
        )}
      </div>
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
    ['Test, hardened', percentOf(last?.hard)],
    ['Test, soft', percentOf(last?.soft)],
  ];
  return (
    <>
      <progress class="progress" max={1} value={share} aria-label="Share of the run that is done" />
      <Facts facts={facts} data-tensors={now?.tensors ?? ''} />
    </>
  );
}

/** Apart from the curves: they change less often. */
function Histograms() {
  return (
    <>
      {histograms.value.map(({ layer, limit, counts }) => {
        const width = (2 * limit) / counts.length;
        return (
          <Plot
            key={layer}
            title={`Latent weights of ${layer}`}
            summary={`Histogram from ${-limit.toFixed(2)} to ${limit.toFixed(2)}`}
            x={counts.map((_, i) => -limit + (i + 0.5) * width)}
            series={[{ label: 'weights', values: counts, color: 'green', bars: true }]}
            height={150}
          />
        );
      })}
    </>
  );
}

function Curves() {
  const now = progress.value;
  const curves = now?.curves;
  const points = now?.epochPoints ?? [];
  const last = points.at(-1);
  return (
    <div class="plots">
      <Plot
        title="Loss"
        summary={`Training loss, now ${curves?.loss.at(-1)?.toFixed(3) ?? 'not known'}`}
        x={curves?.step ?? []}
        series={[{ label: 'training', values: curves?.loss ?? [], color: 'blue' }]}
        xLabel="step"
        wholeX
      />
      <Plot
        title="Accuracy on test images"
        summary={
          last
            ? `After epoch ${last.epoch}: ${formatPercent(last.hard ?? 0)} hardened`
            : 'No epoch is done yet'
        }
        x={points.map(({ epoch }) => epoch)}
        series={[
          { label: 'hardened', values: points.map(({ hard }) => hard), color: 'blue', points: true },
          { label: 'soft', values: points.map(({ soft }) => soft), color: 'orange', dashed: true },
          { label: 'training', values: points.map(({ train }) => train), color: 'soft', dashed: true },
        ]}
        xLabel="epoch"
        wholeX
        yRange={[0, 1]}
      />
      <Plot
        title="Flip ratio"
        summary={`Share of the binary weights that change in a step, now ${curves?.flip.at(-1)?.toExponential(1) ?? 'not known'}`}
        x={curves?.flipStep ?? []}
        series={[{ label: 'weights that flip in a step', values: curves?.flip ?? [], color: 'purple' }]}
        xLabel="step"
        wholeX
      />
      <Histograms />
    </div>
  );
}

/** The packed file; its place is kept before there is one, so that nothing moves when it comes. */
function Result() {
  const now = result.value;
  const file = now && { name: now.name, bytes: now.bytes };
  const show = (target: typeof drawFile, page: 'draw' | 'inspect'): void => {
    target.value = file;
    goTo(page);
  };
  const rows: readonly (readonly [name: string, graph?: string, packed?: string])[] = [
    ['Accuracy', now && formatPercent(now.graphAccuracy), now && formatPercent(now.packedAccuracy)],
    ['Size', now && formatBytes(now.floatBytes), now && formatBytes(now.bytes.length)],
    ['One image', now && formatMs(now.graphMs), now && formatMs(now.packedMs)],
  ].map(([name, graph, packed]) => [name!, graph ?? '–', packed ?? '–']);
  return (
    <section
      class="panel"
      aria-labelledby="result-title"
      data-testid="result"
      data-accuracy={now?.packedAccuracy ?? ''}
    >
      <h2 id="result-title">Packed</h2>
      <div class="scroll">
        <table class="even">
          <caption>
            {now
              ? `The trained graph and the packed file on the same ${now.comparedImages} test images`
              : 'When training ends, the network is packed into bits and compared on test images'}
          </caption>
          <thead>
            <tr>
              <td />
              <th scope="col">Graph, tfjs {now?.graphBackend}</th>
              <th scope="col">Packed</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, graph, packed]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{graph}</td>
                <td>{packed}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {now && now.fallbacks.length > 0 && <p class="hint">In float: {now.fallbacks.join('; ')}</p>}
      <div class="row">
        <button
          type="button"
          class={now ? 'primary' : undefined}
          disabled={!now}
          onClick={() => show(drawFile, 'draw')}
        >
          Use in Draw
        </button>
        <button type="button" disabled={!file} onClick={() => file && download(file.name, file.bytes)}>
          Download .bitgrad
        </button>
        <button type="button" disabled={!now} onClick={() => show(inspectFile, 'inspect')}>
          Look inside
        </button>
      </div>
    </section>
  );
}

/** The Train page. */
export function TrainTab() {
  useEffect(() => {
    void findSavedRun();
    findBackends();
  }, []);
  return (
    <div class="columns">
      <section class="panel" aria-labelledby="settings-title">
        <h2 id="settings-title">Train a network in this tab</h2>
        <Settings />
      </section>
      <div class="stack">
        <section class="panel" aria-labelledby="run-title">
          <h2 id="run-title">Run</h2>
          <Controls />
          <Numbers />
        </section>
        <Result />
        <section class="panel" aria-labelledby="curves-title">
          <h2 id="curves-title">Curves</h2>
          <Curves />
        </section>
      </div>
    </div>
  );
}

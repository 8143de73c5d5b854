// The curves of a run.
import { formatPercent } from '../shared/format.js';
import { Plot } from '../shared/plot.js';
import { histograms, progress } from './session.js';

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
  // Quantizers that are sign from the beginning have one accuracy.
  const two = points.some(({ hard, soft }) => hard !== soft);
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
        title="Accuracy after each epoch"
        summary={
          last
            ? `After epoch ${last.epoch}: ${formatPercent(last.hard ?? 0)} of test images`
            : 'No epoch is done yet'
        }
        x={points.map(({ epoch }) => epoch)}
        series={[
          {
            label: two ? 'test, in bits' : 'test',
            values: points.map(({ hard }) => hard),
            color: 'blue',
            points: true,
          },
          ...(two
            ? [
                {
                  label: 'test, soft',
                  values: points.map(({ soft }) => soft),
                  color: 'orange' as const,
                  dashed: true,
                },
              ]
            : []),
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

/** What the lines of accuracy are. */
function Lines() {
  const two = progress.value?.epochPoints.some(({ hard, soft }) => hard !== soft);
  return (
    <p class="hint">
      Test images are not trained on; the training line counts the images of the epoch while it learnt them.
      {two &&
        ' Soft is the network while this quantizer still moves towards bits; in bits is what the packed file will be, and the accuracy above.'}
    </p>
  );
}

/** The panel of curves. */
export function CurvesPanel() {
  return (
    <section class="panel curves-panel" aria-labelledby="curves-title">
      <h2 id="curves-title">Curves</h2>
      <Curves />
      <Lines />
    </section>
  );
}

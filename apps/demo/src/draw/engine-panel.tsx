// How the network runs: engine, model, the float twin, and what each layer runs on.
import { Choices } from '../shared/choices.js';
import { formatBytes } from '../shared/format.js';
import { ModelName } from '../shared/model-name.js';
import { drawFile } from '../shared/state.js';
import { engineChoices } from './engines.js';
import { FloatTwin } from './float-twin.js';
import { availability, engineId, loaded } from './session.js';

const Engines = () => (
  <Choices
    legend="Engine"
    choices={engineChoices}
    known={(id) => availability.value[id]}
    probed={engineChoices.every(({ id }) => availability.value[id])}
    chosen={engineId.value}
    choose={(id) => (engineId.value = id)}
  />
);

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

/** The panel below the answer. */
export function EnginePanel() {
  const now = loaded.value;
  return (
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
  );
}

// What came out of a run.
import { download } from '../shared/download.js';
import { formatBytes, formatMs, formatPercent } from '../shared/format.js';
import { drawFile, goTo, inspectFile } from '../shared/state.js';
import { result } from './session.js';

/** The packed file; its place is kept before there is one, so that nothing moves when it comes. */
export function ResultPanel() {
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
      class="panel result-panel"
      aria-labelledby="result-title"
      data-testid="result"
      data-accuracy={now?.packedAccuracy ?? ''}
    >
      <h2 id="result-title">Packed</h2>
      <div class="scroll">
        <table class="even">
          <caption>
            {now
              ? `The trained network and its packed file on the same ${now.comparedImages} test images`
              : 'When training ends, the network is packed into bits, and both are compared on test images'}
          </caption>
          <thead>
            <tr>
              <td />
              <th scope="col">Trained, in tfjs{now ? ` (${now.graphBackend})` : ''}</th>
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
      {now && now.graphAccuracy !== now.packedAccuracy && (
        <p class="hint">
          The two accuracies differ because the packed file sums in another order: an answer within rounding
          of another may change.
        </p>
      )}
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

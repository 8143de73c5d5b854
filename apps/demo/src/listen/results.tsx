// What was heard in the files that were given.
import { formatPercent } from '../shared/format.js';
import { results } from './session.js';

/** A row for each file: its loudest part, and the words of all of it. */
export function Results() {
  const rows = results.value;
  if (rows.length === 0) return null;
  return (
    <div class="scroll results" tabIndex={0}>
      <table>
        <caption>
          What is heard in the loudest part of each recording, and from its beginning to its end
        </caption>
        <thead>
          <tr>
            <th scope="col">Recording</th>
            <th scope="col">Loudest part</th>
            <th scope="col">Words</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, seconds, best, logits, words, error }, i) => (
            <tr key={i} data-logits={logits?.join(' ')}>
              <th scope="row">{name}</th>
              {error ? (
                <td colSpan={2} class="error">
                  {error}
                </td>
              ) : (
                <>
                  <td>
                    {best?.name} <small>{best && formatPercent(best.probability, 0)}</small>
                  </td>
                  <td>
                    {words.map((word) => word.name).join(' ') || 'none'} <small>{seconds.toFixed(1)} s</small>
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

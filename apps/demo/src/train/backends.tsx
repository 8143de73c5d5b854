// The choice of backend, with the reason for each that cannot run here.
import { backendChoices } from '../shared/backends.js';
import { backends, settings } from './session.js';

/** Radio buttons, as on the Draw page. */
export function Backends() {
  const now = settings.value.backend;
  return (
    <fieldset class="engines" data-testid="backends" data-probed={backends.value.length > 0}>
      <legend>Backend</legend>
      {backendChoices.map(({ id, label }) => {
        const known = backends.value.find((state) => state.id === id);
        const off = known?.available === false;
        return (
          <label key={id} class={off ? 'choice off' : 'choice'}>
            <input
              type="radio"
              name="backend"
              value={id}
              checked={now === id}
              disabled={off}
              onChange={() => (settings.value = { ...settings.value, backend: id })}
            />
            <span>
              {label}
              {known?.reason && <small>{off ? `Not here: ${known.reason}` : known.reason}</small>}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}

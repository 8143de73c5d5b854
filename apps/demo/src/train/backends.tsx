// The choice of backend, with the reason for each that cannot run here.
import { backendChoices } from '../shared/backends.js';
import { Choices } from '../shared/choices.js';
import { backends, settings } from './session.js';

/** Radio buttons, as on the Draw page. */
export const Backends = () => (
  <Choices
    legend="Backend"
    testId="backends"
    choices={backendChoices}
    known={(id) => backends.value.find((state) => state.id === id)}
    probed={backends.value.length > 0}
    chosen={settings.value.backend}
    choose={(backend) => (settings.value = { ...settings.value, backend })}
  />
);

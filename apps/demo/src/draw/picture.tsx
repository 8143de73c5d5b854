// Photo and camera: their code is loaded for a model that takes pictures.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../shared/state.js';

/** {@link PictureArea}, loaded. */
export function Picture() {
  const [state, setState] = useState<{ Area?: ComponentType; problem?: string }>({});
  useEffect(() => {
    import('./picture-area.js').then(
      ({ PictureArea }) => setState({ Area: PictureArea }),
      (error: unknown) => setState({ problem: messageOf(error) }),
    );
  }, []);
  const { Area, problem: wrong } = state;
  if (Area) return <Area />;
  return wrong ? (
    <p class="error" role="alert">
      {wrong}
    </p>
  ) : (
    <p class="hint">Loading…</p>
  );
}

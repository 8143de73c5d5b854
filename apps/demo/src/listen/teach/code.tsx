// A model of sound as C99, for microcontrollers: two files, written in the page when they are asked for.
import { useState } from 'preact/hooks';
import { decodeModel } from '@bitgrad/runtime';
import { download } from '../../shared/download.js';
import { formatBytes } from '../../shared/format.js';
import { messageOf } from '../../shared/state.js';

interface Written {
  readonly files: Readonly<Record<string, string>>;
  readonly arenaBytes: number;
}

async function written(bytes: Uint8Array): Promise<Written> {
  const { exportC } = await import('@bitgrad/export-c');
  return exportC(decodeModel(bytes), { name: 'words' });
}

/** A button for the export, and one for each file of it. */
export function Code({ bytes }: { bytes: Uint8Array }) {
  const [state, setState] = useState<{ of: Uint8Array; code?: Written; problem?: string }>();
  const now = state?.of === bytes ? state : undefined;
  const write = (): Promise<void> =>
    written(bytes).then(
      (code) => setState({ of: bytes, code }),
      (error: unknown) => setState({ of: bytes, problem: messageOf(error) }),
    );
  if (now?.problem)
    return (
      <p class="error" role="alert">
        {now.problem}
      </p>
    );
  if (!now?.code)
    return (
      <div class="row">
        <button type="button" onClick={() => void write()}>
          Export C
        </button>
        <span class="hint">Two files for a microcontroller: samples in, words out.</span>
      </div>
    );
  return (
    <div class="row">
      {Object.entries(now.code.files).map(([name, text]) => (
        <button key={name} type="button" onClick={() => download(name, text)}>
          {name}, {formatBytes(text.length)}
        </button>
      ))}
      <span class="hint">
        C99 without a heap; {formatBytes(now.code.arenaBytes)} of memory for values. Feed it samples by
        words_feed.
      </span>
    </div>
  );
}

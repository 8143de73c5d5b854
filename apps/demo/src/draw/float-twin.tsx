// The float twin beside the 1-bit network: same layers in float32 on tfjs, for size and time. Loaded on request.
import { useEffect } from 'preact/hooks';
import { signal } from '@preact/signals';
import { formatBytes, formatMs, median } from '../shared/format.js';
import { startWorker } from '../worker/start.js';
import type { FloatReply } from '../worker/protocol.js';
import { answer, image, latency, loaded, strokes } from './session.js';

const state = signal<{ digit: number; times: readonly number[]; bytes: number; backend: string } | null>(
  null,
);
const status = signal<'off' | 'loading' | 'on' | 'failed'>('off');
const message = signal('');
let worker: Worker | undefined;
let busy = false;
let again = false;

function ask(): void {
  if (!worker || strokes.peek().length === 0) return;
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  again = false;
  worker.postMessage({ image: image.peek(), base: document.baseURI });
}

function begin(): void {
  status.value = 'loading';
  worker?.terminate();
  busy = false;
  worker = startWorker('float');
  worker.onmessage = ({ data }: MessageEvent<FloatReply>) => {
    busy = false;
    if ('error' in data) {
      status.value = 'failed';
      message.value = data.error;
      return;
    }
    // The first inference also compiles and allocates: it is not counted.
    const before = state.peek();
    const times = before ? [...before.times.slice(-20), data.ms] : [];
    state.value = { ...data, times };
    status.value = 'on';
    if (again || times.length < 5) ask();
  };
  worker.onerror = () => {
    status.value = 'failed';
    message.value = 'its code could not be loaded';
  };
  state.value = null;
  ask();
}

/** Offers the comparison, then shows it. */
export function FloatTwin() {
  const pixels = image.value;
  useEffect(ask, [pixels]);
  const twin = state.value;
  const own = loaded.value;
  if (own && own.file.name !== 'digits.bitgrad') return null;
  if (status.value === 'off' || status.value === 'failed')
    return (
      <p class="twin">
        <button type="button" onClick={begin}>
          Compare with float32
        </button>
        {status.value === 'failed' && <span class="error"> Not possible: {message.value}</span>}
      </p>
    );
  const twinTime = median(twin?.times ?? []);
  const faster = twinTime / latency.value;
  return (
    <div class="twin">
      <table class="even">
        <caption>The same layers in 1 bit and in float32</caption>
        <thead>
          <tr>
            <td />
            <th scope="col">1 bit</th>
            <th scope="col">float32, tfjs</th>
            <th scope="col">Ratio</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Size</th>
            <td>{own ? formatBytes(own.file.bytes.length) : '–'}</td>
            <td>{twin ? formatBytes(twin.bytes) : '–'}</td>
            <td>{twin && own ? `${(twin.bytes / own.file.bytes.length).toFixed(1)}\u00a0×` : '–'}</td>
          </tr>
          <tr>
            <th scope="row">Time</th>
            <td>{Number.isNaN(latency.value) ? '–' : formatMs(latency.value)}</td>
            <td>{Number.isNaN(twinTime) ? '–' : formatMs(twinTime)}</td>
            <td>{Number.isFinite(faster) ? `${faster.toFixed(1)}\u00a0×` : '–'}</td>
          </tr>
          <tr>
            <th scope="row">Reads</th>
            <td>{answer.value?.scores[0]?.name ?? '–'}</td>
            <td data-testid="twin-digit">{twin ? twin.digit : '–'}</td>
            <td />
          </tr>
        </tbody>
      </table>
      <p class="hint">
        {status.value === 'loading'
          ? strokes.value.length === 0
            ? 'Draw something to compare.'
            : 'Loading tfjs and the float weights…'
          : `tfjs on its ${twin?.backend} backend, in a worker; medians of the last inferences.`}
      </p>
    </div>
  );
}

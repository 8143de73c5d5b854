// The last seconds as the network gets them: the bytes of its input, band by band.
import { useEffect, useRef } from 'preact/hooks';
import { isDark } from '../shared/state.js';
import { exampleSeconds, type Answer } from './listener.js';
import type { Loaded } from './session.js';
import { answer } from './session.js';

/** Frames that are shown. */
const columns = 240;

/** Quiet, middle and loud, as red, green and blue. */
const colours = {
  light: [
    [255, 255, 255],
    [96, 160, 220],
    [6, 34, 74],
  ],
  dark: [
    [16, 21, 27],
    [34, 104, 170],
    [222, 240, 255],
  ],
} as const;

/** RGBA of each byte. */
function paletteOf(dark: boolean): Uint32Array {
  const stops = colours[dark ? 'dark' : 'light'];
  const palette = new Uint8Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    const at = byte / 127.5;
    const [from, to] = at < 1 ? [stops[0], stops[1]] : [stops[1], stops[2]];
    const share = at < 1 ? at : at - 1;
    from.forEach((v, i) => (palette[4 * byte + i] = Math.round(v + (to[i]! - v) * share)));
    palette[4 * byte + 3] = 255;
  }
  return new Uint32Array(palette.buffer);
}

/** Where nothing has a loudest band, all bytes are 255: digital silence is drawn as what it is. */
const isSilence = (column: Uint8Array): boolean => column.every((byte) => byte === 255);

/** Bytes of what was heard, [columns, bands]: those that the network sees now are as it sees them. */
function remember(history: Uint8Array, { input, fresh }: Answer, bands: number): void {
  history.copyWithin(0, Math.min(fresh, columns) * bands);
  history.set(input, history.length - input.length);
}

/** The picture, newest on the right, high frequencies on top. */
export function Spectrogram({ of: { sound } }: { of: Loaded }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const history = useRef(new Uint8Array(0));
  const { bands, frames } = sound;
  const now = answer.value;
  const dark = isDark.value;
  useEffect(() => {
    if (!now || history.current.length !== columns * bands) history.current = new Uint8Array(columns * bands);
    if (now) remember(history.current, now, bands);
  }, [now, bands]);
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    const palette = paletteOf(dark);
    const picture = context.createImageData(columns, bands);
    const pixels = new Uint32Array(picture.data.buffer);
    for (let x = 0; x < columns; x++) {
      const column = history.current.subarray(x * bands, (x + 1) * bands);
      const silent = isSilence(column);
      column.forEach((byte, band) => {
        pixels[(bands - 1 - band) * columns + x] = palette[silent ? 0 : byte]!;
      });
    }
    context.putImageData(picture, 0, 0);
  }, [now, bands, dark]);
  const share = Math.min(1, frames / columns);
  return (
    <figure class="spectrogram">
      <div class="spectrogram-area">
        <canvas ref={canvas} width={columns} height={bands} aria-hidden="true" />
        <span class="spectrogram-now" style={{ width: `${100 * share}%` }} />
      </div>
      <figcaption>
        {bands} bands of the mel scale, {sound.lowest} to {sound.highest} Hz, in bytes. The network sees what
        is framed, the last {exampleSeconds(sound).toFixed(2)} s.
      </figcaption>
    </figure>
  );
}

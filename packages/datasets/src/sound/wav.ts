// WAV files: PCM of 8 to 32 bits and floats, of one channel or more, of any rate. Untrusted: every length is checked.
import { checkOptions, toInt16, type BitgradError } from '@bitgrad/core';
import { limitRules, openFile, type FileInput, type FileLimits } from '../bytes.js';
import { fileFailure } from '../errors.js';

/** Sound in memory. */
export interface Recording {
  /** One channel, 16 bits: the mean of all channels. */
  readonly samples: Int16Array;
  /** Samples a second, in Hz. */
  readonly sampleRate: number;
}

interface Format {
  readonly kind: 'pcm' | 'float';
  readonly channels: number;
  readonly sampleRate: number;
  /** Bytes of one sample of one channel. */
  readonly width: number;
}

const [pcm, float, extensible] = [1, 3, 0xfffe];

function formatOf(name: string, view: DataView, at: number, length: number): Format {
  const refuse = (what: string, got: unknown, expected: string): BitgradError =>
    fileFailure('invalid-file', name, at, what, {
      got,
      expected,
      next: 'Convert it, for example with: ffmpeg -i in -c:a pcm_s16le out.wav',
    });
  if (length < 16) throw refuse('length of the format', length, 'at least 16 bytes');
  const tag = view.getUint16(at, true);
  // The first two bytes of the subformat's GUID are the tag that it stands for.
  const code = tag === extensible && length >= 26 ? view.getUint16(at + 24, true) : tag;
  const [channels, sampleRate, bits] = [
    view.getUint16(at + 2, true),
    view.getUint32(at + 4, true),
    view.getUint16(at + 14, true),
  ];
  const allowed = code === pcm ? [8, 16, 24, 32] : code === float ? [32, 64] : [];
  if (!allowed.includes(bits))
    throw refuse(
      'encoding of the samples',
      `code ${code}, ${bits} bits`,
      'PCM of 8, 16, 24 or 32 bits, or floats of 32 or 64',
    );
  if (channels < 1 || channels > 64) throw refuse('number of channels', channels, '1 to 64');
  if (sampleRate < 1000 || sampleRate > 1_000_000)
    throw refuse('sample rate', sampleRate, '1000 to 1000000 Hz');
  return { kind: code === pcm ? 'pcm' : 'float', channels, sampleRate, width: bits / 8 };
}

/** A reader of one sample, from -32768 to 32767, not rounded. */
function reader({ kind, width }: Format, view: DataView): (at: number) => number {
  if (kind === 'float') {
    const value = width === 4 ? (at: number) => view.getFloat32(at, true) : (at: number) => view.getFloat64(at, true); // prettier-ignore
    return (at) => {
      const v = value(at) * 32768;
      return Number.isFinite(v) ? v : NaN;
    };
  }
  if (width === 1) return (at) => (view.getUint8(at) - 128) * 256;
  if (width === 2) return (at) => view.getInt16(at, true);
  if (width === 3) return (at) => view.getInt16(at + 1, true) + view.getUint8(at) / 256;
  return (at) => view.getInt32(at, true) / 65536;
}

function decode(name: string, format: Format, view: DataView, from: number, end: number): Recording {
  const { channels, sampleRate, width } = format;
  const sampleAt = reader(format, view);
  const samples = new Int16Array(Math.floor((end - from) / (width * channels)));
  for (let i = 0, at = from; i < samples.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++, at += width) sum += sampleAt(at);
    if (Number.isNaN(sum))
      throw fileFailure('not-finite', name, at - width * channels, `sample ${i}`, {
        got: 'NaN or infinity',
        expected: 'finite numbers',
      });
    samples[i] = toInt16(sum / channels);
  }
  return { samples, sampleRate };
}

/**
 * Reads a WAV file.
 * @param input the file's bytes, or `{ name, bytes }`
 * @returns its samples in 16 bits, channels mixed
 * @throws BitgradError that names the file and the place: `invalid-file` (no WAV, compressed, nothing in it),
 *   `truncated-file`, `not-finite`, `limit-exceeded`
 */
export function readWav(input: FileInput, limits: FileLimits = {}): Recording {
  checkOptions('datasets', 'readWav', limits, limitRules);
  const { name, bytes } = openFile(input, 'the recording', limits);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tag = (at: number): string =>
    at + 4 <= bytes.length ? String.fromCharCode(...bytes.subarray(at, at + 4)) : '';
  if (tag(0) !== 'RIFF' || tag(8) !== 'WAVE')
    throw fileFailure('invalid-file', name, 0, 'no WAV file', {
      got: tag(0) + tag(4) + tag(8),
      expected: 'RIFF, a length, WAVE',
    });
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const [id, length] = [tag(at), view.getUint32(at + 4, true)];
    const from = at + 8;
    if (id === 'data') {
      if (!format)
        throw fileFailure('invalid-file', name, at, 'samples before their format', {
          expected: 'a chunk "fmt " first',
        });
      // Writers of streams leave the length open.
      const open = length === 0xffffffff || length === 0;
      if (!open && from + length > bytes.length)
        throw fileFailure('truncated-file', name, bytes.length, 'the samples end too soon', {
          got: bytes.length - from,
          expected: `${length} bytes`,
        });
      const recording = decode(name, format, view, from, open ? bytes.length : from + length);
      if (recording.samples.length > 0) return recording;
      break;
    }
    if (from + length > bytes.length)
      throw fileFailure('truncated-file', name, bytes.length, `chunk "${id}" ends too soon`, {
        got: bytes.length - from,
        expected: `${length} bytes`,
      });
    if (id === 'fmt ') format = formatOf(name, view, from, length);
    at = from + length + (length & 1);
  }
  throw fileFailure('invalid-file', name, undefined, 'no samples', { expected: 'a chunk "data" with some' });
}

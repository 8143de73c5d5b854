// Event files of TensorBoard: records as TensorFlow writes them (length, masked CRC-32C, data, masked CRC-32C), each a
// protocol buffer `Event`. Written here by hand: of the format four fields are needed, and no package of npm writes them
// without all of TensorFlow.
//
//   Event   { 1: double wall_time, 2: int64 step, 3: string file_version, 5: Summary summary }
//   Summary { 1: repeated Value }
//   Value   { 1: string tag, 2: float simple_value }
import { checkOptions, checkValue, crc32c, option, type OptionRules } from '@bitgrad/core';
import type { EpochEvent, StepEvent } from './events.js';

/** Points of curves at one step. */
export interface Scalars {
  /** Steps done, 0 or more. */
  readonly step: number;
  /** When, in seconds since 1970. */
  readonly wallTime: number;
  /** Values by the names of their curves: `loss/train`. */
  readonly values: Readonly<Record<string, number>>;
}

const rules: OptionRules<Scalars> = {
  step: option.required(option.integer(0)),
  wallTime: option.required(option.number(0)),
  values: option.required(option.object),
};

const text = new TextEncoder();

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** An integer of any size that is safe, 7 bits a byte. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Uint8Array.of(...bytes, value);
}

const fixed = (size: 4 | 8, write: (view: DataView) => void): Uint8Array => {
  const view = new DataView(new ArrayBuffer(size));
  write(view);
  return new Uint8Array(view.buffer);
};
const float64 = (value: number): Uint8Array => fixed(8, (view) => view.setFloat64(0, value, true));
const float32 = (value: number): Uint8Array => fixed(4, (view) => view.setFloat32(0, value, true));
const uint32 = (value: number): Uint8Array => fixed(4, (view) => view.setUint32(0, value, true));

/** Field numbers with their wire types: 0 varint, 1 of 8 bytes, 2 with a length, 5 of 4 bytes. */
const field = (number: number, wire: 0 | 1 | 2 | 5, bytes: Uint8Array): Uint8Array =>
  joined([Uint8Array.of(number * 8 + wire), ...(wire === 2 ? [varint(bytes.length)] : []), bytes]);

/** The checksum as TFRecord stores it: turned by 15 bits and moved, so that a checksum of checksums is no trouble. */
const masked = (bytes: Uint8Array): Uint8Array => {
  const crc = crc32c(bytes);
  return uint32((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
};

function record(data: Uint8Array): Uint8Array {
  const length = joined([uint32(data.length), uint32(0)]);
  return joined([length, masked(length), data, masked(data)]);
}

/** What an event file begins with. @param wallTime in seconds since 1970 */
export const tensorboardHeader = (wallTime: number): Uint8Array =>
  record(joined([field(1, 1, float64(wallTime)), field(3, 2, text.encode('brain.Event:2'))]));

/** A record of an event file. @throws BitgradError `invalid-option` */
export function tensorboardRecord(scalars: Scalars): Uint8Array {
  const { step, wallTime, values } = checkOptions('training', 'tensorboardRecord', scalars, rules);
  const summary = Object.entries(values).map(([tag, value]) =>
    field(1, 2, joined([field(1, 2, text.encode(tag)), field(2, 5, float32(value))])),
  );
  return record(
    joined([field(1, 1, float64(wallTime)), field(2, 0, varint(step)), field(5, 2, joined(summary))]),
  );
}

const present = (values: Readonly<Record<string, number | null | undefined>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );

const bytesRule = option.of('a Uint8Array', (v) => v instanceof Uint8Array);

/** The points of an epoch or a step, for {@link tensorboardRecord}. @throws BitgradError `invalid-option` */
export function curvesOf(event: EpochEvent | StepEvent): Record<string, number> {
  checkValue('training', 'event given to curvesOf', event, option.required(option.object));
  if (event.type === 'step') return { 'loss/batch': event.loss, 'learning rate': event.learningRate };
  return present({
    'loss/train': event.loss,
    'loss/validation': event.validationLoss,
    'loss/test': event.testLoss,
    'accuracy/train': event.accuracy,
    'accuracy/validation': event.validationAccuracy,
    'accuracy/test': event.hardenedTestAccuracy,
    'binary/flip ratio': event.flipRatio,
    'binary/soft-to-hard gap': event.softToHardGap,
  });
}

/**
 * The part of an event file that ends before a step, for a run that goes on from an earlier one: whole records, until one
 * that is damaged or of a later step.
 * @param bytes of the file
 * @throws BitgradError `invalid-option`
 */
export function tensorboardUntil(bytes: Uint8Array, step: number): Uint8Array {
  checkValue('training', 'bytes given to tensorboardUntil', bytes, option.required(bytesRule));
  checkValue('training', 'step given to tensorboardUntil', step, option.required(option.integer(0)));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 16 <= bytes.length) {
    const length = view.getUint32(at, true);
    const end = at + 12 + length + 4;
    if (view.getUint32(at + 4, true) !== 0 || end > bytes.length) break;
    const data = bytes.subarray(at + 12, end - 4);
    const same = (of: Uint8Array, place: number) => masked(of).every((byte, i) => byte === bytes[place + i]);
    if (!same(bytes.subarray(at, at + 8), at + 8) || !same(data, end - 4) || stepOf(data) > step) break;
    at = end;
  }
  return bytes.slice(0, at);
}

/** The step of an event that {@link tensorboardRecord} made: behind the time. */
function stepOf(data: Uint8Array): number {
  if (data[9] !== 16) return 0;
  let [value, factor, at] = [0, 1, 10];
  for (; data[at]! > 127; at++, factor *= 128) value += (data[at]! - 128) * factor;
  return value + data[at]! * factor;
}

// Writes `.bitgrad` files; FORMAT.md has the layout.
import { crc32 } from '@bitgrad/bits';
import { check } from '../fail.js';
import { limitsFrom, type Limits } from '../limits.js';
import type { ModelMetadata, PackedModel } from '../model.js';
import type { OpDefinition } from '../ops/define.js';
import { refuseUnknownFields } from '../ops/fields.js';
import { ops as definitions } from '../ops/index.js';
import type { Op, Plan, TensorData } from '../plan.js';
import { alignTo } from '../tensors.js';
import { validateMetadata, validateModel } from '../validate/model.js';
import {
  entryBytes,
  formatVersion,
  magic,
  sectionAlignment,
  tableOffset,
  tags,
  weightAlignment,
} from './layout.js';
import { encodingFor, store, type Encoding, type Encodings } from './stored.js';

/** An op without the attributes whose absence says the same. */
const shortened = (op: Op): object => {
  const { attributes = {} }: OpDefinition = definitions[op.op];
  return Object.fromEntries(
    Object.entries(op).filter(([field, value]) => {
      const fallback = Object.hasOwn(attributes, field) ? attributes[field]!.fallback : undefined;
      return fallback === undefined || JSON.stringify(value) !== JSON.stringify(fallback);
    }),
  );
};

/** The header without what a reader adds by itself: attributes with their default, and counts of 0. */
const headerText = ({ plan, metadata }: PackedModel, encodings: Encodings): string => {
  const ops = plan.ops.map(shortened);
  const layers = metadata.layers?.map((layer) =>
    Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== 0)),
  );
  return JSON.stringify({
    plan: { ...plan, ops },
    metadata: { ...metadata, ...(layers && { layers }) },
    ...(encodings.size > 0 && { stored: Object.fromEntries(encodings) }),
  });
};

/**
 * Encodes a model. The same arguments give the same bytes.
 * @param plan a plan that satisfies plan.ts
 * @param weights one typed array for each entry of `plan.weights`
 * @param metadata see ModelMetadata; `extra` takes any other field
 * @param limits the limits that a reader will have
 * @returns the bytes of a `.bitgrad` file
 * @throws BitgradError `invalid-file` naming the field, `invalid-option` for unknown fields of ops and metadata, `unsupported-op`, `overflow`,
 *   `limit-exceeded`
 */
export function encodeModel(
  plan: Plan,
  weights: readonly TensorData[],
  metadata: ModelMetadata = {},
  limits: Partial<Limits> = {},
): Uint8Array<ArrayBuffer> {
  const bounds = limitsFrom(limits);
  const model: PackedModel = validateModel({ plan, weights, metadata }, bounds);
  // A reader leaves out what it does not know, so that a field that is misspelled would be lost.
  validateMetadata(metadata, true);
  plan.ops.forEach((op, i) => refuseUnknownFields(op, `plan.ops[${i}] (${op.op})`));
  const encodings = new Map(
    model.plan.weights.flatMap((spec, i): [number, Encoding][] => {
      const encoding = encodingFor(spec, weights[i]!);
      return encoding ? [[i, encoding]] : [];
    }),
  );
  const stored = weights.map((data, i) => store(model.plan.weights[i]!, data, encodings.get(i)));
  const json = new TextEncoder().encode(headerText(model, encodings));
  check(
    json.length <= bounds.headerBytes,
    'limit-exceeded',
    'bytes of the header',
    json.length,
    `at most ${bounds.headerBytes}`,
  );
  const weightBytes = stored.reduce((end, data) => alignTo(end, weightAlignment) + data.byteLength, 0);
  const sections = [
    { tag: tags.json, bytes: json.length },
    { tag: tags.weights, bytes: weightBytes },
  ];
  let end = tableOffset + entryBytes * sections.length;
  const offsets = sections.map(({ bytes }) => {
    const offset = alignTo(end, sectionAlignment);
    end = offset + bytes;
    return offset;
  });
  check(
    end <= bounds.fileBytes && end < 2 ** 32,
    'limit-exceeded',
    'bytes of the file',
    end,
    `at most ${bounds.fileBytes}`,
  );

  const file = new Uint8Array(end);
  const view = new DataView(file.buffer);
  file.set(json, offsets[0]);
  let at = offsets[1]!;
  for (const data of stored) {
    at = alignTo(at, weightAlignment);
    file.set(data, at);
    at += data.byteLength;
  }
  file.set(magic);
  view.setUint16(8, formatVersion.major, true);
  view.setUint16(10, formatVersion.minor, true);
  view.setUint32(12, end, true);
  view.setUint32(16, sections.length, true);
  sections.forEach(({ tag, bytes }, i) => {
    const contents = file.subarray(offsets[i]!, offsets[i]! + bytes);
    [tag, offsets[i]!, bytes, crc32(contents)].forEach((word, j) =>
      view.setUint32(tableOffset + entryBytes * i + 4 * j, word, true),
    );
  });
  const tableEnd = tableOffset + entryBytes * sections.length;
  view.setUint32(20, crc32(file.subarray(tableOffset, tableEnd), crc32(file.subarray(0, 20))), true);
  return file;
}

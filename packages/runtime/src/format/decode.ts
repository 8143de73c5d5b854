// Reads `.bitgrad` files (FORMAT.md). The bytes are not trusted: nothing is allocated, indexed or run before
// the sizes involved were compared with the file and with the limits.
import { crc32 } from '@bitgrad/bits';
import { check, failure, limited, valid } from '../fail.js';
import type { Limits } from '../limits.js';
import type { PackedModel } from '../model.js';
import type { WeightSpec } from '../plan.js';
import { alignTo, viewOf } from '../tensors.js';
import { checkNesting, record } from '../validate/fields.js';
import { validateContents, validateMetadata } from '../validate/model.js';
import { validatePlan } from '../validate/plan.js';
import {
  entryBytes,
  formatVersion,
  mostSections,
  sectionAlignment,
  tableOffset,
  tags,
  weightAlignment,
} from './layout.js';
import { restore, storedBytes, validateEncodings } from './stored.js';

const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

const hex = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`;

function checkCrc(what: string, got: number, expected: number): void {
  check(
    got === expected,
    'checksum-mismatch',
    `checksum of ${what}`,
    hex(got),
    hex(expected),
    'The file was damaged in storage or transfer; get a fresh copy.',
  );
}

/** Reads the preamble and returns the contents of the sections by tag, checksums verified. */
function readSections(file: Uint8Array, limits: Limits): Map<number, Uint8Array> {
  const size = file.length;
  const needs = (bytes: number, what: string): void =>
    check(size >= bytes, 'truncated-file', `size of the file, for ${what}`, size, `at least ${bytes} bytes`);
  limited('bytes of the file', size, limits.fileBytes);
  needs(tableOffset, 'the preamble');
  const view = new DataView(file.buffer, file.byteOffset, size);
  const word = (offset: number): number => view.getUint32(offset, true);
  const major = view.getUint16(8, true);
  check(
    major === formatVersion.major,
    'invalid-file',
    'format version',
    major,
    `${formatVersion.major}`,
    'Update @bitgrad/runtime, or compile the model again.',
  );
  const count = word(16);
  valid(count >= 1 && count <= mostSections, 'number of sections', count, `1 to ${mostSections}`);
  const tableEnd = tableOffset + entryBytes * count;
  needs(tableEnd, 'the section table');
  checkCrc(
    'the preamble',
    crc32(file.subarray(tableOffset, tableEnd), crc32(file.subarray(0, 20))),
    word(20),
  );
  const declared = word(12);
  needs(declared, 'its declared contents');
  valid(size === declared, 'size of the file', size, `${declared}, as declared`);

  const sections = new Map<number, Uint8Array>();
  let end = tableEnd;
  for (let i = 0; i < count; i++) {
    const [tag, offset, bytes, crc] = [0, 4, 8, 12].map((j) => word(tableOffset + entryBytes * i + j)) as [
      number,
      number,
      number,
      number,
    ];
    const at = `sections[${i}]`;
    const expected = alignTo(end, sectionAlignment);
    valid(offset === expected, `offset of ${at}`, offset, `${expected}`);
    valid(bytes <= size - offset, `bytes of ${at}`, bytes, `at most ${size - offset}`);
    for (let j = end; j < offset; j++) valid(file[j] === 0, `padding byte ${j}`, file[j], '0');
    end = offset + bytes;
    const contents = file.subarray(offset, end);
    checkCrc(at, crc32(contents), crc);
    valid(!sections.has(tag), `tag of ${at}`, hex(tag), 'a tag that occurs once');
    sections.set(tag, contents);
  }
  valid(end === size, 'end of the last section', end, `${size}, the end of the file`);
  return sections;
}

function section(sections: Map<number, Uint8Array>, tag: 'json' | 'weights'): Uint8Array {
  const contents = sections.get(tags[tag]);
  if (!contents) throw failure('invalid-file', { what: `section ${tag}`, got: 'none', expected: 'one' });
  return contents;
}

/** Strict UTF-8, also where there is no TextDecoder, as in Hermes. */
const textOf = (bytes: Uint8Array): string =>
  typeof TextDecoder === 'function'
    ? new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    : decodeURIComponent(Array.from(bytes, (byte) => `%${byte < 16 ? 0 : ''}${byte.toString(16)}`).join(''));

function parseHeader(bytes: Uint8Array, limits: Limits): Readonly<Record<string, unknown>> {
  const most = limits.headerBytes;
  limited('bytes of the header', bytes.length, most);
  let json: string | undefined;
  try {
    json = textOf(bytes);
    checkNesting(json);
    return record(JSON.parse(json), 'header');
  } catch (cause) {
    if (![SyntaxError, TypeError, URIError].some((kind) => cause instanceof kind)) throw cause;
    throw failure('invalid-file', {
      what: 'header',
      expected: json === undefined ? 'UTF-8 text' : 'JSON',
      cause,
    });
  }
}

/** As `decodeModel`, of bytes that begin as a `.bitgrad` file does. */
export function decode(file: Uint8Array, bounds: Limits): PackedModel {
  check(littleEndian, 'incompatible', 'byte order of this machine', 'big-endian', 'little-endian');
  const sections = readSections(file, bounds);
  const header = parseHeader(section(sections, 'json'), bounds);
  const plan = validatePlan(header.plan, bounds);
  const metadata = validateMetadata(header.metadata ?? {});
  let data = section(sections, 'weights');
  const encodings = validateEncodings(header.stored, plan.weights, bounds.memoryBytes);
  const stored = (spec: WeightSpec, i: number): number => storedBytes(spec, encodings.get(i));
  const total = plan.weights.reduce((end, spec, i) => alignTo(end, weightAlignment) + stored(spec, i), 0);
  valid(
    data.length === total,
    'bytes of the weight section',
    data.length,
    `${total}, by plan.weights and stored`,
  );
  if (data.byteOffset % 4 !== 0) data = data.slice();
  let end = 0;
  const weights = plan.weights.map((spec, i) => {
    const offset = alignTo(end, weightAlignment);
    end = offset + stored(spec, i);
    const encoding = encodings.get(i);
    if (encoding) return restore(spec, data.subarray(offset, end), encoding);
    return viewOf(spec.type, spec.shape, data.buffer, data.byteOffset + offset);
  });
  validateContents(plan, weights);
  return { plan, weights, metadata };
}

// The IDX format of MNIST: 0, 0, type code, number of dimensions; each dimension as a big-endian uint32; the data,
// row-major. Only type 8 (uint8) is read: images and labels have no other.
import { checkOptions, option } from '@bitgrad/core';
import { limitRules, openFile, type FileInput, type FileLimits } from './bytes.js';
import { fileFailure } from './errors.js';

/** A parsed IDX file. */
export interface IdxArray {
  /** Name of the file, for messages. */
  readonly name: string;
  /** Sizes, outermost first; 1 to 4 of them. */
  readonly dimensions: readonly number[];
  /** uint8, row-major; a view of the input when that was not compressed. */
  readonly data: Uint8Array;
  /** Where `data` starts in the (decompressed) file. */
  readonly dataOffset: number;
}

const typeNames = new Map([
  [0x08, 'uint8'],
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
]);

const contents = ['', 'labels', '', 'images'] as const;

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' ');

/**
 * Reads an IDX file, plain or gzip.
 * @param input the file; see {@link FileInput}
 * @param options `dimensions`: how many it must have (3 for images, 1 for labels); `maxBytes`: see {@link FileLimits}
 * @throws BitgradError naming file and offset: `truncated-file`, `invalid-file`, `checksum-mismatch`, `limit-exceeded`
 * @see Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section "File formats"
 */
export function parseIdx(
  input: FileInput,
  options: FileLimits & { readonly dimensions?: number } = {},
): IdxArray {
  checkOptions('datasets', 'parseIdx', options, { ...limitRules, dimensions: option.integer(1, 4) });
  const { name, bytes, maxBytes } = openFile(input, 'IDX file', options);
  if (bytes.length < 4) throw truncated(name, bytes.length, 'its 4-byte magic number', 4);
  const [zero, zero2, type = 0, rank = 0] = bytes;
  const magic = hex(bytes.subarray(0, 4));
  if (zero !== 0 || zero2 !== 0 || !typeNames.has(type) || rank < 1 || rank > 4)
    throw fileFailure('invalid-file', name, 0, 'not an IDX file', {
      got: magic,
      expected: 'a magic number 00 00 08 03 (images) or 00 00 08 01 (labels)',
    });
  if (type !== 0x08)
    throw fileFailure('invalid-file', name, 2, 'type of the IDX data', {
      got: `${typeNames.get(type)} (0x${type.toString(16)})`,
      expected: 'uint8 (0x8)',
    });
  if (options.dimensions !== undefined && rank !== options.dimensions) {
    const wanted = contents[options.dimensions];
    throw fileFailure(
      'invalid-file',
      name,
      3,
      wanted ? `expected a file of ${wanted}` : 'number of dimensions',
      {
        got: `${rank} dimension${rank === 1 ? '' : 's'}${contents[rank] ? `, as in a file of ${contents[rank]}` : ''}`,
        expected: `${options.dimensions}`,
        next: 'Were the image and label files swapped?',
      },
    );
  }
  const dataOffset = 4 + 4 * rank;
  if (bytes.length < dataOffset)
    throw truncated(name, bytes.length, `its list of ${rank} dimensions`, dataOffset);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = dimensions.reduce((product, size) => product * size, 1);
  const shown = `[${dimensions.join(', ')}]`;
  if (expected > maxBytes)
    throw fileFailure('limit-exceeded', name, 4, `dimensions ${shown}`, {
      got: `${expected} bytes`,
      expected: `at most ${maxBytes}`,
    });
  const data = bytes.subarray(dataOffset);
  if (data.length < expected)
    throw truncated(name, bytes.length, `its data of dimensions ${shown}`, dataOffset + expected);
  if (data.length > expected)
    throw fileFailure(
      'invalid-file',
      name,
      dataOffset + expected,
      `bytes after the end of the data ${shown}`,
      {
        got: `${data.length - expected} more`,
        expected: `a file of ${dataOffset + expected} bytes`,
      },
    );
  return { name, dimensions, data, dataOffset };
}

const truncated = (name: string, length: number, what: string, expected: number) =>
  fileFailure('truncated-file', name, length, `the file is cut short in ${what}`, {
    got: `${length} bytes`,
    expected: `${expected}`,
    next: 'Fetch the file again.',
  });

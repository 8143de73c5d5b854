// Packed models as C99.
import { checkOptions, failureOf, option } from '@bitgrad/bits';
import { validateModel, type PackedModel } from '@bitgrad/runtime';
import { headerText } from './header.js';
import { layouts, type Layout } from './layouts.js';
import { soundTexts } from './sound.js';
import { sourceText } from './source.js';

const failure = failureOf('export-c');

/** Options of {@link exportC}. */
export interface ExportCOptions {
  /** Prefix of all public names and of the files: a C identifier of lower case, default `m`. */
  readonly name?: string;
  /** `plain` (default): the two files; `arduino`: a library, for PlatformIO too; `esp-idf`: a component; `zephyr`: a module. */
  readonly layout?: Layout;
}

/** A model in C. */
export interface ExportedC {
  /** Text by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Bytes of the static block of memory for values; the counters of lines, 4 bytes a stage, come to it. */
  readonly arenaBytes: number;
}

/**
 * Writes a packed model as C99 without a heap. Of the library it needs <stdint.h>, <string.h> (memset, memcpy) and, for
 * `layerNorm` only, sqrtf: `int NAME_run(const uint8_t *input, int32_t *output)`, with `float` where the plan has `f32`. Its
 * outputs are those of `jsEngine`, bit for bit, where the compiler's float is IEEE binary32 without excess precision.
 * @throws BitgradError `invalid-option`; `invalid-file` for a model that is not valid
 */
export function exportC(model: PackedModel, options: ExportCOptions = {}): ExportedC {
  const { name = 'm', layout = 'plain' } = checkOptions<ExportCOptions>('export-c', 'exportC', options, {
    name: option.string,
    layout: option.oneOf(...(Object.keys(layouts) as Layout[])),
  });
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(name))
    throw failure('invalid-option', {
      what: 'name of exportC',
      got: name,
      expected: 'a C identifier of lower-case letters, digits and _, at most 41',
    });
  const valid = validateModel(model);
  const sound = soundTexts(valid, name);
  const { text, arenaBytes } = sourceText(valid, name, `${name}.h`, sound.source);
  const header = headerText(valid, name, arenaBytes, sound.header);
  return { files: layouts[layout]({ name, source: text, header, model: valid }), arenaBytes };
}

export type { Layout } from './layouts.js';

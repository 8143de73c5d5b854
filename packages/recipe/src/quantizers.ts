// The quantizers of a run, as they are named.
import {
  BitgradError,
  checkValue,
  defaultRegistry,
  option,
  type JsonObject,
  type Quantizer,
  type QuantizerSpec,
} from '@bitgrad/core';
import * as v from 'valibot';
import { described, kinds } from './option.js';

const expectText = (what: string, value: unknown): void =>
  checkValue('recipe', what, value, option.required(option.string));

export const quantizerEntries = {
  quantizer: v.optional(
    described(kinds.text, 'KERNEL or KERNEL/INPUT quantizer, each a name or FORWARD:SURROGATE; none for float', { value: '<name>', names: 'quantizer' }), // prettier-ignore
    'ste',
  ),
  quantizerOptions: v.optional(
    described(kinds.json, 'options of the kernel quantizer (and of the same one on inputs)', { value: '<json>' }), // prettier-ignore
  ),
  inputQuantizer: v.optional(
    described(v.string(), 'quantizer of the activations', {
      value: '<name>',
      shown: 'the kernel quantizer',
      names: 'quantizer',
    }),
  ),
  inputQuantizerOptions: v.optional(
    described(kinds.json, 'options of the input quantizer', { value: '<json>' }),
  ),
};

/** The options that name quantizers. */
export interface QuantizerOptions {
  /** `KERNEL` or `KERNEL/INPUT`; each a name, or `FORWARD:SURROGATE`; `none` for float. */
  readonly quantizer: string;
  readonly inputQuantizer?: string;
  /** Options of the kernel quantizer, and of the input quantizer too when it has the same name. */
  readonly quantizerOptions?: JsonObject;
  readonly inputQuantizerOptions?: JsonObject;
}

/** The quantizers of a model; null is float. */
export interface ChosenQuantizers {
  readonly kernel: QuantizerSpec | null;
  readonly input: QuantizerSpec | null;
  /** As it is reported: `ste`, or `ste/fda` when they differ. */
  readonly label: string;
  /** What a resumed run must have in common. */
  readonly identity: JsonObject;
  /** The options that name the quantizer of the inputs by itself; absent of objects. */
  readonly inputs?: Pick<QuantizerOptions, 'inputQuantizer' | 'inputQuantizerOptions'>;
}

const make = (name: string, options: JsonObject | undefined): Quantizer | null => {
  if (name === 'none') return null;
  const [forward, surrogate, ...rest] = name.split(':');
  if (surrogate === undefined) return defaultRegistry().quantizer({ name, options });
  if (rest.length > 0 || options)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'recipe',
      what: options ? 'options of a pair' : 'quantizer',
      got: name,
      expected: options
        ? 'none: a pair is FORWARD:SURROGATE with default options'
        : 'NAME or FORWARD:SURROGATE',
    });
  return defaultRegistry().quantizer({ forward: forward!, surrogate });
};

/**
 * The quantizers that the options name. Without a name for the inputs they use the kernel's quantizer, where it may be
 * used on inputs, else `ste`.
 * @throws BitgradError `unknown-name`, `invalid-option`
 */
export function chooseQuantizers(options: QuantizerOptions): ChosenQuantizers {
  checkValue('recipe', 'options of chooseQuantizers', options, option.required(option.object));
  expectText('--quantizer', options.quantizer);
  if (options.inputQuantizer !== undefined) expectText('--input-quantizer', options.inputQuantizer);
  const [kernelName = '', second, ...rest] = options.quantizer.split('/');
  if (rest.length > 0 || kernelName === '' || second === '')
    throw new BitgradError({
      code: 'invalid-option',
      source: 'recipe',
      what: '--quantizer',
      got: options.quantizer,
      expected: 'NAME or KERNEL-NAME/INPUT-NAME',
    });
  if (second !== undefined && options.inputQuantizer !== undefined && second !== options.inputQuantizer)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'recipe',
      what: 'two input quantizers',
      got: [second, options.inputQuantizer],
      next: 'Give --quantizer KERNEL/INPUT or --input-quantizer, not both.',
    });
  const kernel = make(kernelName, options.quantizerOptions);
  const usable = kernel === null || kernel.capabilities.roles.includes('input');
  const inputName = second ?? options.inputQuantizer ?? (usable ? kernelName : 'ste');
  const inputOptions =
    options.inputQuantizerOptions ?? (inputName === kernelName ? options.quantizerOptions : undefined);
  const input = make(inputName, inputOptions);
  const label = inputName === kernelName ? kernelName : `${kernelName}/${inputName}`;
  const identity = {
    kernelQuantizer: kernelName,
    kernelQuantizerOptions: options.quantizerOptions ?? {},
    inputQuantizer: inputName,
    inputQuantizerOptions: options.inputQuantizerOptions ?? {},
  };
  const inputs = { inputQuantizer: inputName, inputQuantizerOptions: inputOptions };
  return { kernel, input, label, identity, inputs };
}

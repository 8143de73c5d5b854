// Quantizers as they are named on the command line.
import { expectText } from './arguments.js';
import {
  BitgradError,
  checkValue,
  defaultRegistry,
  option,
  type JsonObject,
  type Quantizer,
  type QuantizerSpec,
} from '@bitgrad/core';

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
  readonly kernelName: string;
  readonly inputName: string;
}

const make = (name: string, options: JsonObject | undefined): Quantizer | null => {
  if (name === 'none') return null;
  const [forward, surrogate, ...rest] = name.split(':');
  if (surrogate === undefined) return defaultRegistry().quantizer({ name, options });
  if (rest.length > 0 || options)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
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
  checkValue('cli', 'options of chooseQuantizers', options, option.required(option.object));
  expectText('--quantizer', options.quantizer);
  if (options.inputQuantizer !== undefined) expectText('--input-quantizer', options.inputQuantizer);
  const [kernelName = '', second, ...rest] = options.quantizer.split('/');
  if (rest.length > 0 || kernelName === '' || second === '')
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
      what: '--quantizer',
      got: options.quantizer,
      expected: 'NAME or KERNEL-NAME/INPUT-NAME',
    });
  if (second !== undefined && options.inputQuantizer !== undefined && second !== options.inputQuantizer)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
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
  return { kernel, input, label, kernelName, inputName };
}

// Options for the unit in which a quantizer measures its input. Latent kernels of 0.05 never saturate at a steepness of 30,
// so levels and steepness count in units of the input's own scale: mean |w| of the layer, or 1 after BatchNorm.
import type { UnitOptions } from '@bitgrad/certificate';
import * as v from 'valibot';

const kind = v.picklist(['one', 'mean-abs', 'fan']);
const factor = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** Schema entries of {@link UnitOptions} with the given defaults. */
export const unitEntries = (defaults: Partial<UnitOptions> = {}) => ({
  kernelUnit: v.optional(kind, defaults.kernelUnit ?? 'mean-abs'),
  kernelScale: v.optional(factor, defaults.kernelScale ?? 1),
  inputUnit: v.optional(kind, defaults.inputUnit ?? 'one'),
  inputScale: v.optional(factor, defaults.inputScale ?? 1),
});

// Options for the unit in which a quantizer measures its input. Latent kernels of 0.05 never saturate at a steepness of 30,
// so levels and steepness count in units of the input's own scale: mean |w| of the layer, or 1 after BatchNorm.
import type { UnitOptions } from '@bitgrad/certificate';
import { told } from '@bitgrad/core';
import * as v from 'valibot';

const kind = v.picklist(['one', 'mean-abs', 'fan']);
const factor = v.pipe(v.number(), v.finite(), v.gtValue(0));
const kindText = 'are measured in: 1, their mean magnitude, or the deviation that glorot begins with';

/** Schema entries of {@link UnitOptions} with the given defaults. */
export const unitEntries = (defaults: Partial<UnitOptions> = {}) => ({
  kernelUnit: told(kind, defaults.kernelUnit ?? 'mean-abs', `what kernels ${kindText}`),
  kernelScale: told(factor, defaults.kernelScale ?? 1, 'factor on the unit of kernels'),
  inputUnit: told(kind, defaults.inputUnit ?? 'one', `what inputs ${kindText}`),
  inputScale: told(factor, defaults.inputScale ?? 1, 'factor on the unit of inputs'),
});

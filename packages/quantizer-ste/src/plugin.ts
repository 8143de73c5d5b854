// What this package offers to a registry.
import { definePlugin } from '@bitgrad/core';
import { dorefaForward } from './forwards/dorefa.js';
import { heavisideForward } from './forwards/heaviside.js';
import { rsignForward } from './forwards/rsign.js';
import { magnitudeAwareSignForward, scaledSignForward } from './forwards/scaled-sign.js';
import { signForward } from './forwards/sign.js';
import { standardizedSignForward } from './forwards/standardized-sign.js';
import { ternaryForward } from './forwards/ternary.js';
import { dorefa, heaviside, rsign } from './quantizers/levels.js';
import { bireal, ternary, xnor } from './quantizers/scaled.js';
import { ede, libra, reste } from './quantizers/scheduled.js';
import { approxSign, poly, signSwish, tanh, triangle } from './quantizers/shaped.js';
import { ste, steIdentity } from './quantizers/ste.js';
import { approxSignSurrogate } from './surrogates/approx-sign.js';
import { birealSurrogate } from './surrogates/bireal.js';
import { clippedIdentitySurrogate } from './surrogates/clipped-identity.js';
import { dorefaSurrogate } from './surrogates/dorefa.js';
import { edeSurrogate } from './surrogates/ede.js';
import { identitySurrogate } from './surrogates/identity.js';
import { polynomialSurrogate } from './surrogates/polynomial.js';
import { resteSurrogate } from './surrogates/reste.js';
import { signSwishSurrogate } from './surrogates/sign-swish.js';
import { tanhSurrogate } from './surrogates/tanh.js';
import { triangleSurrogate } from './surrogates/triangle.js';
import { xnorSurrogate } from './surrogates/xnor.js';

/** The plugin of this package: `use(stePlugin)` makes every member known by name. */
export const stePlugin = definePlugin({
  name: '@bitgrad/quantizer-ste',
  version: '0.0.0',
  quantizers: {
    ste,
    'ste-identity': steIdentity,
    'approx-sign': approxSign,
    bireal,
    'sign-swish': signSwish,
    tanh,
    ede,
    libra,
    reste,
    poly,
    triangle,
    heaviside,
    xnor,
    ternary,
    dorefa,
    rsign,
  },
  surrogates: {
    identity: identitySurrogate,
    'clipped-identity': clippedIdentitySurrogate,
    'approx-sign': approxSignSurrogate,
    bireal: birealSurrogate,
    'sign-swish': signSwishSurrogate,
    tanh: tanhSurrogate,
    ede: edeSurrogate,
    reste: resteSurrogate,
    polynomial: polynomialSurrogate,
    triangle: triangleSurrogate,
    xnor: xnorSurrogate,
    dorefa: dorefaSurrogate,
  },
  forwards: {
    sign: signForward,
    'scaled-sign': scaledSignForward,
    'magnitude-aware-sign': magnitudeAwareSignForward,
    heaviside: heavisideForward,
    ternary: ternaryForward,
    dorefa: dorefaForward,
    rsign: rsignForward,
    'standardized-sign': standardizedSignForward,
  },
});

export { dorefaForward, type DorefaOptions } from './forwards/dorefa.js';
export { heavisideForward } from './forwards/heaviside.js';
export { rsignForward } from './forwards/rsign.js';
export {
  magnitudeAwareSignForward,
  scaledSignForward,
  type ScaledSignOptions,
} from './forwards/scaled-sign.js';
export { signForward } from './forwards/sign.js';
export { standardizedSignForward, type StandardizedSignOptions } from './forwards/standardized-sign.js';
export { ternaryForward, type TernaryOptions } from './forwards/ternary.js';
export type { NoOptions } from './options.js';
export { stePlugin } from './plugin.js';
export { dorefa, heaviside, rsign, type RsignOptions } from './quantizers/levels.js';
export { bireal, ternary, xnor } from './quantizers/scaled.js';
export {
  ede,
  libra,
  reste,
  type EdeOptions,
  type LibraOptions,
  type ResteOptions,
} from './quantizers/scheduled.js';
export { approxSign, poly, signSwish, tanh, triangle } from './quantizers/shaped.js';
export { ste, steIdentity, type SteOptions } from './quantizers/ste.js';
export { approxSignSurrogate } from './surrogates/approx-sign.js';
export { birealSurrogate } from './surrogates/bireal.js';
export { clippedIdentitySurrogate, type ClippedIdentityOptions } from './surrogates/clipped-identity.js';
export { dorefaSurrogate, type DorefaSurrogateOptions, type DorefaTarget } from './surrogates/dorefa.js';
export { edeSurrogate, type EdeSurrogateOptions } from './surrogates/ede.js';
export { identitySurrogate } from './surrogates/identity.js';
export { polynomialSurrogate, type PolynomialOptions } from './surrogates/polynomial.js';
export { resteSurrogate, type ResteSurrogateOptions } from './surrogates/reste.js';
export { signSwishSurrogate, type SignSwishOptions } from './surrogates/sign-swish.js';
export { tanhSurrogate, type TanhOptions } from './surrogates/tanh.js';
export { triangleSurrogate, type TriangleOptions } from './surrogates/triangle.js';
export { xnorSurrogate } from './surrogates/xnor.js';

export { signForward } from './forwards/sign.js';
export { stePlugin } from './plugin.js';
export { ste, steIdentity, type SteOptions } from './quantizers/ste.js';
export { clippedIdentitySurrogate, type ClippedIdentityOptions } from './surrogates/clippedIdentity.js';
export { identitySurrogate } from './surrogates/identity.js';

// What this package offers to a registry.
import { definePlugin } from '@bitgrad/core';
import { signForward } from './forwards/sign.js';
import { ste, steIdentity } from './quantizers/ste.js';
import { clippedIdentitySurrogate } from './surrogates/clippedIdentity.js';
import { identitySurrogate } from './surrogates/identity.js';

/** The plugin of this package: `use(stePlugin)` makes every member known by name. */
export const stePlugin = definePlugin({
  name: '@bitgrad/quantizer-ste',
  version: '0.0.0',
  quantizers: { ste, 'ste-identity': steIdentity },
  surrogates: { identity: identitySurrogate, 'clipped-identity': clippedIdentitySurrogate },
  forwards: { sign: signForward },
});

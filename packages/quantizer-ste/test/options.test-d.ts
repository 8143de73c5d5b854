// Names and options are typed through core's maps: checked by the compiler (`pnpm typecheck`).
import { createRegistry, type QuantizerOptionsMap } from '@bitgrad/core';
import { expectTypeOf } from 'vitest';
import { stePlugin, ternary, type EdeOptions, type SteOptions } from '../src/index.js';

const registry = createRegistry([stePlugin]);

expectTypeOf<QuantizerOptionsMap['ste']>().toEqualTypeOf<SteOptions>();
expectTypeOf<QuantizerOptionsMap['ede']>().toEqualTypeOf<EdeOptions>();
expectTypeOf(registry.quantizer('ste', { clip: 2 }).name).toBeString();
registry.surrogate('polynomial', { order: 2 });
registry.forward('dorefa', { bits: 4, target: 'weights' });
ternary({ scaled: false });

// @ts-expect-error -- a wrong type
ternary({ threshold: '0.7' });
// @ts-expect-error -- an unknown option
ternary({ treshold: 0.7 });

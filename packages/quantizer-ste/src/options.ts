// Checks of options shared by the members of this package.
import { parseOptions } from '@bitgrad/core';
import * as v from 'valibot';

/** Options of members that have none. */
export type NoOptions = Record<string, never>;

/** A finite number above 0. */
export const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** Resolves the options of a member of this package: unknown names are refused, defaults filled in. */
export const resolve = <const S extends v.GenericSchema>(owner: string, schema: S, options: unknown) =>
  parseOptions('quantizer-ste', owner, schema, options);

/** The schema of members without options. */
export const none = v.strictObject({});

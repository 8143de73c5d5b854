// Errors that name the layer: whatever a lowering raises, and what the runtime says of an op that one has written.
import { BitgradError } from '@bitgrad/core';
import type { Plan } from '@bitgrad/runtime';
import type { GraphLayer } from './graph.js';

/** What the runtime says of an op, of a draft or in a plan. */
const ofAnOp = ({ code, source }: BitgradError): boolean =>
  code === 'invalid-file' || (code === 'invalid-option' && source === 'runtime');

const failed = (name: string, className: string, cause: unknown): BitgradError =>
  new BitgradError({
    code: cause instanceof BitgradError && !ofAnOp(cause) ? cause.code : 'unsupported-op',
    source: 'compiler',
    what: `layer "${name}"${className} cannot be compiled: ${cause instanceof Error ? cause.message : String(cause)}`,
    next: 'Put another layer in its place, or report it with the model.',
    cause,
  });

/** @throws BitgradError that names the layer, for all that `run` throws */
export function naming<T>(layer: GraphLayer, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof BitgradError && error.message.includes(`"${layer.name}"`)) throw error;
    throw failed(layer.name, ` (${layer.getClassName()})`, error);
  }
}

/** The layer that an op came from: its name, or that of the nearest op before it. */
const layerOf = ({ ops }: Plan, index: number): string | undefined =>
  ops
    .slice(0, index + 1)
    .reverse()
    .find(({ name }) => name !== undefined)?.name;

/** @throws BitgradError that names the layer, for what `run` says of `plan.ops[i]` or of a buffer that it writes */
export function namingOps<T>(plan: Plan, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const [, kind, index] = (error instanceof BitgradError && /plan\.(ops|buffers)\[(\d+)\]/.exec(error.message)) || []; // prettier-ignore
    if (kind === undefined) throw error;
    if (kind === 'buffers' && Number(index) === plan.input) throw failed('input', '', error);
    const at = kind === 'ops' ? Number(index) : plan.ops.findIndex(({ output }) => output === Number(index));
    const layer = layerOf(plan, at);
    throw layer === undefined ? error : failed(layer, '', error);
  }
}

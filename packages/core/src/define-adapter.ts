// A training backend from what is its own: where tfjs's backend comes from, what else has to be there, the kernels.
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  checkOptions,
  option,
  reasonOf,
  within,
  type OptionRules,
  type Probe,
} from '@bitgrad/bits';
import type { BackendAdapter, BackendCapabilities } from './contracts/backend.js';
import { guardLoss, type LossWatch } from './guard-loss.js';
import { installKernels, type InstallOptions, type Kernel } from './install-kernels.js';
import { kernelOwner } from './kernel-owner.js';

/** Kernels for one backend object, and what goes with them. */
export interface KernelSet extends Omit<InstallOptions, 'source'> {
  readonly kernels: Readonly<Record<string, Kernel<never>>>;
}

/** What an adapter is made of. */
export interface AdapterDefinition {
  readonly name: string;
  /** The package that the adapter is in: the source of its errors. */
  readonly source: string;
  readonly capabilities: BackendCapabilities;
  /** The backend of tfjs below it: its name there, its npm package, and the import of that package. */
  readonly tfjs: { readonly name: string; readonly package: string; load(): Promise<unknown> };
  /** Milliseconds that a download, a driver or the start of tfjs may take. Default 60,000. */
  readonly startMs?: number;
  /** What stands in the way besides a missing package, and features. Default: nothing. */
  probe?(): Promise<Probe>;
  /** Makes tfjs's backend the active one, in limited time; false when it did not start. Default: `tf.setBackend`. */
  activate?(): Promise<boolean>;
  /** Kernels over those of tfjs, for an active backend object; raises what makes it of no use. */
  kernels(backend: object): KernelSet | Promise<KernelSet>;
  /** For backends that can lose their GPU: how that is noticed, and the method that runs programs. */
  loss?(backend: object): LossWatch & { readonly run: string };
}

const { required } = option;
const rules: OptionRules<AdapterDefinition> = {
  name: required(option.string),
  source: required(option.string),
  capabilities: required(
    option.inside({ fusedKernels: required(option.list(option.string)), gpu: required(option.boolean) }),
  ),
  tfjs: required(
    option.inside({
      name: required(option.string),
      package: required(option.string),
      load: required(option.callback),
    }),
  ),
  startMs: option.positive,
  probe: option.callback,
  activate: option.callback,
  kernels: required(option.callback),
  loss: option.callback,
};

const noFeatures: Probe = { available: true, reason: '', features: {} };

/** How the loss of each backend object is noticed: it is watched once. */
const watches = new WeakMap<object, LossWatch & { readonly run: string }>();

/** Makes tfjs forget a backend whose GPU is lost, so that the next start makes a new one. */
function forgetLost(name: string): void {
  const present = tf.engine().registry[name];
  if (!present || !watches.get(present)?.lost()) return;
  const { factory, priority } = tf.engine().registryFactory[name]!;
  tf.removeBackend(name);
  tf.registerBackend(name, factory, priority);
}

/**
 * A training backend. Its `start` loads tfjs's backend, makes it the active one and puts the kernels in, in place of those
 * of an adapter that was started before; `dispose` takes them back.
 * @throws BitgradError `invalid-option` for what is no definition
 */
export function defineAdapter(definition: AdapterDefinition): BackendAdapter {
  checkOptions('core', 'defineAdapter', definition, rules);
  const { name, source, capabilities, tfjs, startMs = 60_000 } = definition;
  const owner = kernelOwner(tfjs.name);
  const unavailable = (what: string, next = 'Choose another backend.', cause?: unknown): BitgradError =>
    new BitgradError({ code: 'backend-unavailable', source, what, next, cause });
  const limited = <T>(what: string, promise: Promise<T>): Promise<T> =>
    within(startMs, promise, () => unavailable(`${what} did not come within ${startMs / 1000} s`));
  const probe = async (): Promise<Probe> => {
    const found = (await definition.probe?.()) ?? noFeatures;
    if (!found.available) return found;
    try {
      await limited(`the code of the tfjs ${tfjs.name} backend`, tfjs.load());
      return found;
    } catch (cause) {
      const missing = `${tfjs.package} cannot be loaded (${reasonOf(cause)}): npm install ${tfjs.package}`;
      const reason = cause instanceof BitgradError ? reasonOf(cause) : missing;
      return { ...found, available: false, reason };
    }
  };
  const activate =
    definition.activate ??
    (() => limited(`the start of the tfjs ${tfjs.name} backend`, tf.setBackend(tfjs.name)));
  return Object.freeze({
    name,
    capabilities: Object.freeze(capabilities),
    probe,
    async start() {
      const { available, reason } = await probe();
      if (!available) throw unavailable(reason);
      forgetLost(tfjs.name);
      if (!(await activate())) throw unavailable(`the tfjs ${tfjs.name} backend did not start`);
      const backend = tf.backend();
      if (owner.holds(backend)) return;
      const { kernels, onRemove, ...options } = await definition.kernels(backend);
      const watch = definition.loss && (watches.get(backend) ?? definition.loss(backend));
      if (watch) watches.set(backend, watch);
      owner.take(backend, () => {
        const unguard = watch && guardLoss(backend as never, watch.run, watch);
        return installKernels(tfjs.name, kernels, {
          ...options,
          source,
          onRemove: () => {
            onRemove?.();
            unguard?.();
          },
        });
      });
    },
    report: () => owner.report(),
    async dispose() {
      owner.release();
    },
  });
}

// Whose kernels are in force on a tfjs backend: those of one adapter at a time, the last one started.
import type { KernelReport } from './contracts/backend.js';
import type { Installation } from './install-kernels.js';

/** What an adapter has put into one backend object. */
interface Claim {
  readonly backend: object;
  readonly installation: Installation;
}

const slot = Symbol.for('bitgrad.kernels');
/**
 * By tfjs's name of the backend, as tfjs keeps kernels: they outlive the backend object that they were made for. One a
 * process, as tfjs's own, also where two copies of this package are loaded.
 */
const inForce = ((globalThis as { [slot]?: Map<string, Claim> })[slot] ??= new Map<string, Claim>());

function evict(backendName: string): void {
  const claim = inForce.get(backendName);
  inForce.delete(backendName);
  claim?.installation.remove();
}

/** The kernels of one adapter object. */
export interface KernelOwner {
  /** Whether this adapter's kernels are in force, and were made for this backend object. */
  holds(backend: object): boolean;
  /** Removes what is in force, whosever it is, then installs. */
  take(backend: object, install: () => Installation): void;
  /** How often each kernel ran; after {@link KernelOwner.release}, by then. */
  report(): KernelReport;
  /** Puts the stock kernels back, unless another adapter has taken over. */
  release(): void;
}

/**
 * Start, take-over and end of an adapter's kernels, for backend adapters.
 * @param backendName tfjs's name of the backend
 */
export function kernelOwner(backendName: string): KernelOwner {
  let claim: Claim | undefined;
  let last: KernelReport = {};
  return {
    holds: (backend) => claim?.backend === backend && claim === inForce.get(backendName),
    take(backend, install) {
      evict(backendName);
      claim = { backend, installation: install() };
      inForce.set(backendName, claim);
    },
    report: () => claim?.installation.report() ?? last,
    release() {
      if (!claim) return;
      last = claim.installation.report();
      if (claim === inForce.get(backendName)) evict(backendName);
      claim = undefined;
    },
  };
}

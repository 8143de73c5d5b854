// What an untrusted file may ask for. Sizes are compared with these before memory is taken or work begins.
import { checkOptions, option } from '@bitgrad/bits';

/** Limits in force while a file is read and packed. */
export interface ImportLimits {
  /** Bytes of all files together, as they are and unpacked. Default 2^30. */
  readonly fileBytes: number;
  /** Elements of one value or constant. Default 2^27. */
  readonly elements: number;
  /** Nodes of a graph. Default 8192. */
  readonly nodes: number;
  /** Work of one run of the graph, and of folding its constants, in multiply-accumulates. Default 2 * 10^10. */
  readonly operations: number;
}

const defaults: ImportLimits = {
  fileBytes: 2 ** 30,
  elements: 2 ** 27,
  nodes: 8192,
  operations: 2e10,
};

const amount = option.of('a number, 0 or more', (v) => typeof v === 'number' && v >= 0);

/** Limits with defaults for those that are missing. @throws BitgradError `invalid-option` */
export function limitsFrom(limits: Partial<ImportLimits> = {}): ImportLimits {
  checkOptions('importer', 'limits', limits as ImportLimits, { fileBytes: amount, elements: amount, nodes: amount, operations: amount }); // prettier-ignore
  return { ...defaults, ...Object.fromEntries(Object.entries(limits).filter(([, v]) => v !== undefined)) };
}

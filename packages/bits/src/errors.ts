// The one error type of bitgrad. It lives here because `bits` is the package that everything imports.
import { brand } from './brand.js';

/** Every stable error code; a new code is added here, with a test that raises it. */
export const errorCodes = [
  /** An option or argument is missing, of the wrong type or out of range. */
  'invalid-option',
  /** A quantizer, model, backend ... of that name is not registered. */
  'unknown-name',
  /** A name is registered already. */
  'duplicate-name',
  /** A plugin, or a member of it, does not have the shape of its contract. */
  'invalid-plugin',
  /** Two parts that are valid alone cannot be used together. */
  'incompatible',
  /** Two copies of bitgrad with different contract versions met in one process. */
  'contract-version',
  /** No requested backend or engine could start here. */
  'backend-unavailable',
  /** The GPU context or device was lost. */
  'context-lost',
  /** A backend has no kernel for an operation, or an exact kernel was required and cannot run. */
  'kernel-missing',
  /** NaN or infinity where a finite number is needed. */
  'not-finite',
  /** A shape or length does not match. */
  'shape-mismatch',
  /** A count would exceed what its storage holds exactly. */
  'overflow',
  /** A file or byte array is not what it claims to be. */
  'invalid-file',
  /** A file ends before its contents do. */
  'truncated-file',
  /** A checksum does not match its contents. */
  'checksum-mismatch',
  /** A declared size exceeds the limits in force. */
  'limit-exceeded',
  /** Reading or writing failed. */
  'io',
  /** A layer or operation that cannot be compiled or run. */
  'unsupported-op',
  /** A compiled model does not agree with the graph it was compiled from. */
  'verification-failed',
  /** Something was used after it was disposed. */
  'disposed',
  /** A call that does not fit the present state. */
  'invalid-state',
] as const;

/** A stable, documented error code. */
export type ErrorCode = (typeof errorCodes)[number];

/** What an error tells: `what` was wrong, the value `got`, the values `expected`, and the `next` step. */
export interface ErrorDetails {
  code: ErrorCode;
  /** The package that raised it, without the scope: `core`, `quantizer-ste`. */
  source: string;
  what: string;
  /** The offending value; shown in the message, shortened. */
  got?: unknown;
  expected?: string;
  next?: string;
  cause?: unknown;
}

/** Renders a value for a message: JSON-like, at most 80 characters. */
export function showValue(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'function'
        ? `function ${value.name || '(anonymous)'}`
        : typeof value === 'object' && value !== null
          ? safeJson(value)
          : Object.is(value, -0)
            ? '-0'
            : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const safeJson = (value: object): string => {
  try {
    return JSON.stringify(value) ?? Object.prototype.toString.call(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
};

const mark = brand<BitgradError>('bits.BitgradError');

/** An error with a stable `code`; the message says what was wrong, the value, what is allowed and what to do. */
export class BitgradError extends Error {
  override readonly name = 'BitgradError';
  readonly code: ErrorCode;
  readonly source: string;

  /** `instanceof` holds for the errors of another copy of this package too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return mark.has(value);
  }

  constructor({ code, source, what, got, expected, next, cause }: ErrorDetails) {
    const details = [
      got === undefined ? '' : `got ${showValue(got)}`,
      expected ? `expected ${expected}` : '',
    ];
    const tail = details.filter(Boolean).join(', ');
    super(`[bitgrad/${source}] ${what}${tail ? `: ${tail}` : ''}.${next ? ` ${next}` : ''}`, { cause });
    this.code = code;
    this.source = source;
  }
}
mark.mark(BitgradError.prototype);

/** What an error says, without the package that raised it: to be part of another message. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/^\[bitgrad\/[\w-]+\] /, '') : showValue(error);

/** A BitgradError that also says where it came from, such as the file's name; other errors stay as they are. */
export const errorIn = (where: string, error: unknown): unknown =>
  error instanceof BitgradError
    ? new BitgradError({
        code: error.code,
        source: error.source,
        what: `${where}: ${reasonOf(error).replace(/\.$/, '')}`,
        cause: error,
      })
    : error;

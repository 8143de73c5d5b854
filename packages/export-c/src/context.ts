// What an op's C is made from, and what it adds to the file beside its own lines.
import { elementCount, type Op, type PackedModel, type TensorData, type WeightSpec } from '@bitgrad/runtime';
import { arrayText, commentText } from './text.js';
import { rowAt, type Spec } from './values.js';

/** Where a value is while the C runs. */
export interface Place extends Spec {
  /** C expression of a pointer to its first element. */
  readonly pointer: string;
  /** All of it, a ring of so many lines, or the present row alone. */
  readonly span: 'whole' | 'row' | { readonly ring: number };
}

/** What the lines of an op are made from. */
export interface Context<O extends Op = Op> {
  readonly op: O;
  /** The inputs, in the order of the op. */
  readonly x: readonly Place[];
  readonly out: Place;
  /** C expressions for the line and for the row in it; `0` where there is one. */
  readonly y: string;
  readonly row: string;
  /** Largest magnitude of the first input's elements, where it is the sums of a product. */
  readonly sums?: number;
  /** Pointer to memory for the op alone, of the size that `scratchWords` says. */
  readonly scratch: string;
  /** Weight `i` of the op: its type and shape, and its data. */
  weight(i: number): { readonly spec: WeightSpec; readonly data: TensorData };
  /** Writes a constant array and returns its name. */
  array(type: string, suffix: string, values: readonly number[]): string;
  /** Takes a shared C function, or a header of the library, into the file. */
  use(...helpers: readonly string[]): void;
}

/** An op in C. */
export interface OpText<O extends Op> {
  /** 32-bit words of memory that it needs while it makes a row. */
  scratchWords?(op: O, x: readonly Spec[], model: PackedModel): number;
  /** Statements before the loop over the rows of a line: only of ops with a window. */
  line?(context: Context<O>): string[];
  /** Statements that make one row; of ops that need their inputs whole, everything. */
  lines(context: Context<O>): string[];
}

/** Pointer to the row of an operand that belongs to the present output row. */
export function operandRow({ y, row }: Pick<Context, 'y' | 'row'>, place: Place): string {
  if (place.span === 'row') return place.pointer;
  const rows = elementCount(place.shape.slice(0, -1));
  if (rows === 1) return place.pointer;
  const perLine = rows / (place.shape.length > 1 ? place.shape[0]! : 1);
  const line = y === '0' ? '' : perLine === 1 ? y : `${y} * ${perLine}`;
  const index = [line, row === '0' ? '' : row].filter((text) => text !== '').join(' + ') || '0';
  return rowAt(place.pointer, place, index);
}

/** Pointer to the present output row. */
export function outputRow({ out, y, row }: Pick<Context, 'out' | 'y' | 'row'>): string {
  if (typeof out.span !== 'object') return operandRow({ y, row }, out);
  const line = y === '0' || out.span.ring === 1 ? '0' : `(${y} % ${out.span.ring})`;
  return operandRow({ y: line, row }, { ...out, span: 'whole' });
}

/** Constant arrays of a file. */
export interface Arrays {
  readonly texts: string[];
  /** Writes an array; returns its name: the one wanted, with what makes it C's and its own. */
  declare(type: string, wanted: string, values: readonly number[]): string;
}

/** No arrays yet. */
export function createArrays(): Arrays {
  const texts: string[] = [];
  const taken = new Set<string>();
  return {
    texts,
    declare(type, wanted, values) {
      const name = commentText(wanted)
        .replaceAll(/[^A-Za-z0-9_]/g, '_')
        .replace(/^(?=[0-9])/, 'w');
      let unique = name;
      for (let i = 2; taken.has(unique); i++) unique = `${name}_${i}`;
      taken.add(unique);
      texts.push(arrayText(type, unique, values));
      return unique;
    },
  };
}

// Calls of the kernel module as plain data: the name of a function and its parameters by name. The signatures in
// assembly/training are the one declaration: codegen reads them (generated/training-functions.ts), the types here follow,
// and `encode` makes of the fields the flat list of numbers that a module, a worker or another engine takes.
import { functions } from '../generated/training-functions.js';

type Functions = typeof functions;

/** A function of the kernel module. */
export type FunctionName = keyof Functions;

/** The parameters of a function by name; addresses are byte offsets in its memory. */
export type Fields<N extends FunctionName> = {
  readonly [F in keyof Functions[N]]: Functions[N][F] extends 'bool' ? boolean : number;
};

/** The axes along which a function can be split: those letters x for which it takes a range from x0 to x1. */
export type Axis<N extends FunctionName> = {
  [F in keyof Functions[N]]: F extends `${infer X}0`
    ? `${X}1` extends keyof Functions[N]
      ? X
      : never
    : never;
}[keyof Functions[N]];

/** The parameters that are the same for all parts of a call that is split along an axis. */
export type Common<N extends FunctionName, A extends Axis<N>> = Omit<Fields<N>, `${A}0` | `${A}1`>;

/** How a call is split. */
export interface Split<N extends FunctionName, A extends Axis<N>> {
  readonly over: A;
  /** The range is 0 .. count, cut at multiples of `grain`. */
  readonly count: number;
  readonly grain: number;
  /** Fields with the address of memory that each part has for itself: bytes from part to part. */
  readonly own?: { readonly [F in keyof Common<N, A>]?: number };
}

/** An encoded call. */
export interface Call {
  readonly name: FunctionName;
  /** The parameters in the order of the signature. */
  readonly args: readonly number[];
}

/** What runs calls on a memory: a module, or threads. */
export interface Runner {
  /** How many calls run at the same time, the calling thread's included. */
  readonly threads: number;
  readonly memory: WebAssembly.Memory;
  /** Runs calls of one function, in any order and several at the same time, and returns their results. */
  run(calls: readonly Call[]): number[];
  /**
   * Takes calls of one function, of which no result is wanted, to run them at `flush` at the latest, behind those taken before;
   * absent where nothing is won by running many together.
   */
  readonly later?: (calls: readonly Call[]) => void;
  /** Runs what was taken. */
  readonly flush?: () => void;
}

const order: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(functions).map(([name, fields]) => [name, Object.keys(fields)]),
);

/** Values by name in the order of the signature; NaN where there is none. */
function inOrder(name: FunctionName, fields: Readonly<Record<string, number | boolean>>): number[] {
  const names = order[name]!;
  const args = new Array<number>(names.length);
  for (let i = 0; i < names.length; i++) args[i] = Number(fields[names[i]!]);
  return args;
}

/** A call of a function. */
export const encode = <N extends FunctionName>(name: N, fields: Fields<N>): Call => ({
  name,
  args: inOrder(name, fields),
});

/** Ranges of at most `threads` parts of 0 .. count, at multiples of `grain`. */
export function ranges(count: number, grain: number, threads: number): [number, number][] {
  const units = Math.ceil(count / grain);
  const parts = Math.max(1, Math.min(threads, units));
  return Array.from({ length: parts }, (_, i) => [
    Math.floor((units * i) / parts) * grain,
    Math.min(count, Math.floor((units * (i + 1)) / parts) * grain),
  ]);
}

/** Where the range of an axis is among the parameters of a function. */
const rangePlaces = new Map<string, readonly [first: number, end: number]>();

function rangePlace(name: FunctionName, over: string): readonly [number, number] {
  const key = `${name} ${over}`;
  const known = rangePlaces.get(key);
  if (known) return known;
  const names = order[name]!;
  const places = [names.indexOf(`${over}0`), names.indexOf(`${over}1`)] as const;
  rangePlaces.set(key, places);
  return places;
}

/** The calls, one a thread at most, that together are the whole range. */
export function splitCall<N extends FunctionName, A extends Axis<N>>(
  name: N,
  { over, count, grain, own = {} }: Split<N, A>,
  common: Common<N, A>,
  threads: number,
): Call[] {
  const base = inOrder(name, common as Readonly<Record<string, number | boolean>>);
  const [first, end] = rangePlace(name, over);
  if (threads === 1) {
    base[first] = 0;
    base[end] = count;
    return [{ name, args: base }];
  }
  const names = order[name]!;
  const shares = Object.entries(own as Record<string, number>).map(
    ([field, bytes]) => [names.indexOf(field), bytes] as const,
  );
  return ranges(count, grain, threads).map(([from, to], part) => {
    const args = part === 0 ? base : base.slice();
    args[first] = from;
    args[end] = to;
    for (const [place, bytes] of shares) args[place]! += part * bytes;
    return { name, args };
  });
}

/** Values that a call's fields alone decide, such as sizes: each is asked for once. */
export type Ask = <N extends FunctionName>(name: N, fields: Fields<N>) => number;

/** @param runner runs the calls */
export function createAsk(runner: Runner): Ask {
  const known = new Map<string, number>();
  return (name, fields) => {
    const call = encode(name, fields);
    const key = `${name} ${call.args.join()}`;
    const value = known.get(key) ?? runner.run([call])[0]!;
    known.set(key, value);
    return value;
  };
}

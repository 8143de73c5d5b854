// Where values lie in the one block of memory of the generated C.
import { placeFirstFit, windowExtent } from '@bitgrad/bits';
import { channelCount, elementCount, type PackedModel } from '@bitgrad/runtime';
import type { Arrangement } from './arrange.js';
import { textOf } from './ops/index.js';
import type { WindowOp } from './ops/window.js';
import { linesOf, rowBytes, rowsOf, type Spec } from './values.js';

/** A piece of memory: a value, or what an op needs for itself. */
interface Piece {
  readonly bytes: number;
  /** First and last group in which it is alive. */
  readonly from: number;
  readonly to: number;
  /** Of what lives within one row of a stage: the stage, and the first and last op. */
  readonly row?: { readonly stage: number; readonly from: number; readonly to: number };
}

/** Offsets in bytes. */
export interface Memory {
  readonly bytes: number;
  /** Of buffers that have memory. */
  readonly buffers: ReadonlyMap<number, number>;
  /** Of what ops need for themselves. */
  readonly scratch: ReadonlyMap<number, number>;
  /** Lines of the rings. */
  readonly rings: ReadonlyMap<number, number>;
}

const wholeBytes = (spec: Spec): number =>
  (elementCount(spec.shape) / channelCount(spec.shape)) * rowBytes(spec);

/** Whether two pieces may be alive together. Stages of a group take turns, so what lives in a row is alone with its stage. */
function together(a: Piece, b: Piece): boolean {
  if (a.to < b.from || b.to < a.from) return false;
  if (!a.row || !b.row) return true;
  return a.row.stage === b.row.stage && a.row.from <= b.row.to && b.row.from <= a.row.to;
}

/** Lines that the ring before a window holds. */
const ringLines = (op: WindowOp, lines: number): number =>
  Math.min(windowExtent(op.kernel[0], op.dilations[0]), lines);

/** Places everything. */
export function placeMemory({ plan, weights, metadata }: PackedModel, arranged: Arrangement): Memory {
  const { groups, streamed, readers } = arranged;
  const pieces: Piece[] = [];
  const keys: { readonly map: Map<number, number>; readonly key: number }[] = [];
  const [buffers, scratch, rings] = [0, 1, 2].map(() => new Map<number, number>()) as [Map<number, number>, Map<number, number>, Map<number, number>]; // prettier-ignore
  const add = (map: Map<number, number>, key: number, piece: Piece): void => {
    pieces.push({ ...piece, bytes: Math.ceil(piece.bytes / 4) * 4 });
    keys.push({ map, key });
  };
  const windows = new Map(
    groups.flatMap(({ stages }) =>
      stages.flatMap(({ ops, feed }) =>
        feed ? [[feed.buffer, plan.ops[ops[0]!] as WindowOp] as const] : [],
      ),
    ),
  );
  groups.forEach(({ stages }, at) =>
    stages.forEach(({ ops }, stage) =>
      ops.forEach((index, k) => {
        const op = plan.ops[index]!;
        const spec = plan.buffers[op.output]!;
        const inputs = op.inputs.map((input) => plan.buffers[input]!);
        const words =
          textOf(op, inputs[0]?.type)?.scratchWords?.(op, inputs, { plan, weights, metadata }) ?? 0;
        if (words > 0)
          add(scratch, index, { bytes: 4 * words, from: at, to: at, row: { stage, from: k, to: k } });
        const how = streamed.get(op.output);
        if (how === 'row')
          add(buffers, op.output, {
            bytes: rowBytes(spec),
            from: at,
            to: at,
            row: { stage, from: k, to: k + 1 },
          });
        else if (how === 'lines') {
          const lines = ringLines(windows.get(op.output)!, linesOf(spec.shape));
          rings.set(op.output, lines);
          add(buffers, op.output, { bytes: lines * rowsOf(spec.shape) * rowBytes(spec), from: at, to: at });
        } else if (op.output !== plan.output) {
          const last = Math.max(at, ...(readers.get(op.output) ?? []));
          add(buffers, op.output, { bytes: wholeBytes(spec), from: at, to: last });
        }
      }),
    ),
  );
  const { offsets, bytes } = placeFirstFit(
    pieces.map((piece) => piece.bytes),
    (i, j) => together(pieces[i]!, pieces[j]!),
  );
  offsets.forEach((offset, i) => keys[i]!.map.set(keys[i]!.key, offset));
  return { bytes, buffers, scratch, rings };
}

// The functions of a group: `line_` makes a line of a stage, `until_` makes lines up to one, with what they need first.
import { windowExtent } from '@bitgrad/bits';
import { reachOf, type Group, type Stage } from './arrange.js';
import type { Context } from './context.js';
import { textOf } from './ops/index.js';
import type { WindowOp } from './ops/window.js';
import { commentText, indented, specText } from './text.js';
import { linesOf, rowsOf } from './values.js';
import type { Op, Plan } from '@bitgrad/runtime';

/** What makes the functions of a model. */
export interface Writer {
  readonly plan: Plan;
  /** What the lines of an op are made from, with the C expressions of the present line and row. */
  context(index: number, y: string, row: string): Context;
}

/** A group in C. */
export interface GroupText {
  readonly functions: string[];
  /** Statement that runs it. */
  readonly call: string;
  /** Counters of lines that are made, 0 at the start. */
  readonly counters: string[];
}

/** A name for an op that C and readers can live with. */
export const opName = (op: Op, index: number): string => commentText(op.name || `${op.op}_${index}`);

/** `conv2d_1: conv, bits [7, 7, 64] -> i32 [7, 7, 64]`. */
function comment(plan: Plan, index: number): string {
  const op = plan.ops[index]!;
  const inputs = op.inputs.map((input) => specText(plan.buffers[input]!)).join(', ');
  return `/* ${opName(op, index)}: ${op.op}, ${inputs} -> ${specText(plan.buffers[op.output]!)} */`;
}

const text = (context: Context) => textOf(context.op, context.x[0]?.type)!;

/** Statement that makes the lines which a window needs for line `y`. */
function feedCall(plan: Plan, op: WindowOp, buffer: number, y: string, id: string): string {
  const lines = linesOf(plan.buffers[buffer]!.shape);
  const ahead = windowExtent(op.kernel[0], op.dilations[0]) - op.pads[0];
  const line = op.strides[0] === 1 ? y : `${y} * ${op.strides[0]}`;
  const wanted = ahead === 0 ? line : `${line} ${ahead < 0 ? '-' : '+'} ${Math.abs(ahead)}`;
  return `until_${id}(${wanted} < ${lines} ? ${wanted} : ${lines});`;
}

/** Functions of a stage. */
function stageText({ plan, context }: Writer, { ops, feed }: Stage, id: string, before: string): string[] {
  const { shape } = plan.buffers[plan.ops[ops.at(-1)!]!.output]!;
  const [lines, rows] = [linesOf(shape), rowsOf(shape)];
  const contexts = ops.map((index) => context(index, lines === 1 ? '0' : 'y', rows === 1 ? '0' : 'x'));
  const comments = ops.map((index) => comment(plan, index));
  const blocks = contexts.flatMap((one) => ['{', ...text(one).lines(one), '}']);
  const loop = rows === 1 ? blocks : ['{', 'int x;', `for (x = 0; x < ${rows}; x++) {`, ...blocks, '}', '}'];
  const prelude = text(contexts[0]!).line?.(contexts[0]!) ?? [];
  const usesLine = [...prelude, ...loop].some((statement) => /\by\b/.test(statement));
  const line = ['{', ...prelude, ...loop, ...(lines > 1 && !usesLine ? ['(void)y;'] : []), '}', ''];
  const made = `done_${id}`;
  const need = feed ? [feedCall(plan, plan.ops[ops[0]!] as WindowOp, feed.buffer, made, before)] : [];
  return [
    indented([...comments, `static void line_${id}(${lines === 1 ? 'void' : 'int y'})`, ...line]),
    indented([
      `static void until_${id}(int lines)`,
      '{',
      `for (; ${made} < lines; ${made}++) {`,
      ...need,
      `line_${id}(${lines === 1 ? '' : made});`,
      '}',
      '}',
      '',
    ]),
  ];
}

/** Writes group `number`. */
export function groupText(writer: Writer, { stages }: Group, number: number): GroupText {
  const { plan, context } = writer;
  const first = stages[0]!.ops[0]!;
  if (reachOf(plan.ops[first]!) === 'whole') {
    const one = context(first, '0', '0');
    const body = ['{', ...text(one).lines(one), '}', ''];
    return {
      functions: [indented([comment(plan, first), `static void run_${number}(void)`, ...body])],
      call: `run_${number}();`,
      counters: [],
    };
  }
  const ids = stages.map((_, s) => (stages.length === 1 ? `${number}` : `${number}_${s + 1}`));
  const { shape } = plan.buffers[plan.ops[stages.at(-1)!.ops.at(-1)!]!.output]!;
  return {
    functions: stages.flatMap((stage, s) => stageText(writer, stage, ids[s]!, ids[s - 1] ?? '')),
    call: `until_${ids.at(-1)}(${linesOf(shape)});`,
    counters: ids.map((id) => `done_${id}`),
  };
}

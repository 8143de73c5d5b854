// Tables as data sets: rows of a CSV file are examples, or the time steps of windows. A parser of its own: RFC 4180 is forty
// lines, and messages name line and column.
import { checkOptions, checkValue, option, type OptionRules } from '@bitgrad/core';
import {
  createExamples,
  holdOut,
  selectImages,
  type Dataset,
  type Examples,
  type LabelKind,
} from './dataset.js';
import { fileFailure, defaultTestFraction, testFractionRule } from './errors.js';

/** How a table becomes a data set. */
export interface TableOptions {
  /** The column that is predicted, or several with commas between. Every other column is an input. */
  readonly target?: string;
  /** What it is; default `values` where all of it are numbers, else `class`. */
  readonly targetKind?: LabelKind;
  /** A column of numbers, 0 or more: how much each row counts in training. No input. */
  readonly weight?: string;
  /** Rows that are one example, in their order, as [1, window, inputs]; the labels are those of the last. Default 1. */
  readonly window?: number;
  /** Rows from the start of one window to that of the next; default `window`, so that none has rows of another. */
  readonly windowStep?: number;
  /** Part of the rows that is held out for testing: by chance, of windows the last ones. Default 0.2. */
  readonly testFraction?: number;
  /** Decides which rows are held out; default 0. */
  readonly seed?: number;
}

/** The rules of {@link TableOptions}, the seed apart. */
export const tableRules: OptionRules<Omit<TableOptions, 'seed'>> = {
  target: option.string,
  targetKind: option.oneOf('class', 'labels', 'values'),
  weight: option.string,
  window: option.integer(1, 2 ** 20),
  windowStep: option.integer(1),
  testFraction: testFractionRule,
};
const rules: OptionRules<TableOptions> = { ...tableRules, seed: option.integer() };

/** Texts of one column become so many inputs at most, one each. */
const mostTexts = 64;

interface Table {
  readonly name: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Line of each row in the file, from 1. */
  readonly lines: readonly number[];
}

/** The separator that the first line has most of. */
function separatorOf(text: string): string {
  const end = text.search(/[\r\n]/);
  const first = end < 0 ? text : text.slice(0, end);
  const count = (separator: string): number => first.split(separator).length;
  return [',', ';', '\t'].reduce((a, b) => (count(b) > count(a) ? b : a));
}

/** Rows of cells (RFC 4180: quotes around a cell, doubled inside), with the line that each begins in. */
function parseRows(name: string, text: string): { cells: string[]; line: number }[] {
  const separator = separatorOf(text);
  const rows: { cells: string[]; line: number }[] = [];
  let [cells, cell, line, begun, quoted]: [string[], string, number, number, boolean] = [[], '', 1, 1, false];
  const endRow = (): void => {
    cells.push(cell);
    if (cells.length > 1 || cells[0]!.trim() !== '') rows.push({ cells, line: begun });
    [cells, cell] = [[], ''];
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '\n') line += 1;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (character === '"' && cell.trim() === '') [quoted, cell] = [true, ''];
    else if (character === separator) {
      cells.push(cell);
      cell = '';
    } else if (character === '\n') {
      endRow();
      begun = line;
    } else if (character !== '\r' || text[i + 1] !== '\n') cell += character;
  }
  if (quoted)
    throw fileFailure('invalid-file', name, undefined, `line ${begun}`, { got: 'a quote that does not end' });
  endRow();
  return rows;
}

function parseTable(name: string, text: string): Table {
  const [first, ...rest] = parseRows(name, text.replace(/^\ufeff/, ''));
  const header = (first?.cells ?? []).map((cell) => cell.trim());
  const twice = header.find((column, i) => column === '' || header.indexOf(column) !== i);
  if (header.length < 2 || twice !== undefined)
    throw fileFailure('invalid-file', name, undefined, 'names of the columns in the first line', {
      got: header.length < 2 ? header.join() : twice || 'one without a name',
      expected: 'at least two, each only once',
    });
  const odd = rest.find(({ cells }) => cells.length !== header.length);
  if (odd)
    throw fileFailure('invalid-file', name, undefined, `line ${odd.line}`, {
      got: `${odd.cells.length} cells`,
      expected: `${header.length}, as the first line has`,
    });
  return {
    name,
    header,
    rows: rest.map(({ cells }) => cells.map((cell) => cell.trim())),
    lines: rest.map(({ line }) => line),
  };
}

const isNumber = (text: string): boolean => text !== '' && Number.isFinite(Number(text));

/** A column's texts. @throws BitgradError `invalid-file` for an empty one, with its line */
function columnOf({ name, header, rows, lines }: Table, column: string): readonly string[] {
  const at = header.indexOf(column);
  return rows.map((cells, i) => {
    if (cells[at] !== '') return cells[at]!;
    throw fileFailure('invalid-file', name, undefined, `line ${lines[i]}, column "${column}"`, {
      got: 'an empty cell',
      expected: 'a number or a text',
      next: 'Fill it in, or leave the row out.',
    });
  });
}

/** A column as inputs: numbers as they are, of texts one input each. */
function inputsOf(table: Table, column: string): { names: string[]; values: Float32Array[] } {
  const cells = columnOf(table, column);
  if (cells.every(isNumber)) return { names: [column], values: [Float32Array.from(cells, Number)] };
  const texts = [...new Set(cells)].sort();
  if (texts.length > mostTexts)
    throw fileFailure('invalid-file', table.name, undefined, `column "${column}"`, {
      got: `${texts.length} different texts, such as ${JSON.stringify(texts.find((text) => !isNumber(text)))}`,
      expected: `numbers, or at most ${mostTexts} texts`,
      next: 'Leave the column out of the file, or make numbers of it.',
    });
  return {
    names: texts.map((text) => `${column}=${text}`),
    values: texts.map((text) => Float32Array.from(cells, (cell) => (cell === text ? 1 : 0))),
  };
}

interface Targets {
  readonly kind: LabelKind;
  readonly classes: readonly string[];
  /** Of each row. */
  readonly labels: Uint8Array | Uint16Array | Float32Array;
}

function targetsOf(table: Table, columns: readonly string[], asked: LabelKind | undefined): Targets {
  const cells = columns.map((column) => columnOf(table, column));
  const numbers = cells.every((column) => column.every(isNumber));
  const kind = asked ?? (numbers ? 'values' : 'class');
  const refuse = (got: string, expected: string): never => {
    throw fileFailure('invalid-file', table.name, undefined, `target ${columns.join(',')} as ${kind}`, { got, expected }); // prettier-ignore
  };
  if (kind === 'class') {
    if (columns.length > 1) refuse(`${columns.length} columns`, 'one column of classes; several of 0 and 1 are --target-kind labels'); // prettier-ignore
    const names = [...new Set(cells[0])].sort((a, b) => (numbers ? Number(a) - Number(b) : a < b ? -1 : 1));
    if (names.length < 2 || names.length > 65_536) refuse(`${names.length} classes`, '2 to 65536');
    const at = new Map(names.map((each, i) => [each, i]));
    const numbersOf = cells[0]!.map((cell) => at.get(cell)!);
    return { kind, classes: names, labels: (names.length > 256 ? Uint16Array : Uint8Array).from(numbersOf) };
  }
  if (!numbers) refuse('texts', kind === 'values' ? 'numbers' : '0 and 1');
  const flat = table.rows.flatMap((_, i) => cells.map((column) => Number(column[i])));
  const other = kind === 'labels' ? flat.find((value) => value !== 0 && value !== 1) : undefined;
  if (other !== undefined) refuse(String(other), '0 and 1');
  return {
    kind,
    classes: columns,
    labels: kind === 'labels' ? Uint8Array.from(flat) : Float32Array.from(flat),
  };
}

function columnsAsked(table: Table, target: string | undefined, weight: string | undefined): string[] {
  const asked = (target ?? '').split(',').map((column) => column.trim());
  const unknown = [...asked, ...(weight === undefined ? [] : [weight])].find(
    (column) => !table.header.includes(column),
  );
  if (unknown === undefined && new Set(asked).size === asked.length) return asked;
  throw fileFailure('invalid-option', table.name, undefined, unknown === undefined ? 'target' : 'column', {
    got: unknown === undefined ? target : unknown || 'no target',
    expected: `one or several of ${table.header.join(', ')}`,
    next: 'Name what is predicted: --target COLUMN, or several with commas.',
  });
}

/**
 * A data set from the text of a CSV file: the first line names the columns; cells are separated by commas, semicolons or tabs.
 * Numbers are inputs as they are, texts one input each. The shape is [1, window, inputs].
 * @param name of the file, for messages
 * @throws BitgradError `invalid-file` that names line or column, `invalid-option`, `not-finite`
 */
export function datasetFromCsv(name: string, text: string, options: TableOptions = {}): Dataset<Examples> {
  const { target, targetKind, weight, window = 1, windowStep = window, testFraction = defaultTestFraction, seed = 0 } =
    checkOptions('datasets', 'datasetFromCsv', options, rules); // prettier-ignore
  checkValue('datasets', 'name of datasetFromCsv', name, option.required(option.string));
  checkValue('datasets', 'text of datasetFromCsv', text, option.required(option.string));
  const table = parseTable(name, text);
  const columns = columnsAsked(table, target, weight);
  const { kind, classes, labels } = targetsOf(table, columns, targetKind);
  const inputs = table.header
    .filter((column) => !columns.includes(column) && column !== weight)
    .map((column) => inputsOf(table, column));
  const [names, values] = [inputs.flatMap((each) => each.names), inputs.flatMap((each) => each.values)];
  const size = Math.floor((table.rows.length - window) / windowStep) + 1;
  if (names.length === 0 || size < 2)
    throw fileFailure('invalid-file', name, undefined, names.length === 0 ? 'inputs' : 'examples', {
      got: Math.max(0, names.length === 0 ? 0 : size),
      expected: names.length === 0 ? 'a column beside the target' : `at least 2 of ${window} rows each`,
    });
  const width = labels.length / table.rows.length;
  const last = (i: number): number => i * windowStep + window - 1;
  const floats = new Float32Array(size * window * names.length);
  for (let i = 0, at = 0; i < size; i++)
    for (let row = i * windowStep; row <= last(i); row++)
      for (const column of values) floats[at++] = column[row]!;
  const own = new (labels.constructor as new (n: number) => typeof labels)(size * width);
  for (let i = 0; i < size; i++) own.set(labels.subarray(last(i) * width, (last(i) + 1) * width), i * width);
  const weights = weight === undefined ? undefined : inputsOf(table, weight).values[0]!;
  const shape = [1, window, names.length] as const;
  const all = createExamples({
    inputs: floats,
    shape,
    labels: own,
    kind,
    ...(kind !== 'class' && { labelShape: [width] }),
    ...(weights && { weights: Float32Array.from({ length: size }, (_, i) => weights[last(i)]!) }),
  });
  const count = Math.max(1, Math.min(size - 1, Math.round(size * testFraction)));
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  const { rest, held } =
    window > 1
      ? {
          rest: selectImages(all, range(0, size - count)),
          held: selectImages(all, range(size - count, size)),
        }
      : holdOut(all, testFraction, { seed });
  const what = { class: `${classes.length} classes`, labels: 'labels', values: 'values (regression)' }[kind];
  const notes = [
    `${columns.join(', ')}: ${what}${kind === 'values' && targetKind === undefined ? '; --target-kind class makes classes of numbers' : ''}`,
    `inputs: ${names.length > 12 ? `${names.slice(0, 12).join(', ')}, ... (${names.length})` : names.join(', ')}`,
    `${held.size} of ${size} examples are held out for testing, ${window > 1 ? 'the last ones' : `chosen by seed ${seed}`}`,
  ];
  return Object.freeze({ name: 'csv', classes, shape, train: rest, test: held, notes });
}

// A line plot: uPlot on a canvas of constant height, redrawn in place when the data changes, with a legend in text.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { forgetPaint, paintSoon } from './paint.js';
import { isDark } from './state.js';

/** One line. */
interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** A colour variable of the sheet. */
  readonly color: 'blue' | 'orange' | 'green' | 'purple' | 'soft';
  readonly dashed?: boolean;
  /** Bars instead of a line. */
  readonly bars?: boolean;
  readonly points?: boolean;
}

/** What {@link Plot} draws. */
export interface PlotProps {
  readonly title: string;
  /** What the plot shows, in a sentence, for those who cannot see it. */
  readonly summary: string;
  readonly x: readonly number[];
  readonly series: readonly Series[];
  readonly xLabel?: string;
  /** x counts something: no ticks between whole numbers. */
  readonly wholeX?: boolean;
  /** Plots of one name share their cursor. */
  readonly link?: string;
  /** Intervals of x to mark. */
  readonly marks?: readonly (readonly [number, number])[];
  readonly yRange?: readonly [number, number];
  readonly height?: number;
}

const variable = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Axes of a plot that has no data yet. */
const unit: uPlot.Range.MinMax = [0, 1];
const orUnit = (low: number | null, high: number | null, beyond = 0): uPlot.Range.MinMax =>
  low === null || high === null ? unit : low < high ? [low - beyond, high + beyond] : [low - 0.5, high + 0.5];
/** Half of the distance of neighbours, the room that the outer bars take. */
const halfStep = (x: ArrayLike<number>): number => (x.length > 1 ? (x[1]! - x[0]!) / 2 : 0);
const wholeSteps = [1, 2, 5]
  .flatMap((step) => [0, 1, 2, 3, 4, 5].map((power) => step * 10 ** power))
  .sort((a, b) => a - b);
const padded = (low: number | null, high: number | null): uPlot.Range.MinMax =>
  low === null || high === null ? unit : uPlot.rangeNum(low, high, 0.1, true);

const optionsOf = (props: PlotProps, width: number, marks: () => PlotProps['marks']): uPlot.Options => {
  const bars = props.series.some((series) => series.bars);
  const axis = {
    stroke: variable('soft'),
    grid: { stroke: variable('line'), width: 1 },
    ticks: { stroke: variable('line'), width: 1 },
    font: '12px system-ui',
  };
  return {
    width,
    height: props.height ?? 200,
    // Whole pixels would make slopes jagged.
    pxAlign: 0,
    legend: { show: false },
    cursor: {
      ...(props.link && { sync: { key: props.link } }),
      drag: { x: false, y: false },
      points: { size: 6 },
    },
    scales: {
      x: {
        time: false,
        range: (plot, low, high) => orUnit(low, high, bars ? halfStep(plot.data[0]) : 0),
      },
      y: props.yRange
        ? { range: [...props.yRange] as uPlot.Range.MinMax }
        : { range: (_plot, low, high) => padded(bars ? 0 : low, high) },
    },
    axes: [
      {
        ...axis,
        size: 30,
        ...(props.wholeX && { incrs: wholeSteps }),
        ...(props.xLabel && { label: props.xLabel, labelSize: 18, labelFont: '12px system-ui' }),
      },
      { ...axis, size: 52 },
    ],
    series: [
      {},
      ...props.series.map(({ label, color, dashed, bars, points }): uPlot.Series => ({
        label,
        stroke: variable(color),
        width: 2,
        ...(dashed && { dash: [5, 4] }),
        points: { show: points ?? false, size: 6, fill: variable(color) },
        ...(bars && { paths: uPlot.paths.bars!({ size: [0.75, 100] }), fill: variable(color), width: 0 }),
      })),
    ],
    hooks: {
      drawClear: [
        (plot) => {
          const { ctx, bbox } = plot;
          ctx.save();
          ctx.fillStyle = variable('bad-tint');
          ctx.strokeStyle = variable('bad');
          for (const [from, to] of marks() ?? []) {
            const left = Math.max(bbox.left, plot.valToPos(from, 'x', true));
            const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, 'x', true));
            if (!(right >= left)) continue;
            ctx.fillRect(left, bbox.top, right - left, bbox.height);
            ctx.beginPath();
            for (const at of [left, right]) {
              ctx.moveTo(at, bbox.top);
              ctx.lineTo(at, bbox.top + bbox.height);
            }
            ctx.stroke();
          }
          ctx.restore();
        },
      ],
    },
  };
};

type Columns = readonly (readonly (number | null)[])[];

/** Plots are asked to draw more often than their data change. */
const sameData = (a: Columns, b: Columns): boolean =>
  a.length === b.length &&
  a.every((column, i) => {
    const other = b[i]!;
    return column.length === other.length && column.every((value, k) => Object.is(value, other[k]));
  });

/** The plot with its title and legend. */
export function Plot(props: PlotProps) {
  const area = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const marks = useRef(props.marks);
  marks.current = props.marks;
  const shown = useRef<{ plot: uPlot; data: Columns; marks: string } | null>(null);
  const marksText = String(props.marks ?? '');
  const dark = isDark.value;
  const shape = props.series.map(({ label, color }) => label + color).join();

  useEffect(() => {
    const element = area.current!;
    const made = new uPlot(
      optionsOf(props, element.clientWidth, () => marks.current),
      undefined,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: props.height ?? 200 }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      forgetPaint(area);
      made.destroy();
      plot.current = null;
    };
  }, [dark, shape, props.yRange?.[0], props.yRange?.[1]]);

  useEffect(() => {
    const data =
      props.x.length > 0
        ? [props.x, ...props.series.map(({ values }) => values)]
        : [unit, ...props.series.map(() => [null, null])];
    const made = plot.current;
    if (!made) return;
    const known = shown.current;
    if (known?.plot === made && sameData(known.data, data) && known.marks === marksText) return;
    shown.current = { plot: made, data, marks: marksText };
    paintSoon(area, () => plot.current?.setData(data as uPlot.AlignedData));
  });

  const height = props.height ?? 200;
  return (
    <figure class="plot" role="group" aria-label={props.title}>
      <h3>{props.title}</h3>
      <ul class="legend">
        {props.series.map(({ label, color, dashed }) => (
          <li key={label}>
            <svg viewBox="0 0 24 8" aria-hidden="true">
              <path
                d="M0 4H24"
                stroke={`var(--${color})`}
                stroke-width="3"
                stroke-dasharray={dashed ? '5 4' : undefined}
              />
            </svg>
            {label}
          </li>
        ))}
      </ul>
      <div
        ref={area}
        class="plot-area"
        role="img"
        aria-label={props.summary}
        style={{ height: `${height}px` }}
      />
    </figure>
  );
}

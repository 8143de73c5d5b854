// The drawing area: mouse, touch and pen by pointer events, and a pen that the keyboard moves.
import { useEffect, useRef, useState } from 'preact/hooks';
import { isDark } from '../shared/state.js';
import { isTouch } from '../shared/touch.js';
import { strokes } from './session.js';
import type { Point, Stroke } from './strokes.js';

/** Width of the line on screen, as a share of the side. */
const lineWidth = 0.055;
const keyStep = 0.03;
const arrows: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

const clamp = (x: number): number => Math.max(0, Math.min(1, x));

/** Adds a point to the stroke that is being drawn. */
const extend = (...points: Point[]): void => {
  const all = strokes.value;
  strokes.value = [...all.slice(0, -1), [...(all.at(-1) ?? []), ...points]];
};

function paint(canvas: HTMLCanvasElement, all: readonly Stroke[], cursor: Point | null, down: boolean): void {
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(canvas);
  const side = canvas.width;
  context.clearRect(0, 0, side, side);
  context.lineWidth = side * lineWidth;
  context.lineCap = context.lineJoin = 'round';
  context.strokeStyle = style.color;
  for (const stroke of all) {
    context.beginPath();
    stroke.forEach(({ x, y }, i) =>
      i === 0 ? context.moveTo(x * side, y * side) : context.lineTo(x * side, y * side),
    );
    if (stroke.length === 1) context.lineTo(stroke[0]!.x * side + 0.01, stroke[0]!.y * side);
    context.stroke();
  }
  if (cursor) {
    context.lineWidth = Math.max(2, side / 150);
    context.strokeStyle = style.getPropertyValue('--accent');
    context.beginPath();
    context.arc(cursor.x * side, cursor.y * side, side * (down ? 0.02 : 0.035), 0, 2 * Math.PI);
    context.stroke();
  }
}

/** The canvas; draws into the session's strokes. */
export function DrawingArea() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pointer = useRef<number | null>(null);
  const [cursor, setCursor] = useState<Point | null>(null);
  const [down, setDown] = useState(false);
  const dark = isDark.value;
  const drawn = strokes.value;

  useEffect(() => {
    const element = canvas.current!;
    const side = Math.round(element.clientWidth * (devicePixelRatio || 1));
    if (element.width !== side) element.width = element.height = side;
    paint(element, drawn, cursor, down);
  }, [drawn, cursor, down, dark]);

  useEffect(() => {
    const element = canvas.current!;
    const observer = new ResizeObserver(() => {
      element.width = element.height = Math.round(element.clientWidth * (devicePixelRatio || 1));
      paint(element, strokes.peek(), null, false);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const place = (event: PointerEvent): Point => {
    const box = canvas.current!.getBoundingClientRect();
    return {
      x: clamp((event.clientX - box.left) / box.width),
      y: clamp((event.clientY - box.top) / box.height),
    };
  };
  const begin = (event: PointerEvent): void => {
    if (pointer.current !== null || event.button !== 0) return;
    event.preventDefault();
    canvas.current!.focus({ preventScroll: true });
    canvas.current!.setPointerCapture(event.pointerId);
    pointer.current = event.pointerId;
    setCursor(null);
    strokes.value = [...strokes.value, [place(event)]];
  };
  const move = (event: PointerEvent): void => {
    if (event.pointerId !== pointer.current) return;
    const all = event.getCoalescedEvents?.() ?? [];
    extend(...(all.length > 0 ? all : [event]).map(place));
  };
  const end = (event: PointerEvent): void => {
    if (event.pointerId === pointer.current) pointer.current = null;
  };
  const key = (event: KeyboardEvent): void => {
    const at = cursor ?? { x: 0.5, y: 0.2 };
    const arrow = arrows[event.key];
    if (arrow) {
      const size = event.shiftKey ? keyStep * 3 : keyStep;
      const next = { x: clamp(at.x + arrow.x * size), y: clamp(at.y + arrow.y * size) };
      if (down) extend(next);
      setCursor(next);
    } else if (event.key === ' ') {
      if (!down) strokes.value = [...strokes.value, [at]];
      setCursor(at);
      setDown(!down);
    } else if (event.key === 'Backspace' || event.key === 'Delete') {
      setDown(false);
      strokes.value = event.key === 'Delete' ? [] : strokes.value.slice(0, -1);
    } else return;
    event.preventDefault();
  };

  return (
    <canvas
      ref={canvas}
      class="drawing-area"
      tabIndex={0}
      role="application"
      aria-label="Drawing area"
      aria-describedby={isTouch.value ? undefined : 'drawing-help'}
      width={320}
      height={320}
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      onKeyDown={key}
      onBlur={() => {
        setCursor(null);
        setDown(false);
      }}
    />
  );
}

/** How to draw without a pointer; not where there are no keys. */
export const KeyboardHint = () =>
  isTouch.value ? null : (
    <p id="drawing-help" class="hint">
      With the keyboard: arrow keys move the pen, space lowers and lifts it, backspace takes back a stroke.
    </p>
  );

// A labelled slider; positive ranges over a decade or more are logarithmic.
import { formatNumber } from '../shared/format.js';

/** What {@link Slider} takes. */
export interface SliderProps {
  readonly label: string;
  readonly low: number;
  readonly high: number;
  readonly value: number;
  onInput(value: number): void;
}

const steps = 200;

/** The element. */
export function Slider({ label, low, high, value, onInput }: SliderProps) {
  const logarithmic = low > 0 && high / low >= 10;
  const toShare = (x: number): number =>
    logarithmic ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low);
  const toValue = (share: number): number =>
    logarithmic ? low * (high / low) ** share : low + (high - low) * share;
  return (
    <label class="slider">
      <span>{label}</span>
      <output>{formatNumber(value)}</output>
      <input
        type="range"
        min={0}
        max={steps}
        step={1}
        value={Math.round(steps * Math.min(1, Math.max(0, toShare(value))))}
        aria-valuetext={formatNumber(value)}
        onInput={(event) =>
          onInput(Number(toValue(event.currentTarget.valueAsNumber / steps).toPrecision(4)))
        }
      />
    </label>
  );
}

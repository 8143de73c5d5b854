// Buttons that draw a digit.
import { sampleStrokes } from './samples.js';
import { strokes } from './session.js';

/** A button for each digit; `hint` stands before them. */
export function SampleDigits({ hint }: { hint?: string }) {
  return (
    <div class="samples" role="group" aria-label="Or let it be drawn">
      {hint && <span class="hint">{hint}</span>}
      {Array.from({ length: 10 }, (_, digit) => (
        <button
          key={digit}
          type="button"
          class="small"
          aria-label={`Draw a ${digit}`}
          onClick={() => (strokes.value = sampleStrokes(digit))}
        >
          {digit}
        </button>
      ))}
    </div>
  );
}

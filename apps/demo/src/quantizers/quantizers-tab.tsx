// Quantizers: why a pair of forward and backward is sound or not, and one's own.
import { BitgradError } from '@bitgrad/core';
import { goTo, messageOf } from '../shared/state.js';
import { settings } from '../train/session.js';
import { formulaNames } from './formula.js';
import { quantizerNames } from './library.js';
import { OptionFields } from './option-fields.js';
import { Plots } from './plots.js';
import {
  certificate,
  choice,
  choose,
  defaults,
  moved,
  omega,
  optionRanges,
  position,
  quantizer,
  scalarRanges,
  setOption,
  time,
} from './session.js';
import { Slider } from './slider.js';

const packages = [...new Set(quantizerNames.map(({ plugin }) => plugin))];
const firstFormula = 'exp(-2 * x^2)';

function Chooser() {
  const now = choice.value;
  const slid = new Set(optionRanges.value.map(({ name }) => name));
  const typed = Object.fromEntries(Object.entries(defaults.value).filter(([name]) => !slid.has(name)));
  return (
    <>
      <label class="field">
        <span>Quantizer</span>
        <select
          name="quantizer"
          value={now.kind === 'registered' ? now.name : '=formula'}
          onChange={(event) => {
            const { value } = event.currentTarget;
            if (value === '=formula') choose({ kind: 'formula', formula: firstFormula, forward: 'sign' });
            else choose({ kind: 'registered', name: value, options: {} });
          }}
        >
          {packages.map((plugin) => (
            <optgroup key={plugin} label={plugin.replace('@bitgrad/quantizer-', '')}>
              {quantizerNames
                .filter((entry) => entry.plugin === plugin)
                .map(({ name }) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
            </optgroup>
          ))}
          <optgroup label="yours">
            <option value="=formula">my own formula</option>
          </optgroup>
        </select>
      </label>
      {now.kind === 'formula' ? (
        <>
          <label class="field formula">
            <span>Backward B(x)</span>
            <input
              type="text"
              class="mono"
              value={now.formula}
              spellcheck={false}
              autocomplete="off"
              aria-describedby="formula-help"
              aria-invalid={'error' in quantizer.value}
              onInput={(event) => choose({ ...now, formula: event.currentTarget.value })}
            />
          </label>
          <p class="hint" id="formula-help">
            A formula in x with + − * / ^, comparisons, test ? a : b, and {formulaNames.join(', ')}.
          </p>
          <div class="row" role="radiogroup" aria-label="Forward">
            {(['sign', 'integral'] as const).map((forward) => (
              <label key={forward} class="choice">
                <input
                  type="radio"
                  name="forward"
                  checked={now.forward === forward}
                  onChange={() => choose({ ...now, forward })}
                />
                <span>{forward === 'sign' ? 'F is sign' : 'F is its integral (++)'}</span>
              </label>
            ))}
          </div>
        </>
      ) : (
        Object.keys(typed).length > 0 && (
          <details>
            <summary>Options of {now.name}</summary>
            <OptionFields
              owner={now.name}
              resolved={typed}
              values={now.options}
              onChange={(options) => choose({ ...now, options })}
            />
          </details>
        )
      )}
    </>
  );
}

function Sliders() {
  const at = position.value;
  const scalars = 'value' in at ? at.value.scalars : {};
  const ranges = scalarRanges.value;
  return (
    <div class="stack">
      {optionRanges.value.map(({ name, low, high, value }) => (
        <Slider
          key={name}
          label={name}
          low={low}
          high={high}
          value={value}
          onInput={(next) => setOption(name, next)}
        />
      ))}
      {ranges.length > 0 && (
        <Slider
          label="Time: share of training done"
          low={0}
          high={1}
          value={time.value}
          onInput={(value) => {
            moved.value = {};
            time.value = value;
          }}
        />
      )}
      {ranges.map(({ name, low, high }) => (
        <Slider
          key={name}
          label={name}
          low={low}
          high={high}
          value={scalars[name] ?? low}
          onInput={(value) => (moved.value = { ...moved.value, [name]: value })}
        />
      ))}
      <Slider
        label="omega of the spectrum"
        low={0.05}
        high={1.5}
        value={omega.value}
        onInput={(value) => (omega.value = value)}
      />
    </div>
  );
}

function Verdict() {
  const now = certificate.value;
  if ('error' in now)
    return (
      <p class="note bad" role="alert" data-testid="verdict-error">
        {now.error instanceof BitgradError && <code>{now.error.code}</code>} {messageOf(now.error)}
      </p>
    );
  const { holds } = now.value;
  const at = position.value;
  // Those of the shown point of the schedule, which the plots mark; else those of any point.
  const here = 'value' in at ? at.value.violations : [];
  const violations = here.length > 0 ? here : now.value.violations;
  return (
    <div
      class={`note ${holds ? 'good' : 'bad'}`}
      role="status"
      data-testid="certificate"
      data-holds={String(holds)}
    >
      <p>
        <strong>{holds ? 'Sound.' : 'Not sound.'}</strong>{' '}
        {holds
          ? 'F = T(P) and B = T′(P) for a proximal map P, at every point of the schedule that was checked.'
          : 'There is no proximal map P with F = T(P) and B = T′(P):'}
      </p>
      {!holds && (
        <>
          {here.length === 0 && <p>Not at the time shown, but at others:</p>}
          <ul class="violations">
            {violations.slice(0, 3).map(({ condition, explanation }, i) => (
              <li key={i}>
                Condition {condition}: {explanation}
              </li>
            ))}
            {violations.length > 3 && <li>and {violations.length - 3} more.</li>}
          </ul>
        </>
      )}
    </div>
  );
}

/** The Quantizers page. */
export function QuantizersTab() {
  const made = quantizer.value;
  return (
    <div class="columns">
      <section class="panel" aria-labelledby="pair-title">
        <h2 id="pair-title">A forward and a backward</h2>
        <Chooser />
        <Sliders />
        {'value' in made && (
          <div class="row">
            <button
              type="button"
              onClick={() => {
                settings.value = { ...settings.value, kernel: choice.value };
                goTo('train');
              }}
            >
              Train with it
            </button>
          </div>
        )}
      </section>
      <section class="panel" aria-labelledby="certificate-title">
        <h2 id="certificate-title">Is the pair sound?</h2>
        {'value' in made && <p class="hint">{made.value.description}</p>}
        <Verdict />
        <Plots />
        <p class="hint">
          Sound means that training minimizes something: see ProxConnect++ (arXiv 2402.17710). Red marks where
          the conditions fail.
        </p>
      </section>
    </div>
  );
}

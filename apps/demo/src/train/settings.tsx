// The form of a run.
import type { JsonObject } from '@bitgrad/core';
import { messageOf } from '../shared/state.js';
import { createQuantizer, quantizerNames } from '../quantizers/library.js';
import { OptionFields } from '../quantizers/option-fields.js';
import type { QuantizerChoice, TrainSettings } from '../worker/protocol.js';
import { Backends } from './backends.js';
import { busy, change, settings } from './session.js';

/** The reference models that a tab can train in reasonable time. */
const models: readonly (readonly [name: string, label: string])[] = [
  ['cnn', 'cnn: three convolutions'],
  ['mlp', 'mlp: 64-64-64'],
  ['lfc', 'lfc: 1024-1024-1024'],
  ['vgg-small', 'vgg-small (slow)'],
  ['resnet20', 'resnet20 (slow)'],
];

interface NumberFieldProps {
  readonly label: string;
  readonly name: keyof TrainSettings;
  readonly min: number;
  readonly max: number;
  readonly step?: number | 'any';
}

function NumberField({ label, name, min, max, step = 1 }: NumberFieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        name={name}
        min={min}
        max={max}
        step={step}
        required
        value={String(settings.value[name])}
        onInput={(event) => {
          const value = event.currentTarget.valueAsNumber;
          if (Number.isFinite(value)) change({ [name]: Math.min(max, Math.max(min, value)) });
        }}
      />
    </label>
  );
}

interface QuantizerFieldProps {
  readonly name: string;
  readonly label: string;
  readonly choice: QuantizerChoice | null;
  /** Label of the choice "none of its own". */
  readonly none?: string;
  onChange(choice: QuantizerChoice | null): void;
}

const resolvedOptions = (choice: QuantizerChoice): { options: JsonObject; error?: string } => {
  if (choice.kind === 'formula') {
    try {
      createQuantizer(choice);
      return { options: {} };
    } catch (error) {
      return { options: {}, error: messageOf(error) };
    }
  }
  const { options } = createQuantizer({ ...choice, options: {} });
  try {
    createQuantizer(choice);
    return { options };
  } catch (error) {
    return { options, error: messageOf(error) };
  }
};

function QuantizerField({ name, label, choice, none, onChange }: QuantizerFieldProps) {
  const { options, error } = choice ? resolvedOptions(choice) : { options: {} };
  const value = choice === null ? '' : choice.kind === 'registered' ? choice.name : '=formula';
  const select = (name: string): void => {
    if (name === '') onChange(null);
    else if (name === '=formula')
      onChange({ kind: 'formula', formula: 'max(0, 1 - abs(x))', forward: 'sign' });
    else onChange({ kind: 'registered', name, options: {} });
  };
  return (
    <div class="stack">
      <label class="field">
        <span>{label}</span>
        <select name={name} value={value} onChange={(event) => select(event.currentTarget.value)}>
          {none && <option value="">{none}</option>}
          {quantizerNames.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
          <option value="=formula">my own formula</option>
        </select>
      </label>
      {choice?.kind === 'formula' && (
        <div class="fields">
          <label class="field">
            <span>Backward B(x)</span>
            <input
              type="text"
              class="mono"
              value={choice.formula}
              spellcheck={false}
              onChange={(event) => onChange({ ...choice, formula: event.currentTarget.value })}
            />
          </label>
          <label class="field">
            <span>Forward</span>
            <select
              value={choice.forward}
              onChange={(event) =>
                onChange({ ...choice, forward: event.currentTarget.value as 'sign' | 'integral' })
              }
            >
              <option value="sign">sign</option>
              <option value="integral">its integral (++)</option>
            </select>
          </label>
        </div>
      )}
      {choice?.kind === 'registered' && Object.keys(options).length > 0 && (
        <details>
          <summary>Options of {choice.name}</summary>
          <OptionFields
            owner={label}
            resolved={options}
            values={choice.options}
            onChange={(values) => onChange({ ...choice, options: values })}
          />
        </details>
      )}
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function More() {
  const now = settings.value;
  return (
    <details class="more">
      <summary>More settings</summary>
      <div class="stack">
        <div class="fields">
          <NumberField label="Training images" name="images" min={100} max={60000} step={100} />
          <NumberField label="Test images" name="testImages" min={100} max={10000} step={100} />
          <NumberField label="Shift, pixels" name="shift" min={0} max={4} />
          <NumberField label="Width" name="width" min={0.125} max={4} step="any" />
          <label class="field">
            <span>Optimizer</span>
            <select
              name="optimizer"
              value={now.optimizer}
              onChange={(event) =>
                change({ optimizer: event.currentTarget.value as TrainSettings['optimizer'] })
              }
            >
              <option value="adam">Adam</option>
              <option value="sgd">SGD, momentum</option>
              <option value="bop">Bop</option>
            </select>
          </label>
          <NumberField label="Learning rate" name="learningRate" min={1e-6} max={10} step="any" />
          <NumberField label="Batch" name="batchSize" min={8} max={512} />
          <NumberField label="Seed" name="seed" min={0} max={1e9} />
        </div>
        <label class="choice">
          <input
            type="checkbox"
            checked={now.flip}
            onChange={(event) => change({ flip: event.currentTarget.checked })}
          />
          <span>Mirror images at random</span>
        </label>
        <Backends />
      </div>
    </details>
  );
}

/** All fields; they rest while a run is on. */
export function Settings() {
  const now = settings.value;
  return (
    <fieldset class="stack plain" disabled={busy.value}>
      <legend class="visually-hidden">Settings of the run</legend>
      <label class="field">
        <span>Model</span>
        <select
          name="model"
          value={now.model}
          onChange={(event) => change({ model: event.currentTarget.value })}
        >
          {models.map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <QuantizerField
        name="kernel"
        label="Weight quantizer"
        choice={now.kernel}
        onChange={(kernel) => kernel && change({ kernel })}
      />
      <QuantizerField
        name="input"
        label="Activation quantizer"
        choice={now.input}
        none="the same"
        onChange={(input) => change({ input })}
      />
      <NumberField label="Epochs" name="epochs" min={1} max={500} />
      <More />
    </fieldset>
  );
}

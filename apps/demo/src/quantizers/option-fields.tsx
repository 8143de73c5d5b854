// Fields for the options of a quantizer, made from its resolved defaults: numbers, switches, texts; what is nested or
// may be null is edited as JSON.
import type { Json, JsonObject } from '@bitgrad/core';

/** What {@link OptionFields} takes. */
export interface OptionFieldsProps {
  /** Starts the ids and labels. */
  readonly owner: string;
  /** The resolved options, which tell the types. */
  readonly resolved: JsonObject;
  /** What the visitor has set. */
  readonly values: JsonObject;
  onChange(values: JsonObject): void;
}

const parse = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text; // Not JSON: the factory says what it expects instead.
  }
};

/** One field for each option. */
export function OptionFields({ owner, resolved, values, onChange }: OptionFieldsProps) {
  const keys = Object.keys(resolved);
  if (keys.length === 0) return <p class="hint">No options.</p>;
  const set = (key: string, value: Json): void => onChange({ ...values, [key]: value });
  return (
    <div class="fields">
      {keys.map((key) => {
        const value = values[key] ?? resolved[key]!;
        if (typeof resolved[key] === 'boolean')
          return (
            <label key={key} class="choice">
              <input
                type="checkbox"
                checked={value === true}
                onChange={(event) => set(key, event.currentTarget.checked)}
              />
              <span>{key}</span>
            </label>
          );
        const number = typeof resolved[key] === 'number';
        return (
          <label key={key} class="field">
            <span>{key}</span>
            <input
              type="text"
              inputMode={number ? 'decimal' : 'text'}
              aria-label={`${owner}: ${key}`}
              value={typeof value === 'object' ? JSON.stringify(value) : String(value)}
              onChange={(event) => {
                const { value: text } = event.currentTarget;
                set(
                  key,
                  number && text.trim() !== ''
                    ? Number(text)
                    : typeof resolved[key] === 'string'
                      ? text
                      : parse(text),
                );
              }}
            />
          </label>
        );
      })}
    </div>
  );
}

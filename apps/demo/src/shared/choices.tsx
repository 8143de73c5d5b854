// A choice of one, with the reason for each that cannot be taken here.

/** One of several, or what is known of whether it runs. */
export interface Choice<Id extends string> {
  readonly id: Id;
  readonly label: string;
}

/** What is known of a choice. */
export interface Known {
  readonly available: boolean;
  /** Why not; of one that is available, a remark. */
  readonly reason?: string;
}

/** Radio buttons of engines and of backends. */
export function Choices<Id extends string>({
  legend,
  choices,
  known,
  probed,
  chosen,
  choose,
  testId,
}: {
  legend: string;
  choices: readonly Choice<Id>[];
  /** Undefined before it was tried. */
  known: (id: Id) => Known | undefined;
  /** Whether all were tried. */
  probed: boolean;
  chosen: Id;
  choose: (id: Id) => void;
  testId?: string;
}) {
  return (
    <fieldset class="engines" data-testid={testId} data-probed={probed}>
      <legend>{legend}</legend>
      {choices.map(({ id, label }) => {
        const state = known(id);
        const off = state?.available === false;
        return (
          <label key={id} class={off ? 'choice off' : 'choice'}>
            <input
              type="radio"
              name={legend.toLowerCase()}
              value={id}
              checked={chosen === id}
              disabled={off}
              onChange={() => choose(id)}
            />
            <span>
              {label}
              {state?.reason && <small>{off ? `Not here: ${state.reason}` : state.reason}</small>}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}

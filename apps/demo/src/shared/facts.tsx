// Names and values.

/** A list of facts; further attributes go to its element. */
export function Facts({
  facts,
  ...rest
}: {
  facts: readonly (readonly [string, string])[];
  [name: `data-${string}`]: unknown;
}) {
  return (
    <dl class="facts" {...rest}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

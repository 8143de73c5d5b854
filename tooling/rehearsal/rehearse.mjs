// Runs the steps of a rehearsal one after another, and says how it went.

/** Steps that are run: those of `only` and what they need, without `skip`. */
export function chosen(steps, { only = [], skip = [] }) {
  const wanted = new Set(only.length > 0 ? only : steps.map(({ name }) => name));
  for (const name of wanted)
    for (const need of steps.find((step) => step.name === name).needs ?? []) wanted.add(need);
  return steps.filter(({ name }) => wanted.has(name) && !skip.includes(name));
}

const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;

/**
 * @param {readonly { name: string, what: string, needs?: readonly string[], run(context: any): Promise<string | { skipped: string }> }[]} steps
 *   each resolves with what it found, or why it was skipped, or throws what is wrong
 * @param {any} context what steps hand on; `tell` says what a step is at
 * @param {{ only?: readonly string[], skip?: readonly string[] }} options
 * @param {(text: string) => void} say
 * @returns {Promise<{ name: string, status: 'passed' | 'failed' | 'skipped', detail: string, seconds: number }[]>}
 */
export async function rehearse(steps, context, options, say) {
  const list = chosen(steps, options);
  const results = [];
  for (const [i, { name, what, needs = [], run }] of list.entries()) {
    say(`[${i + 1}/${list.length}] ${name}: ${what} ...\n`);
    context.tell = (part) => say(`        ${part} ...\n`);
    const missing = needs.find((need) => results.find((result) => result.name === need)?.status !== 'passed');
    const began = performance.now();
    let result;
    try {
      const detail = missing ? { skipped: `without ${missing}` } : await run(context);
      result = detail?.skipped ? { status: 'skipped', detail: detail.skipped } : { status: 'passed', detail };
    } catch (error) {
      result = { status: 'failed', detail: error.message };
    }
    const took = performance.now() - began;
    results.push({ name, ...result, seconds: Number((took / 1000).toFixed(1)) });
    say(`        ${result.status} in ${seconds(took)}${result.detail ? `: ${result.detail}` : ''}\n`);
  }
  return results;
}

/** The end of a rehearsal, for people. */
export function summary(results, out) {
  const of = (status) => results.filter((result) => result.status === status);
  const list = (status) => of(status).map(({ name, detail }) => `  ${status} ${name}: ${detail.split('\n')[0]}`); // prettier-ignore
  const all = results.reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    '',
    ...list('skipped'),
    ...list('failed'),
    `${of('passed').length} passed, ${of('failed').length} failed, ${of('skipped').length} skipped in ${Math.ceil(all / 60)} min; ${out} has the details`,
    '',
  ].join('\n');
}

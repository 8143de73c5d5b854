// Chromium's trace of a page: how long its tasks computed, which on a busy machine is less than until they ended.

const threadOf = ({ pid, tid }) => `${pid}:${tid}`;

/** The tasks of each page's main thread, in order of time. The trace has them with `disabled-by-default-devtools.timeline`. */
export function tasksOfPages(events) {
  const mains = events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const threads = new Map(mains.map((event) => [threadOf(event), []]));
  for (const event of events)
    if (event.name === 'RunTask' && event.ph === 'X') threads.get(threadOf(event))?.push(event);
  for (const tasks of threads.values()) tasks.sort((a, b) => a.ts - b.ts);
  return threads;
}

/**
 * A trace whose tasks on pages' main threads last as long as they computed, with all that happened in them drawn together as much.
 * Times are microseconds. A page's main thread cannot sleep within a task but in a synchronous request, which Lighthouse's
 * audits of best practices find.
 */
export function computedAlone(events) {
  const tasks = tasksOfPages(events);
  return events.map((event) => {
    const task = lastBefore(tasks.get(threadOf(event)) ?? [], event.ts);
    if (!(task?.tdur < task?.dur) || event.ts > task.ts + task.dur) return event;
    const share = task.tdur / task.dur;
    const ts = Math.round(task.ts + (event.ts - task.ts) * share);
    return event.dur === undefined ? { ...event, ts } : { ...event, ts, dur: Math.round(event.dur * share) };
  });
}

/** The last of tasks in order of time that has begun at a time. */
function lastBefore(tasks, time) {
  let [from, to] = [0, tasks.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (tasks[middle].ts <= time) from = middle + 1;
    else to = middle;
  }
  return tasks[from - 1];
}

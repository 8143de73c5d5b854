// Tasks count with their processor time: what a trace is turned into, by hand.
import { computedAlone, type TraceEvent } from '@bitgrad/tooling/trace';
import { expect, it } from 'vitest';

const thread = { pid: 7, tid: 1 };
const event = (name: string, ts: number, dur?: number, tdur?: number): TraceEvent =>
  ({ name, ph: dur === undefined ? 'I' : 'X', ...thread, ts, dur, tdur }); // prettier-ignore
const main: TraceEvent = { ...event('thread_name', 0), ph: 'M', args: { name: 'CrRendererMain' } };
const times = (events: readonly TraceEvent[]): unknown[] => events.map(({ ts, dur }) => [ts, dur]);

it('a task and what happened in it is drawn together by its share of processor time', () => {
  const events = [main, event('RunTask', 1000, 400, 100), event('Layout', 1200, 80, 10), event('mark', 1400)];
  expect(times(computedAlone(events).slice(1))).toEqual([[1000, 100], [1050, 20], [1100, undefined]]); // prettier-ignore
});

it('what no task holds, tasks that always ran, and other threads stay as they are', () => {
  const other = { ...event('RunTask', 1000, 400, 100), tid: 2 };
  const events = [main, event('RunTask', 1000, 400, 400), event('mark', 900), event('mark', 1500), other];
  expect(times(computedAlone(events))).toEqual(times(events));
});

it('each event belongs to the last task that began before it, whatever the order in the trace', () => {
  const events = [
    event('mark', 2100),
    event('RunTask', 2000, 200, 100),
    event('RunTask', 1000, 200, 100),
    main,
  ];
  expect(times(computedAlone(events))[0]).toEqual([2050, undefined]);
});

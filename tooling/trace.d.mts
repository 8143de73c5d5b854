/** An event of Chromium's trace; times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  /** Its kind: X has a duration, M says something of its process or thread. */
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Processor time of its thread in `dur`. */
  readonly tdur?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** The tasks of each page's main thread, in order of time, by process and thread. The trace needs `disabled-by-default-devtools.timeline`. */
export declare function tasksOfPages(events: readonly TraceEvent[]): Map<string, TraceEvent[]>;

/** A trace whose tasks on pages' main threads last as long as they computed, with all that happened in them drawn together as much. */
export declare function computedAlone(events: readonly TraceEvent[]): TraceEvent[];

// What a long training does to the page: long tasks of its main thread by the Performance API, and the memory of page
// and worker together.
import type { Page } from 'playwright-core';

/** Flags for Chromium: memory is measured at once, after a garbage collection, and not when the browser feels like it. */
export const measurable = ['--enable-blink-features=ForceEagerMeasureMemory'];

declare global {
  interface Performance {
    measureUserAgentSpecificMemory?(): Promise<{
      readonly bytes: number;
      readonly breakdown: readonly {
        readonly bytes: number;
        readonly attribution: readonly { readonly scope: string }[];
      }[];
    }>;
  }
}

/** Starts to note every task of the main thread over 50 ms, from now on. */
export const noteLongTasks = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { longTasks: tasks });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    }).observe({ type: 'longtask' });
  });

/** Durations of the long tasks so far, in milliseconds. */
export const longTasks = (page: Page): Promise<number[]> =>
  page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);

/** A moment of a run. */
export interface Sample {
  readonly seconds: number;
  /** JavaScript and WebAssembly memory of the page and its worker, after a garbage collection. */
  readonly bytes: number;
  /** The worker's part of it. */
  readonly workerBytes: number;
  /** tfjs tensors in the worker. */
  readonly tensors: number;
  readonly nodes: number;
}

/** Samples a running training. */
export async function sample(page: Page, seconds: number, everySeconds: number): Promise<Sample[]> {
  const started = Date.now();
  const samples: Sample[] = [];
  while (Date.now() - started < seconds * 1000) {
    const measured = await page.evaluate(async () => {
      const { bytes, breakdown } = await performance.measureUserAgentSpecificMemory!();
      const inWorker = breakdown.filter(({ attribution }) =>
        attribution.some(({ scope }) => scope === 'DedicatedWorkerGlobalScope'),
      );
      return {
        bytes,
        workerBytes: inWorker.reduce((sum, part) => sum + part.bytes, 0),
        tensors: Number(document.querySelector<HTMLElement>('[data-tensors]')!.dataset.tensors),
        nodes: document.querySelectorAll('*').length,
      };
    });
    samples.push({ seconds: Math.round((Date.now() - started) / 1000), ...measured });
    await page.waitForTimeout(everySeconds * 1000);
  }
  return samples;
}

/** Starts to add up the layout shifts that no input of the visitor explains. */
export const noteShifts = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const seen = { sum: 0 };
    Object.assign(globalThis, { layoutShifts: seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[])
        if (!entry.hadRecentInput) seen.sum += entry.value;
    }).observe({ type: 'layout-shift' });
  });

/** Their sum so far. */
export const shifts = (page: Page): Promise<number> =>
  page.evaluate(() => (globalThis as unknown as { layoutShifts: { sum: number } }).layoutShifts.sum);

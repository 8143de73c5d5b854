// What a long training does to the page: tasks of its main thread, and the memory of page and worker together.
import { tasksOfPages, type TraceEvent } from '@bitgrad/tooling/trace';
import type { Browser, Page } from 'playwright-core';

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

/**
 * Begins to trace the tasks of a page's main thread.
 * @returns ends it, and gives each task's milliseconds of the processor
 */
export async function traceTasks(browser: Browser, page: Page): Promise<() => Promise<number[]>> {
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  return async () => {
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
      traceEvents: TraceEvent[];
    };
    return [...tasksOfPages(traceEvents).values()].flat().map(({ tdur = 0 }) => tdur / 1000);
  };
}

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

/**
 * Collects garbage in the page and in its workers. The browser's own measurement collects too, but not in a worker that
 * computes: its young objects then count in one sample and not in the next.
 */
async function collector(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  const workers = new Map<string, (message: string) => void>();
  const collect = '{"id":1,"method":"HeapProfiler.collectGarbage"}';
  session.on('Target.receivedMessageFromTarget', ({ sessionId, message }) =>
    workers.get(sessionId)?.(message),
  );
  session.on('Target.attachedToTarget', ({ sessionId }) => workers.set(sessionId, () => {}));
  session.on('Target.detachedFromTarget', ({ sessionId }) => workers.delete(sessionId));
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  return async () => {
    await session.send('HeapProfiler.collectGarbage');
    for (const sessionId of workers.keys()) {
      const done = new Promise<string>((resolve) => workers.set(sessionId, resolve));
      await session.send('Target.sendMessageToTarget', { sessionId, message: collect });
      await done;
    }
  };
}

/** Samples a running training, after garbage collections. */
export async function sample(page: Page, seconds: number, everySeconds: number): Promise<Sample[]> {
  const collect = await collector(page);
  const started = Date.now();
  const samples: Sample[] = [];
  while (Date.now() - started < seconds * 1000) {
    await collect();
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

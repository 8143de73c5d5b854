// A visit to the built page: records what must not happen (console errors, requests to other hosts, failed requests),
// and draws with real pointer events.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { ofColours, violations } from '@bitgrad/tooling/accessible';
import { chromiumMissing, launchChromium, watchPage } from '@bitgrad/tooling/chromium';
import { expect } from 'vitest';
import type { StaticServer } from './server.js';

/** True for what BITGRAD_REQUIRE names: its tests must run, and fail where it is missing. */
export const required = (name: string): boolean =>
  (process.env.BITGRAD_REQUIRE ?? '').split(',').includes(name);

/** Why browser tests are skipped; undefined when they run (or must fail). */
export const skipReason =
  chromiumMissing() && !required('chromium') ? `skipped: ${chromiumMissing()}` : undefined;

/**
 * Starts Chromium; with `gpu`, WebGL and WebGPU are drawn by software, which slows down everything else on a page; with `whole`,
 * the browser as a person has it.
 */
export const launch = ({ gpu = false, args = [] as string[], whole = false } = {}): Promise<Browser> =>
  launchChromium({ gpu, args, whole });

/** Flags for Chromium: a microphone that is allowed, and plays a WAV file once; or beeps. */
export const microphone = (path?: string): string[] => [
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  ...(path === undefined ? [] : [`--use-file-for-fake-audio-capture=${path}%noloop`]),
];

/** Flags for Chromium: a camera that plays a video (.y4m), where a page is allowed to see it. */
export const camera = (path: string): string[] => [
  '--use-fake-device-for-media-stream',
  `--use-file-for-fake-video-capture=${path}`,
];

/** An open page and what went wrong on it. */
export interface Visit {
  readonly page: Page;
  readonly problems: string[];
  /** Fails when anything went wrong, then closes the page. */
  end(): Promise<void>;
}

/** Opens the page in a fresh profile. */
export async function visit(
  browser: Browser,
  server: StaticServer,
  hash = '',
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const problems = watchPage(page, `${new URL(server.url).origin}/`);
  await page.goto(server.url + hash);
  return {
    page,
    problems,
    end: async () => {
      await context.close();
      expect(problems).toEqual([]);
    },
  };
}

/** Waits until the shown network is ready. */
export const ready = async (page: Page): Promise<void> => {
  await page.getByText('Draw a digit.', { exact: true }).waitFor();
};

/** Strokes as points in a box of 100 x 100. */
export type Strokes = readonly (readonly (readonly [number, number])[])[];

/** Draws with the mouse, in the part of the canvas that `place` says. */
export async function draw(
  page: Page,
  strokes: Strokes,
  place = { left: 0.1, top: 0.1, size: 0.8 },
): Promise<void> {
  const clear = page.getByRole('button', { name: 'Clear' });
  if (await clear.isEnabled()) await clear.click();
  const box = (await page.locator('.drawing-area').boundingBox())!;
  const at = ([x, y]: readonly [number, number]): [number, number] => [
    box.x + box.width * (place.left + (place.size * x) / 100),
    box.y + box.height * (place.top + (place.size * y) / 100),
  ];
  for (const stroke of strokes) {
    await page.mouse.move(...at(stroke[0]!));
    await page.mouse.down();
    for (const point of stroke.slice(1)) await page.mouse.move(...at(point), { steps: 2 });
    await page.mouse.up();
  }
}

/** What the page reads in the present drawing. */
export async function answer(page: Page): Promise<string> {
  await page.locator('[data-testid=verdict][data-settled=true]').waitFor();
  return page.getByTestId('best').innerText();
}

/** Waits until training is in a phase; an error that the page shows ends it. */
export const untilPhase = (page: Page, wanted: string): Promise<unknown> =>
  page.waitForFunction((name) => {
    const alert = document.querySelector('[role=alert]')?.textContent;
    if (alert) throw new Error(alert);
    return document.querySelector<HTMLElement>('[data-testid=phase]')?.dataset.phase === name;
  }, wanted);

/** Resolves when the phase of training changes, however short the next one is. */
export const nextPhase = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        new MutationObserver((_, observer) => {
          observer.disconnect();
          resolve();
        }).observe(document.querySelector('[data-testid=phase]')!, { attributeFilter: ['data-phase'] });
      }),
  );

const shots = fileURLToPath(new URL('../artifacts/screenshots/', import.meta.url));

/** Keeps pictures of the page, wide and narrow, and fails where something sticks out; the page is wide afterwards. */
export async function screenshots(page: Page, name: string): Promise<void> {
  mkdirSync(shots, { recursive: true });
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(150);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, `${name} at ${width}`).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `${shots}${name}-${width}.png`, fullPage: true });
  }
}

/** Pictures of the page as it is, in light and in dark; it fits, and axe-core finds nothing wrong. The page is light afterwards. */
export async function looksRight(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await screenshots(page, `${name}-${colorScheme}`);
    const rules = colorScheme === 'dark' ? ofColours : undefined;
    expect(await violations(page, rules), `${name}, ${colorScheme}`).toEqual([]);
  }
}

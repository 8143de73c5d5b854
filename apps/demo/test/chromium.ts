// A system Chromium for the tests. Without one they are skipped, in plain sight, unless BITGRAD_REQUIRE names it.
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const places = [
  process.env.BITGRAD_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of a Chromium, or undefined. */
export const chromiumPath = (): string | undefined => places.find((path) => path && existsSync(path));

/** True when the tests must not be skipped. */
export const required = (process.env.BITGRAD_REQUIRE ?? '').split(',').includes('chromium');

/** Why browser tests are skipped; undefined when they run (or must fail). */
export const skipReason = chromiumPath() || required ? undefined : 'skipped: no Chromium found';

/** WebGL and WebGPU on the software renderer: right, but it slows down everything else on the page. */
const softwareGpu = [
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
];

/** Starts it. */
export const launch = ({ gpu = false } = {}): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath() ?? 'chromium',
    args: [
      '--no-sandbox',
      ...(gpu ? softwareGpu : []),
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

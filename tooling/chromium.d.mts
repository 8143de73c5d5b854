import type { Browser, BrowserContext, Page } from 'playwright-core';

export declare const chromiumMissing: () => string;

/**
 * Starts the browser; `gpu` (default true) adds WebGL2 and WebGPU on the software renderer; `whole` (default false) brings what
 * the headless shell of Debian lacks, such as cameras and measuring a page's memory.
 */
export declare function launchChromium(options?: {
  gpu?: boolean;
  args?: string[];
  whole?: boolean;
}): Promise<Browser>;

/** Starts the browser with the unpacked extension of a folder. */
export declare function launchWithExtension(folder: string): Promise<BrowserContext>;

/** Collects what must not happen on a page, among it requests to addresses that do not begin with `base`. */
export declare function watchPage(page: Page, base: string): string[];

/** What a page of an example shows in its `output`; the folder of packages answers for the CDN that it names. */
export declare function outputOf(
  browser: Browser,
  address: string,
  modules: string,
): Promise<{ text: string | null; errors: string[] }>;

export interface TestPage {
  /** Awaits an export of the module, with JSON-safe arguments and result; a Uint8Array may be an argument. */
  call<T = unknown>(name: string, ...args: unknown[]): Promise<T>;
  readonly page: Page;
  /** Uncaught errors and console errors. */
  readonly errors: string[];
  close(): Promise<void>;
}

export declare function openChromium(options: {
  contents: string;
  resolveDir: string;
  files?: Record<string, { body: string | Buffer; contentType: string }>;
}): Promise<TestPage>;

import type { Page } from 'playwright-core';

export declare const chromiumMissing: () => string;

export interface TestPage {
  /** Awaits an export of the module, with JSON-safe arguments and result. */
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

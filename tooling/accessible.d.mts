import type { Page } from 'playwright-core';

export declare const ofColours: readonly string[];

/** What is wrong on the page as it is, rule by rule; of `rules` only, where they are given. */
export declare function violations(page: Page, rules?: readonly string[]): Promise<string[]>;

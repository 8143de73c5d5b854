// What axe-core finds wrong on a page.
import axe from 'axe-core';

/** The rules that look at colours: all there is to look at where a page that passed the others is dark. */
export const ofColours = ['color-contrast', 'link-in-text-block'];

/**
 * What is wrong on a page as it is, rule by rule.
 * @param {import('playwright-core').Page} page
 * @param {readonly string[]} [rules] these only
 * @returns {Promise<string[]>} empty where nothing is
 */
export async function violations(page, rules) {
  await page.evaluate(axe.source);
  return page.evaluate(async (runOnly) => {
    const found = await globalThis.axe.run(runOnly ? { runOnly } : {});
    return found.violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`,
    );
  }, rules);
}

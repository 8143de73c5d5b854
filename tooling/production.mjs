// Builds for production in Vitest's global setups.

/**
 * Runs a build once for all projects of a run that ask for it. Vitest says "test" in NODE_ENV, and Vite would build what is
 * meant for development.
 * @param {string} what a word of its own
 * @param {() => Promise<void>} build
 */
export async function buildOnce(what, build) {
  const mark = `BITGRAD_${what}_BUILT`;
  if (process.env[mark]) return;
  process.env[mark] = '1';
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    await build();
  } finally {
    process.env.NODE_ENV = NODE_ENV;
  }
}

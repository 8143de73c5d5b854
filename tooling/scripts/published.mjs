// What every published manifest says of its publication.

/**
 * Everyone may read it; in a workflow also: npm is to keep a signed statement of the workflow and commit that built it, and
 * compares its repository with this one. The workflow says which that is, so a fork names itself.
 * @param {string} directory of the package, from the root
 * @param {Record<string, string | undefined>} env
 * @returns {{ publishConfig: { access: string, provenance?: boolean }, repository?: { type: string, url: string, directory: string } }}
 */
export function publication(directory, env = process.env) {
  const { GITHUB_SERVER_URL: server = 'https://github.com', GITHUB_REPOSITORY: name } = env;
  if (!name) return { publishConfig: { access: 'public' } };
  return {
    publishConfig: { access: 'public', provenance: true },
    repository: { type: 'git', url: `git+${server}/${name}.git`, directory },
  };
}

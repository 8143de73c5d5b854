// What a published package.json leaves out: the condition that leads to sources, which are not published, and what only
// this repository uses. And what it has besides: the binaries of a native package, an optional dependency for each platform,
// which are made after it (packages/backend-native/scripts/platforms.mjs), and how npm is to publish it.
const binariesOf = async ({ name, version, napi }) => {
  const { platformOf } = await import('./packages/backend-native/scripts/platforms.mjs');
  return Object.fromEntries(napi.targets.map((target) => [`${name}-${platformOf(target).name}`, version]));
};

module.exports = {
  hooks: {
    async beforePacking({ devDependencies: _dev, scripts: _scripts, ...manifest }, folder) {
      const { publication } = await import('./tooling/scripts/published.mjs');
      const { relative } = await import('node:path');
      const exported = Object.entries(manifest.exports ?? {}).map(([entry, target]) => {
        if (typeof target === 'string') return [entry, target];
        const { '@bitgrad/source': _source, ...rest } = target;
        return [entry, rest];
      });
      return {
        ...manifest,
        exports: Object.fromEntries(exported),
        ...publication(relative(__dirname, folder).replaceAll('\\', '/')),
        ...(manifest.napi && { optionalDependencies: await binariesOf(manifest) }),
      };
    },
  },
};

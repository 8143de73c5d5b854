// What a published package.json leaves out: the condition that leads to sources, which are not published, and what only
// this repository uses.
module.exports = {
  hooks: {
    beforePacking({ devDependencies: _dev, scripts: _scripts, ...manifest }) {
      const exported = Object.entries(manifest.exports ?? {}).map(([entry, target]) => {
        if (typeof target === 'string') return [entry, target];
        const { '@bitgrad/source': _source, ...rest } = target;
        return [entry, rest];
      });
      return { ...manifest, exports: Object.fromEntries(exported) };
    },
  },
};

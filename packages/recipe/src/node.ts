// The Node entry: plugins from files and packages.
export { loadPlugin, pluginOf } from './node/load-plugin.js';

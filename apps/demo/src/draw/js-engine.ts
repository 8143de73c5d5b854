// The portable engine in a chunk of its own: a page that runs on WebAssembly does not load it.
export { jsEngine } from '@bitgrad/runtime';

// What only models that add something need; a page loads it with them.
export { fuse } from './fuse.js';
export { findPlanes } from './planes.js';

// How the engine suite is run on WebGPU, in Node and in Chromium.

/** Divisions and square roots round within 2.5 units in the last place, and errors pass through a few steps. */
export const tolerance = 2e-6;

/**
 * Software renderers take half a second for the shaders of a network, and both have the same by the same compiler. WebGL, whose
 * shaders are written from the same text but for the tiles of products, runs networks of every number of filters.
 */
export const effort = 'brief';

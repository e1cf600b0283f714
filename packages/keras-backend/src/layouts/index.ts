/** What host and on-core programs share: structures, region numbers, memory needs. */
export * from './dense.js';
export * from './layers.js';
export * from './layout.js';
export * from './memory.js';
export * from './overlays.js';
export * from './regions.js';
export * from './sequencer.js';

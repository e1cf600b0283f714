/** Networks cut into tiles that fit cores. */
export { chooseTiles, type TileOptions, type Tiling } from './choose.js';
export { InvalidTilingError, NetworkTooLargeError, TileTooLargeError } from './errors.js';
export { CONTROL, DONE, type NetworkGraph, networkGraph, vertexName } from './nets.js';
export type { DenseCore, Head, LayerTiles, Tile, TileGraph, TileShape } from './tile-graph.js';

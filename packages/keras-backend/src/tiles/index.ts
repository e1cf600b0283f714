/** Networks cut into tiles that fit cores. */
export { chooseTiles, type TileOptions, type Tiling } from './choose.js';
export { RECEIVE_CYCLES, SEND_CYCLES } from './cost.js';
export { InvalidTilingError, NetworkTooLargeError, TileTooLargeError } from './errors.js';
export {
  CONTROL,
  DONE,
  type NetworkGraph,
  type NetworkGraphOptions,
  networkGraph,
  vertexName,
} from './nets.js';
export {
  CLASS_ALIGN_BITS,
  classBits,
  className,
  keyFields,
  type LayerClass,
} from './packet-classes.js';
export type { DenseCore, Head, LayerTiles, Tile, TileGraph, TileShape } from './tile-graph.js';

/** The `machine` engine: networks on a SpiNNaker machine, real or virtual. */
export type { LoadedEngine, MachineEngine } from './engine.js';

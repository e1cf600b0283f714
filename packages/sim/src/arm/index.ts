/** An ARM968 core on its own, for who gives it a chip: `@spin-tools/sim/arm`. */
export { Sdram } from '../chip/sdram.js';
export { BusError, type ChipBus, type DirectSdram, type Packet } from '../core/core.js';
export { ArmCore, type ArmCoreStatistics } from './arm-core.js';

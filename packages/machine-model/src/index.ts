export {
  type DeadParts,
  FREE_SDRAM_BYTES,
  spin3,
  spin5,
  type TriadOptions,
  triads,
} from './boards/build.js';
export { type DiscoveringController, discoverMachine } from './discovery/discover.js';
export * from './geometry/boards.js';
export * from './geometry/torus.js';
export { InvalidMachineError } from './machine/errors.js';
export { type ChipJson, type MachineJson, machineFromJson, machineToJson } from './machine/json.js';
export {
  type Chip,
  type ChipColumns,
  describeMachine,
  isEthernet,
  type Machine,
  requireChip,
} from './machine/machine.js';

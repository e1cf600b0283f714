export {
  BusError,
  type ChipBus,
  type Core,
  type Packet,
  PacketKind,
} from './core/core.js';
export type { CoreProgram, ProgramContext } from './core/program-core.js';
export { Ethernet, type EthernetReceiver, type HostAddress } from './host/ethernet.js';
export { type EnergyEstimate, type EnergyInputs, energy } from './machine/energy.js';
export type { MachineOptions, MachineShape } from './machine/layout.js';
export type { DroppedPackets, LinkTraffic, MachineStatistics } from './machine/statistics.js';
export { NoEthernetError, VirtualMachine } from './machine/virtual-machine.js';

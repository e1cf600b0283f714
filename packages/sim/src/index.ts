export type { BmpStatistics } from './bmp/index.js';
export {
  BusError,
  type ChipBus,
  type Core,
  type Packet,
  PacketKind,
} from './core/core.js';
export type { CoreProgram, ProgramContext } from './core/program-core.js';
export {
  type DatagramFaults,
  type Death,
  type FaultPlan,
  FaultPlanError,
  type MonitorLoad,
  type PacketFaults,
  parseFaultPlan,
} from './faults/plan.js';
export {
  Ethernet,
  type EthernetReceiver,
  type HostAddress,
  type OutsideWorld,
} from './host/ethernet.js';
export { type EnergyEstimate, type EnergyInputs, energy } from './machine/energy.js';
export type { MachineShape } from './machine/layout.js';
export type { MonitorKind } from './machine/management.js';
export type { Pace } from './machine/pump.js';
export type { DroppedPackets, LinkTraffic, MachineStatistics } from './machine/statistics.js';
export {
  type HostStatistics,
  type MachineOptions,
  NoEthernetError,
  VirtualMachine,
} from './machine/virtual-machine.js';
export { BoardThreadError, NoDebuggingError, NotInThreadError } from './parallel/errors.js';
export type { SentError } from './parallel/operations.js';
export { NoThreadsError } from './parallel/threads.js';

export * from './addresses.js';
export * from './bmp/backplane.js';
export * from './bmp/board-status.js';
export { boardMask, boardsOfMask, FPGAS, MOST_BOARDS } from './bmp/boards.js';
export {
  BmpController,
  type BmpControllerOptions,
  type PowerOptions,
  type ResetOptions,
} from './bmp/controller.js';
export * from './bmp/flash-directory.js';
export * from './bmp/fpga.js';
export * from './bmp/information.js';
export * from './bmp/leds.js';
export * from './bmp/power.js';
export * from './bmp/storage.js';
export * from './bmp/tags.js';
export * from './bmp/version.js';
export * from './board-shape.js';
export * from './boot/aplx.js';
export * from './boot/frames.js';
export * from './boot/image.js';
export * from './commands/allocation.js';
export * from './commands/application.js';
export * from './commands/board.js';
export {
  type Command,
  type CommandKind,
  commandOf,
  mapReply,
  type RequestBody,
} from './commands/command.js';
export * from './commands/information.js';
export * from './commands/memory.js';
export * from './commands/routing.js';
export type { IpTagCounts, TagReply, TagRequest } from './commands/tag-command.js';
export * from './commands/tags.js';
export type { Clock } from './connection/clock.js';
export { Connection, type ConnectionOptions } from './connection/connection.js';
export type { Patience } from './connection/exchange.js';
export type { Request, Scp, Target } from './connection/scp.js';
export type { ConnectionStatistics } from './connection/statistics.js';
export type { LoadOptions } from './controller/applications.js';
export type { BootOptions } from './controller/boot.js';
export type { WaitOptions } from './controller/core-states.js';
export * from './controller/errors.js';
export type { Dimensions, EthernetChip } from './controller/ethernet-chips.js';
export {
  MachineController,
  type MachineControllerOptions,
} from './controller/machine-controller.js';
export type { RouterDiagnostics } from './controller/router-diagnostics.js';
export type { LoadedRoutingEntry, RoutingEntry } from './controller/routing-tables.js';
export type { ChipCores } from './controller/targets.js';
export * from './errors.js';
export type { Place, Struct } from './layout/struct.js';
export * from './memory/records.js';
export * from './memory/system-variables.js';
export * from './memory/vcpu.js';
export * from './messages/return-codes.js';
export * from './messages/scp.js';
export * from './messages/sdp.js';
export { openUdp as udpTransport } from './transport/open-udp.js';
export { transportPair } from './transport/pair.js';
export { BOOT_PORT, SCP_PORT, type Transport } from './transport/transport.js';

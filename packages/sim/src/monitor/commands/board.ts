/** CMD_LED, CMD_SROM, CMD_REMAP, CMD_SYNC: the surroundings of a chip. Source: `scamp-cmd.c`. */
import {
  ClockSync,
  Led,
  Remap,
  ReturnCode,
  SCP_MOST_DATA_BYTES,
  type ScpRequest,
  SerialRom,
} from '@spin-tools/scp';
import { CORES } from '../../chip/chip.js';
import { setLeds } from '../leds.js';
import { Refusal, RunTimeError } from '../refusal.js';
import { remapCore } from '../remap.js';
import type { ChipMonitor } from '../world.js';
import { type CommandEntry, command, dataOf, type Place } from './command.js';

const NOTHING = new Uint8Array(0);
/** How many bits the command itself has, in the first argument of CMD_SROM. */
const COMMAND_BITS = 0x3f;

export const boardCommands: readonly CommandEntry[] = [
  [
    Led.code,
    ({ monitor }, { arguments: [word] }) => {
      setLeds(monitor, word);
      return NOTHING;
    },
  ],
  [SerialRom.code, accessRom],
  command(Remap, remap),
];

/** Since 4.0. */
export const beaconCommands: readonly CommandEntry[] = [
  command(ClockSync, (monitor, { enabled }) => {
    monitor.beacons.isOn = enabled;
  }),
];

/**
 * A chip without a serial ROM reads zeros. More bytes than its buffer has ruin a monitor's memory, and a command
 * of no bits takes it hours.
 */
function accessRom({ monitor }: Place, request: ScpRequest): Uint8Array {
  const [first] = request.arguments;
  const length = first >>> 16;
  if (length > SCP_MOST_DATA_BYTES || (first & COMMAND_BITS) === 0) throw new RunTimeError();
  const access = SerialRom.decodeRequest({ ...request, data: dataOf(request, length) });
  if (monitor.serialRom !== undefined) return monitor.serialRom.access(access);
  return access.write ? NOTHING : new Uint8Array(length);
}

/** The monitor itself and cores that do not work cannot be taken out of use. */
function remap(
  monitor: ChipMonitor,
  { core, physical }: { core: number; physical: boolean },
): void {
  const { cores } = monitor;
  if (core > CORES) throw new Refusal(ReturnCode.Argument);
  const virtual = physical ? (cores.toVirtual[core] as number) : core;
  if (virtual === 0 || virtual >= cores.count) throw new Refusal(ReturnCode.Argument);
  remapCore(monitor, cores.physical(virtual));
}

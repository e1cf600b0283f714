/** Who runs the chips of a machine, and who takes the datagrams of hosts for them. */
import { type ChipAddress, SCP_PORT, type SdpMessage } from '@spin-tools/scp';
import type { Chip } from '../chip/chip.js';
import { type FaultPlan, FaultPlanError } from '../faults/plan.js';
import type { HostAddress } from '../host/ethernet.js';
import { FramePort } from '../host/frame-port.js';
import { HostPort, type HostPortLoad } from '../host/host-port.js';
import { MonitorMemory } from '../monitor/memory.js';
import type { RemoteBoards } from '../parallel/remote-boards.js';
import { SharedFirmware } from '../parallel/shared-firmware.js';
import type { EthernetPort } from './ethernets.js';
import { Firmware } from './firmware.js';
import type { Monitors } from './monitors.js';
import type { Network } from './network.js';
import { QuietTime } from './quiet-time.js';
import { Regions } from './regions.js';
import { ReversePorts } from './reverse-ports.js';
import { SerialRoms } from './serial-roms.js';

/**
 * Who runs a chip once it is booted. `built-in`: a monitor in TypeScript, whatever the image is. `image`: the
 * image itself, on the ARM cores of every chip.
 */
export type MonitorKind = 'built-in' | 'image';

/** What both kinds need of the machine; chips by their numbers. */
export interface ManagementWiring {
  /** IPv4 address of an ethernet chip. */
  ipOf(chip: number): string | undefined;
  /** Sends a datagram out of the ethernet of a chip. */
  send(chip: number, datagram: Uint8Array, to: HostAddress, sourcePort: number): void;
  /** IPTags of a chip were set or cleared, or will be in a moment. */
  tagsChanged(chip: number): void;
  /** Whether a chip waits in its boot ROM. */
  isWaiting(chip: number): boolean;
  boot(image: Uint8Array, chip: number): void;
  /** Carries out a request of a host as soon as it may be. */
  admit(message: SdpMessage, act: () => void): void;
  /** Does something after a simulated time, ns. */
  after(ns: number, action: () => void): void;
  /** Brings a paced machine to the present. */
  catchUp(): void;
  /** A message of a host has come in. */
  received(): void;
  /** What burdens the monitor of an ethernet chip. */
  load(place: ChipAddress): HostPortLoad | undefined;
  /** Whether the machine was stopped for good. */
  isClosed(): boolean;
}

/** One kind of running a machine. */
export interface Management {
  readonly monitors: Monitors;
  /** What takes datagrams for an ethernet chip. */
  newPort(chip: number, place: ChipAddress): EthernetPort;
  /** The IPv4 address of an ethernet chip was changed. */
  addressChanged(chip: number): void;
}

/** Makes the management of a kind. Throws FaultPlanError for faults that it cannot have. */
export function managementOf(
  kind: MonitorKind,
  network: Network,
  wiring: ManagementWiring,
  faults: FaultPlan | undefined,
  others: readonly RemoteBoards[],
): Management {
  if (kind === 'built-in') return builtIn(network, wiring);
  if (faults?.monitors !== undefined) {
    throw new FaultPlanError('monitors', faults.monitors, 'left away: an image is its own burden');
  }
  return image(network, wiring, others);
}

function builtIn(network: Network, wiring: ManagementWiring): Management {
  const regions = new Regions(network, wiring);
  return {
    monitors: regions,
    newPort: (chip, place) =>
      new HostPort(
        {
          monitor: () => (wiring.isClosed() ? undefined : regions.monitorOf(chip)),
          isWaiting: () => wiring.isWaiting(chip),
          boot: (image) => wiring.boot(image, chip),
          admit: (message, act) => wiring.admit(message, act),
          after: (ns, action) => wiring.after(ns, action),
          received: () => wiring.received(),
        },
        wiring.load(place),
      ),
    addressChanged: () => undefined,
  };
}

const NO_IP = '0.0.0.0';

function image(
  network: Network,
  wiring: ManagementWiring,
  others: readonly RemoteBoards[],
): Management {
  const ip = (chip: number): string => wiring.ipOf(chip) ?? NO_IP;
  const serialRoms = new SerialRoms(network.machine, ip);
  const isRunning = (chip: number): boolean => firmware.isBooted(chip) && !wiring.isClosed();
  const running = (): number[] => [...network.chips.keys()].filter(isRunning);
  const chipAt = (address: number): number | undefined =>
    running().find((chip) => serialRoms.has(chip) && addressOf(network, chip) === address);
  const reversePorts = new ReversePorts(chipAt, (chip) => wiring.tagsChanged(chip));
  const quietTime = new QuietTime(network, running);
  const started = (): void => quietTime.booted();
  const own = new Firmware(network, { serialRoms, reversePorts, started });
  const ips = () =>
    [...network.chips.keys()].flatMap((chip) =>
      serialRoms.has(chip) ? [[chip, ip(chip)] as const] : [],
    );
  const firmware =
    others.length === 0 ? own : new SharedFirmware(own, { network, others, ips, started });
  return {
    monitors: firmware,
    newPort: (chip) =>
      new FramePort({
        running: () => (isRunning(chip) ? (network.chips[chip] as Chip) : undefined),
        isWaiting: () => wiring.isWaiting(chip),
        boot: (image) => wiring.boot(image, chip),
        ip: () => ip(chip),
        now: () => {
          wiring.catchUp();
          return network.scheduler.time;
        },
        after: (ns, action) => wiring.after(ns, action),
        received: (datagram, port) => {
          quietTime.datagram();
          if (port === SCP_PORT) reversePorts.observe(datagram, chip);
          wiring.received();
        },
        send: (datagram, to, sourcePort) => wiring.send(chip, datagram, to, sourcePort),
      }),
    addressChanged: (chip) => {
      serialRoms.forget(chip);
      for (const other of others) if (other.has(chip)) other.post('setIp', chip, ip(chip));
    },
  };
}

/** The address that the monitor of a chip has found, x << 8 | y. */
function addressOf(network: Network, chip: number): number {
  return new MonitorMemory(network.chips[chip] as Chip).variable('p2pAddress');
}

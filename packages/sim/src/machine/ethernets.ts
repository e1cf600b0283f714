/** The ethernet chips of a machine: their ports, their addresses, and the hello frames that they send. */
import { BootOperation, type ChipAddress, encodeBootFrame, SCP_PORT } from '@spin-tools/scp';
import type { FaultyLine } from '../faults/line.js';
import { Ethernet, type EthernetReceiver, type HostAddress } from '../host/ethernet.js';
import { type HostPortStatistics, newHostPortStatistics } from '../host/host-port.js';
import type { Boards } from './boards.js';
import type { Network } from './network.js';

/** Addresses of boards unless told otherwise: 192.168.240.1, then one per board. */
const BOARD_NETWORK = '192.168';
const FIRST_BOARD = 240 * 256 + 1;
/** A chip in its boot ROM says hello every 4,096 ms. Source: boot ROM of the chip. */
const HELLO_NS = 4_096_000_000;
/** Arguments of a hello frame: version 2.1 of the ROM, 0, `CPTS`. Source: boot ROM of the chip. */
const HELLO = encodeBootFrame({
  operation: BootOperation.Hello,
  arguments: [0x02010000, 0, 0x43505453],
  data: new Uint8Array(0),
});

/** What takes datagrams for a chip. */
export interface EthernetPort extends EthernetReceiver {
  readonly statistics: HostPortStatistics;
  /** The chip lost power or was reset: what was under way is gone. */
  reset(): void;
  /** A frame leaves the chip's ethernet interface. */
  transmit?(frame: Uint8Array): void;
}

/** What ethernets need of the machine. */
export interface EthernetWiring {
  readonly network: Network;
  readonly boards: Boards;
  /** What befalls datagrams on their way, if anything. */
  newLine(): FaultyLine | undefined;
  /** What takes datagrams for a chip. */
  newPort(chip: number, place: ChipAddress): EthernetPort;
}

/** One ethernet chip. */
export interface EthernetChip {
  readonly chip: number;
  readonly place: ChipAddress;
  readonly ethernet: Ethernet;
  readonly port: EthernetPort;
  ip: string;
  /** How often it was switched or reset. */
  cycles: number;
}

/** All ethernet chips of a machine. */
export class Ethernets {
  /** By number of the chip. */
  private readonly byChip = new Map<number, EthernetChip>();

  constructor(
    private readonly wiring: EthernetWiring,
    places: readonly ChipAddress[],
  ) {
    places.forEach((place, number) => {
      const added = this.add(place, number);
      this.byChip.set(added.chip, added);
      this.sayHelloLater(added);
    });
  }

  /** The ethernet of a chip by its number. */
  of(chip: number | undefined): EthernetChip | undefined {
    return chip === undefined ? undefined : this.byChip.get(chip);
  }

  /** Sends a datagram out of a chip that has an ethernet. */
  send(chip: number, datagram: Uint8Array, to: HostAddress, sourcePort: number): void {
    const kind = sourcePort === SCP_PORT ? 'scp' : 'tags';
    this.byChip.get(chip)?.ethernet.send(datagram, to, sourcePort, kind);
  }

  /** A board was switched or reset. */
  boardChanged(board: number): void {
    for (const each of this.byChip.values()) {
      if (this.wiring.boards.numberOf(each.chip) !== board) continue;
      each.cycles++;
      each.port.reset();
      this.sayHelloLater(each);
    }
  }

  /** Counts of all ports together. */
  get statistics(): HostPortStatistics {
    const sum = newHostPortStatistics();
    for (const { port } of this.byChip.values()) {
      for (const name of Object.keys(sum) as (keyof HostPortStatistics)[]) {
        sum[name] += port.statistics[name];
      }
    }
    return sum;
  }

  private add(place: ChipAddress, number: number): EthernetChip {
    const { network, newPort, newLine } = this.wiring;
    const chip = network.numberAt(place) as number;
    const host = FIRST_BOARD + number;
    const port = newPort(chip, place);
    return {
      ...{ chip, place, port },
      ethernet: new Ethernet(port, newLine()),
      ip: `${BOARD_NETWORK}.${host >>> 8}.${host & 255}`,
      cycles: 0,
    };
  }

  private sayHelloLater(each: EthernetChip): void {
    const { network, boards } = this.wiring;
    const { chip, cycles } = each;
    network.scheduler.background(HELLO_NS, () => {
      if (each.cycles !== cycles || !boards.isWaiting(chip)) return;
      each.ethernet.broadcast(HELLO);
      this.sayHelloLater(each);
    });
  }
}

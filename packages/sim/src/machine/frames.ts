/** The frames that the boards of a machine are mounted in, each with its management processors. */
import { SCP_PORT } from '@spin-tools/scp';
import { BmpFrame, type BmpStatistics, newBmpStatistics } from '../bmp/index.js';
import { Ethernet } from '../host/ethernet.js';
import type { Boards } from './boards.js';
import { BOARDS_OF_FRAME, frameSwitches } from './frame-switches.js';
import type { Network } from './network.js';

/** Addresses of management processors unless told otherwise: 192.168.241.0, then one per frame. */
const BMP_NETWORK = '192.168.241';

/** What frames need of the machine. */
export interface FrameWiring {
  readonly network: Network;
  readonly boards: Boards;
  /** IPv4 address of a board, if it has an ethernet. */
  readonly ipOfBoard: (board: number) => string | undefined;
  /** Does something after a simulated time, ns. */
  readonly after: (ns: number, action: () => void) => void;
  /** Whether the machine was stopped for good. */
  readonly isClosed: () => boolean;
}

/** All frames of a machine, 24 boards in each. Their processors start when somebody first reaches them. */
export class Frames {
  readonly count: number;
  private readonly ethernets = new Map<number, Ethernet>();
  private readonly started: BmpFrame[] = [];
  private readonly addresses = new Map<number, string>();

  constructor(private readonly wiring: FrameWiring) {
    this.count = Math.ceil(wiring.boards.boards.length / BOARDS_OF_FRAME);
  }

  /** Sets the IPv4 address of a frame's management processor. Throws RangeError. */
  setAddress(frame: number, ip: string): void {
    this.check(frame);
    this.addresses.set(frame, ip);
  }

  /** The ethernet of a frame's management processor. Throws RangeError. */
  ethernet(frame: number): Ethernet {
    this.check(frame);
    const known = this.ethernets.get(frame);
    if (known !== undefined) return known;
    const made = this.start(frame);
    this.ethernets.set(frame, made);
    return made;
  }

  /** Counts of all frames together. */
  get statistics(): BmpStatistics {
    const sum = newBmpStatistics();
    for (const { statistics } of this.started) {
      for (const name of ['received', 'sent', 'malformed', 'overrun', 'untagged'] as const) {
        sum[name] += statistics[name];
      }
      for (const [code, count] of statistics.refused) {
        sum.refused.set(code, (sum.refused.get(code) ?? 0) + count);
      }
    }
    return sum;
  }

  private start(number: number): Ethernet {
    const { network, boards, ipOfBoard, after, isClosed } = this.wiring;
    const ip = this.addresses.get(number) ?? `${BMP_NETWORK}.${number}`;
    const addresses = { bmp: () => ip, board: ipOfBoard };
    const frame = new BmpFrame({
      switches: frameSwitches(network, boards, addresses, number * BOARDS_OF_FRAME),
      clock: {
        get time() {
          return network.scheduler.time;
        },
        after,
      },
      send: (datagram, to) => ethernet.send(datagram, to, SCP_PORT, 'scp'),
      seed: number,
    });
    this.started.push(frame);
    const ethernet = new Ethernet({
      receiveMessage: (datagram, from) => {
        if (!isClosed()) frame.receive(datagram, from);
      },
      receiveBoot: () => undefined,
      receiveRaw: () => undefined,
    });
    return ethernet;
  }

  private check(frame: number): void {
    if (Number.isInteger(frame) && frame >= 0 && frame < this.count) return;
    throw new RangeError(`"frame" must be from 0 to ${this.count - 1}: ${frame}`);
  }
}

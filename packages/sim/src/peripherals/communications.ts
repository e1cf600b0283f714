/**
 * Communications controller of a core: sends and receives packets through one register each; SpiNN-2 data
 * sheet, chapter on the communications controller.
 */
import { BusError, type Packet, PacketKind } from '../core/core.js';
import { FAKE_ROUTE_SHIFT } from '../router/router.js';
import type { Peripheral, SetLines } from './peripheral.js';
import { Source } from './vic.js';

const TRANSMIT_CONTROL = 0x00;
const TRANSMIT_DATA = 0x04;
const TRANSMIT_KEY = 0x08;
const RECEIVE_STATUS = 0x0c;
const RECEIVE_DATA = 0x10;
const RECEIVE_KEY = 0x14;
const SOURCE_ADDRESS = 0x18;
const TEST = 0x1c;

const EMPTY = 1 << 31;
const FULL = 1 << 30;
const OVERRUN = 1 << 29;
const NOT_FULL = 1 << 28;
const CONTROL_BYTE = 0x00ff0000;

const RECEIVED = 1 << 31;
const ERROR_FREE = 1 << 28;

const PAYLOAD_PRESENT = 1 << 1;
const SEQUENCE = 0x30;
const RESET_SOURCE_ADDRESS = 0x07000000;
/** Route field of packets that come from this chip. */
const NORMAL_ROUTE = 7;

/** Interrupt lines while the transmit register is free. */
const TRANSMIT_FREE = (1 << Source.TransmitEmpty) | (1 << Source.TransmitNotFull);
/** All interrupt lines that this device drives. */
const ALL_LINES =
  TRANSMIT_FREE |
  (1 << Source.TransmitFull) |
  (1 << Source.TransmitOverrun) |
  (1 << Source.PacketReceived) |
  (15 << Source.MulticastReceived);

/** Cycles until a packet that the router did not take is offered again: 200 ns. */
const RETRY_CYCLES = 40;

/** True for an even number of ones. */
function hasEvenParity(bits: number): boolean {
  let folded = bits ^ (bits >>> 16);
  folded ^= folded >>> 8;
  folded ^= folded >>> 4;
  return ((0x6996 >>> (folded & 15)) & 1) === 0;
}

/** Sets bit 0 of the control byte so that the whole packet has an odd number of ones. */
function withParity(control: number, key: number, payload: number | undefined): number {
  const unset = control & 0xfe;
  return hasEvenParity(unset ^ key ^ (payload ?? 0)) ? unset | 1 : unset;
}

export class CommunicationsController implements Peripheral {
  private control = 0;
  private sticky = 0;
  private payload: number | undefined;
  private sourceAddress = RESET_SOURCE_ADDRESS;
  private waiting: Packet | undefined;
  private retryAt = Number.POSITIVE_INFINITY;
  private received: Packet | undefined;
  private route = 0;
  private lastKey = 0;
  private lastData = 0;

  /**
   * @param send - offers a packet to the router; false when it is not taken now
   * @param now - present time in cycles of the core
   * @param inVain - called when the core looks for a packet in vain, or cannot send one
   * @param changed - called when {@link nextEvent} has changed
   */
  constructor(
    private readonly send: (packet: Packet) => boolean,
    private readonly now: () => number,
    private readonly setLines: SetLines,
    private readonly inVain: () => void = () => undefined,
    private readonly changed: () => void = () => undefined,
  ) {}

  reset(): void {
    this.control = 0;
    this.sticky = 0;
    this.payload = undefined;
    this.sourceAddress = RESET_SOURCE_ADDRESS;
    this.waiting = undefined;
    this.setRetry(Number.POSITIVE_INFINITY);
    this.received = undefined;
    this.updateLines();
  }

  /** Cycle at which a waiting packet is offered again; Infinity without one. */
  get nextEvent(): number {
    return this.retryAt;
  }

  private setRetry(cycle: number): void {
    if (cycle === this.retryAt) return;
    this.retryAt = cycle;
    this.changed();
  }

  settle(): void {
    if (this.waiting !== undefined && this.now() >= this.retryAt) this.offer(this.waiting);
  }

  /** Takes a packet from the router; false while the receive register is full. */
  deliver(packet: Packet, route: number): boolean {
    if (this.received !== undefined) return false;
    this.received = packet;
    this.route = route;
    this.updateLines();
    return true;
  }

  private get kind(): PacketKind | undefined {
    return this.received && (((this.received.control >>> 6) & 3) as PacketKind);
  }

  private updateLines(): void {
    const transmit = this.waiting === undefined ? TRANSMIT_FREE : 1 << Source.TransmitFull;
    const overrun = (this.sticky & OVERRUN) !== 0 ? 1 << Source.TransmitOverrun : 0;
    const { kind } = this;
    const received =
      kind === undefined
        ? 0
        : (1 << Source.PacketReceived) | (1 << (Source.MulticastReceived + RECEIVED_ORDER[kind]));
    this.setLines(ALL_LINES, transmit | overrun | received);
  }

  private offer(packet: Packet): void {
    const taken = this.send(packet);
    this.waiting = taken ? undefined : packet;
    if (!taken) this.inVain();
    this.setRetry(taken ? Number.POSITIVE_INFINITY : this.now() + RETRY_CYCLES);
    this.updateLines();
  }

  private transmit(value: number): void {
    if (this.waiting !== undefined) {
      this.sticky |= FULL | OVERRUN;
      this.updateLines();
      return;
    }
    const { payload } = this;
    this.payload = undefined;
    const base =
      ((this.control >>> 16) & ~PAYLOAD_PRESENT) | (payload === undefined ? 0 : PAYLOAD_PRESENT);
    const isPointToPoint = base >>> 6 === PacketKind.PointToPoint;
    const key = isPointToPoint
      ? ((this.sourceAddress << 16) | (value & 0xffff)) >>> 0
      : value >>> 0;
    const sequenced = isPointToPoint ? (base & ~SEQUENCE) | ((value >>> 12) & SEQUENCE) : base;
    const control = withParity(sequenced, key, payload) | this.fakeRoute;
    this.offer({ control, key, payload });
  }

  /** Bits that tell the router by which link the packet is to seem to have come, if any. */
  private get fakeRoute(): number {
    const route = (this.sourceAddress >>> 24) & 7;
    return route === NORMAL_ROUTE ? 0 : (route + 1) << FAKE_ROUTE_SHIFT;
  }

  private get receiveStatus(): number {
    const { received, kind } = this;
    if (received === undefined || kind === undefined) {
      this.inVain();
      return 0;
    }
    const flags = RECEIVED | ERROR_FREE | (1 << RECEIVED_ORDER[kind]);
    return flags | (this.route << 24) | (received.control << 16);
  }

  /** The key as the receiver sees it: of a point-to-point packet, sequence code and source. */
  private receivedKey({ control, key }: Packet): number {
    const isPointToPoint = control >>> 6 === PacketKind.PointToPoint;
    return isPointToPoint ? ((control & SEQUENCE) << 12) | (key >>> 16) : key;
  }

  private popKey(): number {
    const { received } = this;
    if (received === undefined) {
      this.inVain();
      return this.lastKey;
    }
    this.lastKey = this.receivedKey(received);
    this.lastData = received.payload ?? 0;
    this.received = undefined;
    this.updateLines();
    return this.lastKey;
  }

  read(offset: number): number {
    switch (offset) {
      case TRANSMIT_CONTROL:
        return this.sticky | this.control | (this.waiting === undefined ? EMPTY | NOT_FULL : 0);
      case TRANSMIT_DATA:
        return this.payload ?? 0;
      case RECEIVE_STATUS:
        return this.receiveStatus;
      case RECEIVE_DATA:
        return this.received?.payload ?? this.lastData;
      case RECEIVE_KEY:
        return this.popKey();
      case SOURCE_ADDRESS:
        return this.sourceAddress;
      case TEST:
        return 0;
      default:
        throw new BusError(offset);
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case TRANSMIT_CONTROL:
        this.control = value & CONTROL_BYTE;
        this.sticky &= value;
        this.updateLines();
        return;
      case TRANSMIT_DATA:
        this.payload = value >>> 0;
        return;
      case TRANSMIT_KEY:
        this.transmit(value);
        return;
      case SOURCE_ADDRESS:
        this.sourceAddress = value & 0x0700ffff;
        return;
      case RECEIVE_STATUS:
      case TEST:
        return;
      default:
        throw new BusError(offset);
    }
  }
}

/** Bit of the receive status, and distance of the interrupt source from multicast's, by packet kind. */
const RECEIVED_ORDER: Readonly<Record<PacketKind, number>> = {
  [PacketKind.Multicast]: 0,
  [PacketKind.PointToPoint]: 1,
  [PacketKind.NearestNeighbour]: 2,
  [PacketKind.FixedRoute]: 3,
};

/**
 * Communications controller of a core: sends and receives packets through one register each; SpiNN-2 data
 * sheet, chapter on the communications controller.
 */
import { Kept, type KeptState, newKeptState } from '../arm/state.js';
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

/** Words of the controller among what a core keeps, from {@link Kept.Communications} on. */
export const CommunicationsWord = {
  TransmitControl: Kept.Communications,
  Sticky: Kept.Communications + 1,
  Payload: Kept.Communications + 2,
  HasPayload: Kept.Communications + 3,
  SourceAddress: Kept.Communications + 4,
  /** 1 while a packet waits that the router did not take. */
  Waits: Kept.Communications + 5,
  /** 1 while there is a packet in the receive register; what follows is about it. */
  Received: Kept.Communications + 6,
  ReceivedControl: Kept.Communications + 7,
  ReceivedKey: Kept.Communications + 8,
  ReceivedPayload: Kept.Communications + 9,
  ReceivedHasPayload: Kept.Communications + 10,
  Route: Kept.Communications + 11,
  /** Of the packet that was taken last. */
  LastKey: Kept.Communications + 12,
  LastData: Kept.Communications + 13,
} as const;
type CommunicationsWord = (typeof CommunicationsWord)[keyof typeof CommunicationsWord];
const Word = CommunicationsWord;

export class CommunicationsController implements Peripheral {
  private waitingPacket: Packet | undefined;

  /**
   * @param send - offers a packet to the router; false when it is not taken now
   * @param now - present time in cycles of the core
   * @param inVain - called when the core looks for a packet in vain, or cannot send one
   * @param changed - called when {@link nextEvent} has changed
   * @param kept - what its core keeps, where its registers are too
   */
  constructor(
    private readonly send: (packet: Packet) => boolean,
    private readonly now: () => number,
    private readonly setLines: SetLines,
    private readonly inVain: () => void = () => undefined,
    private readonly changed: () => void = () => undefined,
    private readonly kept: KeptState = newKeptState(),
  ) {
    this.setWord(Word.SourceAddress, RESET_SOURCE_ADDRESS);
    this.kept.numbers[Kept.OfferAgain / 2] = Number.POSITIVE_INFINITY;
  }

  private word(at: CommunicationsWord): number {
    return this.kept.words[at] as number;
  }

  private setWord(at: CommunicationsWord, value: number): void {
    this.kept.words[at] = value;
  }

  private get waiting(): Packet | undefined {
    return this.waitingPacket;
  }

  private set waiting(packet: Packet | undefined) {
    this.waitingPacket = packet;
    this.setWord(Word.Waits, packet === undefined ? 0 : 1);
  }

  private get hasReceived(): boolean {
    return this.word(Word.Received) !== 0;
  }

  reset(): void {
    this.setWord(Word.TransmitControl, 0);
    this.setWord(Word.Sticky, 0);
    this.setWord(Word.HasPayload, 0);
    this.setWord(Word.SourceAddress, RESET_SOURCE_ADDRESS);
    this.waiting = undefined;
    this.setRetry(Number.POSITIVE_INFINITY);
    this.setWord(Word.Received, 0);
    this.updateLines();
  }

  /** Cycle at which a waiting packet is offered again; Infinity without one. */
  get nextEvent(): number {
    return this.kept.numbers[Kept.OfferAgain / 2] as number;
  }

  private setRetry(cycle: number): void {
    if (cycle === this.nextEvent) return;
    this.kept.numbers[Kept.OfferAgain / 2] = cycle;
    this.changed();
  }

  settle(): void {
    if (this.waiting !== undefined && this.now() >= this.nextEvent) this.offer(this.waiting);
  }

  /** Takes a packet from the router; false while the receive register is full. */
  deliver(packet: Packet, route: number): boolean {
    if (this.hasReceived) return false;
    this.setWord(Word.Received, 1);
    this.setWord(Word.ReceivedControl, packet.control);
    this.setWord(Word.ReceivedKey, packet.key);
    this.setWord(Word.ReceivedPayload, packet.payload ?? 0);
    this.setWord(Word.ReceivedHasPayload, packet.payload === undefined ? 0 : 1);
    this.setWord(Word.Route, route);
    this.updateLines();
    return true;
  }

  private get kind(): PacketKind | undefined {
    if (!this.hasReceived) return undefined;
    return ((this.word(Word.ReceivedControl) >>> 6) & 3) as PacketKind;
  }

  private updateLines(): void {
    const transmit = this.waiting === undefined ? TRANSMIT_FREE : 1 << Source.TransmitFull;
    const overrun = (this.word(Word.Sticky) & OVERRUN) !== 0 ? 1 << Source.TransmitOverrun : 0;
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
      this.setWord(Word.Sticky, this.word(Word.Sticky) | FULL | OVERRUN);
      this.updateLines();
      return;
    }
    const payload = this.word(Word.HasPayload) === 0 ? undefined : this.word(Word.Payload) >>> 0;
    this.setWord(Word.HasPayload, 0);
    const base =
      ((this.word(Word.TransmitControl) >>> 16) & ~PAYLOAD_PRESENT) |
      (payload === undefined ? 0 : PAYLOAD_PRESENT);
    const isPointToPoint = base >>> 6 === PacketKind.PointToPoint;
    const key = isPointToPoint
      ? ((this.word(Word.SourceAddress) << 16) | (value & 0xffff)) >>> 0
      : value >>> 0;
    const sequenced = isPointToPoint ? (base & ~SEQUENCE) | ((value >>> 12) & SEQUENCE) : base;
    const control = withParity(sequenced, key, payload) | this.fakeRoute;
    this.offer({ control, key, payload });
  }

  /** Bits that tell the router by which link the packet is to seem to have come, if any. */
  private get fakeRoute(): number {
    const route = (this.word(Word.SourceAddress) >>> 24) & 7;
    return route === NORMAL_ROUTE ? 0 : (route + 1) << FAKE_ROUTE_SHIFT;
  }

  private get receiveStatus(): number {
    const { kind } = this;
    if (kind === undefined) {
      this.inVain();
      return 0;
    }
    const flags = RECEIVED | ERROR_FREE | (1 << RECEIVED_ORDER[kind]);
    return flags | (this.word(Word.Route) << 24) | (this.word(Word.ReceivedControl) << 16);
  }

  /** The key as the receiver sees it: of a point-to-point packet, sequence code and source. */
  private get receivedKey(): number {
    const control = this.word(Word.ReceivedControl);
    const key = this.word(Word.ReceivedKey);
    const isPointToPoint = control >>> 6 === PacketKind.PointToPoint;
    return isPointToPoint ? ((control & SEQUENCE) << 12) | (key >>> 16) : key;
  }

  private popKey(): number {
    if (!this.hasReceived) {
      this.inVain();
      return this.word(Word.LastKey);
    }
    const { receivedKey } = this;
    this.setWord(Word.LastKey, receivedKey);
    this.setWord(Word.LastData, this.word(Word.ReceivedPayload));
    this.setWord(Word.Received, 0);
    this.updateLines();
    return receivedKey;
  }

  private get transmitStatus(): number {
    return this.word(Word.Sticky) | this.word(Word.TransmitControl);
  }

  private get receivedData(): number {
    const isThere = this.hasReceived && this.word(Word.ReceivedHasPayload) !== 0;
    return this.word(isThere ? Word.ReceivedPayload : Word.LastData);
  }

  read(offset: number): number {
    switch (offset) {
      case TRANSMIT_CONTROL:
        return this.transmitStatus | (this.waiting === undefined ? EMPTY | NOT_FULL : 0);
      case TRANSMIT_DATA:
        return this.word(Word.HasPayload) === 0 ? 0 : this.word(Word.Payload);
      case RECEIVE_STATUS:
        return this.receiveStatus;
      case RECEIVE_DATA:
        return this.receivedData;
      case RECEIVE_KEY:
        return this.popKey();
      case SOURCE_ADDRESS:
        return this.word(Word.SourceAddress);
      case TEST:
        return 0;
      default:
        throw new BusError(offset);
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case TRANSMIT_CONTROL:
        this.setWord(Word.TransmitControl, value & CONTROL_BYTE);
        this.setWord(Word.Sticky, this.word(Word.Sticky) & value);
        this.updateLines();
        return;
      case TRANSMIT_DATA:
        this.setWord(Word.Payload, value);
        this.setWord(Word.HasPayload, 1);
        return;
      case TRANSMIT_KEY:
        this.transmit(value);
        return;
      case SOURCE_ADDRESS:
        this.setWord(Word.SourceAddress, value & 0x0700ffff);
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

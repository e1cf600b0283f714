/**
 * The ethernet interface of a chip: one frame to be sent, a ring of received ones, and the wires to its PHY.
 * SpiNN-2 data sheet, chapter on the ethernet.
 */
import { BusError } from '../core/core.js';
import { FrameRing, RING_BYTES, RING_FRAMES } from './frame-ring.js';
import { Phy } from './phy.js';

const RECEIVED_FRAMES = 0x4000;
const DESCRIPTORS = 0x8000;
const COMMAND = 0xc000;
const STATUS = 0xc004;
const TRANSMIT_LENGTH = 0xc008;
const TRANSMIT = 0xc00c;
const RETIRE = 0xc010;
const ADDRESS_LOW = 0xc014;
const ADDRESS_HIGH = 0xc018;
const PHY_CONTROL = 0xc01c;
const INTERRUPT_CLEAR = 0xc020;
const READ_POINTER = 0xc024;
const WRITE_POINTER = 0xc028;
const READ_INDEX = 0xc02c;
const WRITE_INDEX = 0xc030;
const BASE = 0xe4000000;

const TRANSMIT_BYTES = 0x600;
const Command = {
  Transmit: 1 << 0,
  Receive: 1 << 1,
  Loopback: 1 << 2,
  Unicast: 1 << 4,
  Multicast: 1 << 5,
  Broadcast: 1 << 6,
  Promiscuous: 1 << 7,
  ClearDropped: 1 << 9,
  NaturalOrder: 1 << 10,
} as const;
const PhyLine = { NotReset: 1, In: 2, Out: 4, OutputEnable: 8, Clock: 16 } as const;
const TRANSMIT_INTERRUPT = 1 << 0;
const RECEIVE_INTERRUPT = 1 << 4;
const MOST_DROPPED = 0xffff;
const SHORTEST_FRAME = 60;
const LONGEST_FRAME = 1514;
/** Bits on the wire besides the frame: preamble, check sequence, gap. IEEE 802.3. */
const OVERHEAD_BITS = 192;
/** One bit at 100 Mb/s, ns. */
const BIT_NS = 10;
const ADDRESS_BYTES = 6;
/** First bit of an address to several stations. */
const GROUP = 1;

/** How long a frame is on the wire, ns. */
export function frameTime(bytes: number): number {
  return (8 * Math.max(SHORTEST_FRAME, bytes) + OVERHEAD_BITS) * BIT_NS;
}

/** What the interface needs of its chip. */
export interface EthernetMacWiring {
  /** Does something after a simulated time, ns. */
  after(ns: number, action: () => void): void;
  /** A frame, without its check sequence, is on the wire. */
  transmit(frame: Uint8Array): void;
  setTransmitInterrupt(level: boolean): void;
  setReceiveInterrupt(level: boolean): void;
}

/** Registers and memories by their byte offsets. */
export class EthernetMac {
  private readonly outgoing = new Uint8Array(TRANSMIT_BYTES);
  private readonly ring = new FrameRing();
  private readonly phy = new Phy();
  private command = 0;
  private isSending = false;
  private length = 0;
  private dropped = 0;
  private addressLow = 0;
  private addressHigh = 0;
  private phyControl: number = PhyLine.NotReset;

  constructor(private readonly wiring: EthernetMacWiring) {}

  /** A frame arrives, without its check sequence. */
  receive(frame: Uint8Array): void {
    if ((this.command & Command.Receive) === 0 || !this.isForHere(frame)) return;
    if (!this.ring.push(frame)) {
      this.dropped = Math.min(MOST_DROPPED, this.dropped + 1);
      return;
    }
    this.wiring.setReceiveInterrupt(true);
  }

  /** Value at an offset, unsigned; registers are words. Throws BusError where nothing is. */
  read(offset: number, size: 1 | 2 | 4): number {
    const memory = this.memoryAt(offset);
    if (memory !== undefined) return this.readBytes(memory, offset & 0x3fff, size);
    if (size !== 4) throw new BusError(BASE + offset);
    if (offset >= DESCRIPTORS && offset < DESCRIPTORS + 4 * RING_FRAMES)
      return this.ring.lengths[(offset - DESCRIPTORS) >> 2] as number;
    return this.readRegister(offset);
  }

  /** Writes at an offset; registers are words. Throws BusError where nothing is. */
  write(offset: number, value: number, size: 1 | 2 | 4): void {
    if (offset < TRANSMIT_BYTES) this.writeBytes(offset, value, size);
    else if (size !== 4 || offset < COMMAND) throw new BusError(BASE + offset);
    else this.writeRegister(offset, value);
  }

  private isForHere(frame: Uint8Array): boolean {
    const { command } = this;
    if ((command & Command.Promiscuous) !== 0) return true;
    const target = frame.subarray(0, ADDRESS_BYTES);
    if (target.every((byte) => byte === 0xff)) return (command & Command.Broadcast) !== 0;
    if (((target[0] ?? 0) & GROUP) !== 0) return (command & Command.Multicast) !== 0;
    return (command & Command.Unicast) !== 0 && target.every((byte, at) => byte === this.own(at));
  }

  /** A byte of the interface's own address, the first of them on the wire first. */
  private own(at: number): number {
    const word = at < 2 ? this.addressHigh << 16 : this.addressLow;
    return (word >>> (24 - 8 * (at < 2 ? at : at - 2))) & 0xff;
  }

  /** The bytes that an offset reaches, if it reaches any: the ring goes on at its start. */
  private memoryAt(offset: number): Uint8Array | undefined {
    if (offset < TRANSMIT_BYTES) return this.outgoing;
    return offset >= RECEIVED_FRAMES && offset < RECEIVED_FRAMES + 2 * RING_BYTES
      ? this.ring.bytes
      : undefined;
  }

  /** Without natural order the first byte on the wire is the highest of its word. */
  private placeOf(offset: number): number {
    return (this.command & Command.NaturalOrder) !== 0 ? offset : offset ^ 3;
  }

  private readBytes(memory: Uint8Array, offset: number, size: number): number {
    let value = 0;
    for (let byte = 0; byte < size; byte++) {
      const at = this.placeOf(offset + byte) % memory.length;
      value |= (memory[at] as number) << (8 * byte);
    }
    return value >>> 0;
  }

  private writeBytes(offset: number, value: number, size: number): void {
    for (let byte = 0; byte < size; byte++) {
      this.outgoing[this.placeOf(offset + byte)] = value >>> (8 * byte);
    }
  }

  private get status(): number {
    return (Number(this.isSending) | (this.ring.unread << 1) | (this.dropped << 16)) >>> 0;
  }

  private readRegister(offset: number): number {
    switch (offset) {
      case COMMAND:
        return this.command;
      case STATUS:
        return this.status;
      case TRANSMIT_LENGTH:
        return this.length;
      case ADDRESS_LOW:
        return this.addressLow;
      case ADDRESS_HIGH:
        return this.addressHigh;
      case PHY_CONTROL:
        return (this.phyControl & ~PhyLine.In) | (this.phy.level === 1 ? PhyLine.In : 0);
      case READ_POINTER:
        return this.ring.readPointer;
      case WRITE_POINTER:
        return this.ring.writePointer;
      case READ_INDEX:
        return this.ring.readIndex;
      case WRITE_INDEX:
        return this.ring.writeIndex;
      default:
        throw new BusError(BASE + offset);
    }
  }

  private writeRegister(offset: number, value: number): void {
    switch (offset) {
      case COMMAND:
        if ((value & Command.ClearDropped) !== 0) this.dropped = 0;
        if ((value & Command.Receive) === 0) this.ring.clear();
        this.command = value & ~Command.ClearDropped & 0x7ff;
        return;
      case TRANSMIT_LENGTH:
        this.length = value & 0x7ff;
        return;
      case TRANSMIT:
        this.send();
        return;
      case RETIRE:
        this.ring.retire();
        return;
      case ADDRESS_LOW:
        this.addressLow = value;
        return;
      case ADDRESS_HIGH:
        this.addressHigh = value & 0xffff;
        return;
      case PHY_CONTROL:
        this.setPhyLines(value);
        return;
      case INTERRUPT_CLEAR:
        if ((value & TRANSMIT_INTERRUPT) !== 0) this.wiring.setTransmitInterrupt(false);
        if ((value & RECEIVE_INTERRUPT) !== 0)
          this.wiring.setReceiveInterrupt(this.ring.unread > 0);
        return;
      default:
        throw new BusError(BASE + offset);
    }
  }

  private setPhyLines(value: number): void {
    this.phyControl = value & 0x3f;
    if ((value & PhyLine.NotReset) === 0) this.phy.reset();
    const isDriven = (value & PhyLine.OutputEnable) !== 0;
    const data = isDriven && (value & PhyLine.Out) === 0 ? 0 : 1;
    this.phy.changed((value & PhyLine.Clock) !== 0 ? 1 : 0, data);
  }

  private send(): void {
    const { command } = this;
    if ((command & Command.Transmit) === 0 || this.isSending) return;
    const length = Math.min(LONGEST_FRAME, Math.max(SHORTEST_FRAME, this.length));
    const frame = this.outgoing.slice(0, length);
    this.isSending = true;
    this.wiring.after(frameTime(length), () => {
      this.isSending = false;
      this.wiring.setTransmitInterrupt(true);
      if ((command & Command.Loopback) !== 0) this.receive(frame);
      else this.wiring.transmit(frame);
    });
  }
}

/**
 * What an ethernet chip that runs the image it was booted with does with datagrams of hosts: they reach its
 * ethernet interface as frames, one after the other at 100 Mb/s, and its own frames leave as datagrams.
 */
import { BOOT_PORT, bytesToIp, ipToBytes, MalformedMessageError, SCP_PORT } from '@spin-tools/scp';
import { frameTime } from '../chip/ethernet-mac.js';
import { BootRom } from './boot-rom.js';
import type { EthernetReceiver, HostAddress } from './ethernet.js';
import { newHostPortStatistics } from './host-port.js';
import { arpAnswer, datagramIn, MOST_DATAGRAM_BYTES, macOf, udpFrame } from './network-frames.js';

/** Frames wait this long at most on their way in, as in a switch with room for some 700 of SCP, ns. */
const MOST_WAIT_NS = 20_000_000;
/** Port from which hosts seem to send boot frames: they get no answer. */
const BOOT_SENDER_PORT = BOOT_PORT;
const NO_HOST = '0.0.0.0';

/** What a port needs of the machine. */
export interface FramePortWiring {
  /** The chip, while it runs an image. */
  running(): { receiveFrame(frame: Uint8Array): void } | undefined;
  /** Whether the chip waits in its boot ROM. */
  isWaiting(): boolean;
  /** A boot image is complete. Throws MalformedMessageError when it is none. */
  boot(image: Uint8Array): void;
  /** IPv4 address of the board. */
  ip(): string;
  /** Simulated time, ns; brought up to date by {@link after}. */
  now(): number;
  /** Does something after a simulated time, ns. */
  after(ns: number, action: () => void): void;
  /** A message of a host has come in. */
  received(datagram: Uint8Array, port: number): void;
  /** A datagram leaves. */
  send(datagram: Uint8Array, to: HostAddress, sourcePort: number): void;
}

/** Carries datagrams to and from one ethernet chip. Nothing that comes in, either way, makes it fail. */
export class FramePort implements EthernetReceiver {
  readonly statistics = newHostPortStatistics();
  private rom: BootRom;
  /** When the line to the chip is free, ns. */
  private freeAt = 0;

  constructor(private readonly wiring: FramePortWiring) {
    this.rom = this.newRom();
  }

  /** The chip lost power or was reset: what was under way is gone. */
  reset(): void {
    this.rom = this.newRom();
  }

  receiveMessage(datagram: Uint8Array, from: HostAddress): void {
    this.deliver(datagram, SCP_PORT, from);
  }

  receiveRaw(datagram: Uint8Array, port: number, from: HostAddress): void {
    this.deliver(datagram, port, from);
  }

  receiveBoot(datagram: Uint8Array): void {
    if (!this.wiring.isWaiting()) {
      this.deliver(datagram, BOOT_PORT, { ip: NO_HOST, port: BOOT_SENDER_PORT });
      return;
    }
    try {
      this.rom.receive(datagram);
      this.statistics.bootFrames++;
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.statistics.malformed++;
    }
  }

  /** A frame leaves the chip. */
  transmit(frame: Uint8Array): void {
    const answer = arpAnswer(frame);
    if (answer !== undefined) this.carry(answer);
    const datagram = datagramIn(frame);
    if (datagram === undefined) return;
    const { target, targetPort, sourcePort, data } = datagram;
    this.wiring.send(data, { ip: bytesToIp(target), port: targetPort }, sourcePort);
  }

  private deliver(data: Uint8Array, port: number, from: HostAddress): void {
    const { wiring, statistics } = this;
    if (wiring.running() === undefined) statistics.unexpected++;
    else if (data.length > MOST_DATAGRAM_BYTES) statistics.malformed++;
    else {
      const hostIp = ipToBytes(from.ip);
      const boardIp = ipToBytes(wiring.ip());
      const host = { mac: macOf(hostIp), ip: hostIp, port: from.port };
      const board = { mac: macOf(boardIp), ip: boardIp, port };
      if (!this.carry(udpFrame(host, board, data))) return;
      statistics.received++;
      wiring.received(data, port);
    }
  }

  /** Puts a frame on the line to the chip; false when too many wait there. */
  private carry(frame: Uint8Array): boolean {
    const { wiring } = this;
    const now = wiring.now();
    const start = Math.max(now, this.freeAt);
    if (start - now > MOST_WAIT_NS) {
      this.statistics.overrun++;
      return false;
    }
    this.freeAt = start + frameTime(frame.length);
    wiring.after(this.freeAt - now, () => wiring.running()?.receiveFrame(frame));
    return true;
  }

  private newRom(): BootRom {
    return new BootRom((image) => this.wiring.boot(image));
  }
}

/** What an ethernet chip does with datagrams from hosts. */
import {
  decodeSdp,
  MalformedMessageError,
  ReturnCode,
  SdpFlag,
  type SdpMessage,
} from '@spin-tools/scp';
import { survives } from '../monitor/survive.js';
import type { ChipMonitor } from '../monitor/world.js';
import { BootRom } from './boot-rom.js';
import type { EthernetReceiver, HostAddress } from './ethernet.js';
import { MessageBuffers } from './message-buffers.js';

/** Asks for a tag of its own for the reply. */
const TRANSIENT_TAG = 0xff;
const NS_PER_MICROSECOND = 1000;

/** What a port needs of the machine. */
export interface HostPortWiring {
  /** The chip's monitor, once the chip is booted. */
  monitor(): ChipMonitor | undefined;
  /** Whether the chip waits in its boot ROM. */
  isWaiting(): boolean;
  /** A boot image is complete. Throws MalformedMessageError when it is none. */
  boot(image: Uint8Array): void;
  /** Carries out a request as soon as it may be. */
  admit(message: SdpMessage, act: () => void): void;
  /** Does something after a simulated time, ns. */
  after(ns: number, action: () => void): void;
  /** A message of a host has come in. */
  received(): void;
}

/** What slows a port's monitor down. */
export interface HostPortLoad {
  /** Time for each message, microseconds; 0 for none. */
  readonly serviceMicroseconds: number;
  /** Whether the next request is answered with "busy". */
  isBusy(): boolean;
}

/** Counts of datagrams at ethernet chips. */
export interface HostPortStatistics {
  /** Messages taken in. */
  received: number;
  /** Boot frames taken in. */
  bootFrames: number;
  /** Datagrams dropped that were no SDP message, no boot frame, or no boot image. */
  malformed: number;
  /** Datagrams dropped because the chip was not booted, or had been, or had no power. */
  unexpected: number;
  /** Requests dropped for which there was no IPTag to reply by. */
  withoutTag: number;
  /** Messages dropped because all buffers of the monitor were full. */
  overrun: number;
  /** Plain datagrams dropped because no reverse IPTag took them. */
  unclaimed: number;
}

/** All zero. */
export const newHostPortStatistics = (): HostPortStatistics => ({
  received: 0,
  bootFrames: 0,
  malformed: 0,
  unexpected: 0,
  withoutTag: 0,
  overrun: 0,
  unclaimed: 0,
});

/** Gives the monitor the messages of hosts. Nothing that a host sends makes it fail. */
export class HostPort implements EthernetReceiver {
  readonly statistics = newHostPortStatistics();
  private rom: BootRom;
  private buffers: MessageBuffers | undefined;

  constructor(
    private readonly wiring: HostPortWiring,
    private readonly load?: HostPortLoad,
  ) {
    this.rom = this.newRom();
    this.buffers = this.newBuffers();
  }

  /** The chip lost power or was reset: what was under way is gone. */
  reset(): void {
    this.rom = this.newRom();
    this.buffers = this.newBuffers();
  }

  receiveMessage(datagram: Uint8Array, from: HostAddress): void {
    const monitor = this.wiring.monitor();
    if (monitor === undefined) this.statistics.unexpected++;
    else this.tolerate(() => this.takeMessage(monitor, decodeSdp(datagram), from));
  }

  receiveBoot(datagram: Uint8Array): void {
    if (!this.wiring.isWaiting()) this.statistics.unexpected++;
    else {
      this.tolerate(() => {
        this.rom.receive(datagram);
        this.statistics.bootFrames++;
      });
    }
  }

  receiveRaw(datagram: Uint8Array, port: number, from: HostAddress): void {
    const monitor = this.wiring.monitor();
    const message = monitor?.tags.incoming(datagram, port, from, monitor.position);
    if (monitor === undefined || message === undefined) this.statistics.unclaimed++;
    else this.take(monitor, message, () => monitor.route(message, 'host'));
  }

  private takeMessage(monitor: ChipMonitor, message: SdpMessage, from: HostAddress): void {
    this.take(monitor, message, () => this.route(monitor, message, from));
  }

  /**
   * What a host sends takes effect when it is admitted, if the chip still lives; only then a tag is spent on
   * the way back.
   */
  private take(monitor: ChipMonitor, message: SdpMessage, act: () => void): void {
    const { wiring, statistics } = this;
    const admit = () =>
      wiring.admit(message, () => {
        if (wiring.monitor() === monitor) survives(act);
      });
    if (this.buffers !== undefined && !this.buffers.offer(admit)) {
      statistics.overrun++;
      return;
    }
    statistics.received++;
    wiring.received();
    if (this.buffers === undefined) admit();
  }

  /** A monitor overwrites the sender's address and finds the way back by the tag. */
  private route(monitor: ChipMonitor, message: SdpMessage, from: HostAddress): void {
    const expectsReply = (message.flags & SdpFlag.Reply) !== 0;
    const isTransient = message.tag === TRANSIENT_TAG && expectsReply;
    const tag = isTransient ? monitor.tags.transient(from) : message.tag;
    if (expectsReply && !monitor.tags.isValid(tag)) {
      this.statistics.withoutTag++;
      return;
    }
    const { flags, destination, data } = message;
    const { core, port } = message.source;
    const { x, y } = monitor.position;
    const received = { flags, tag, destination, source: { x, y, core, port }, data };
    if (this.load?.isBusy()) monitor.refuse(received, ReturnCode.P2pBusy, 'host');
    else monitor.route(received, 'host', from.ip);
  }

  private tolerate(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.statistics.malformed++;
    }
  }

  private newRom(): BootRom {
    return new BootRom((image) => this.wiring.boot(image));
  }

  private newBuffers(): MessageBuffers | undefined {
    const ns = (this.load?.serviceMicroseconds ?? 0) * NS_PER_MICROSECOND;
    if (ns === 0) return undefined;
    return new MessageBuffers(ns, (wait, action) => this.wiring.after(wait, action));
  }
}

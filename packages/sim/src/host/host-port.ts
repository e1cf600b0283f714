/** What an ethernet chip does with datagrams from hosts. */
import { decodeSdp, MalformedMessageError, SdpFlag, type SdpMessage } from '@spin-tools/scp';
import type { ChipMonitor } from '../monitor/world.js';
import { BootRom } from './boot-rom.js';
import type { EthernetReceiver, HostAddress } from './ethernet.js';

/** Asks for a tag of its own for the reply. */
const TRANSIENT_TAG = 0xff;

/** What a port needs of the machine. */
export interface HostPortWiring {
  /** The chip's monitor, once the machine is booted. */
  monitor(): ChipMonitor | undefined;
  /** A boot image is complete. Throws MalformedMessageError when it is none. */
  boot(image: Uint8Array): void;
  /** Carries out a request as soon as it may be. */
  admit(message: SdpMessage, act: () => void): void;
}

/** Counts of datagrams at one ethernet chip. */
export interface HostPortStatistics {
  /** Messages taken in. */
  received: number;
  /** Datagrams that were dropped: malformed, without a tag, or to a machine that is not booted. */
  dropped: number;
}

/** Gives the monitor the messages of hosts. Nothing that a host sends makes it fail. */
export class HostPort implements EthernetReceiver {
  readonly statistics: HostPortStatistics = { received: 0, dropped: 0 };
  private readonly rom: BootRom;

  constructor(private readonly wiring: HostPortWiring) {
    this.rom = new BootRom((image) => wiring.boot(image));
  }

  receiveMessage(datagram: Uint8Array, from: HostAddress): void {
    const monitor = this.wiring.monitor();
    if (monitor === undefined) this.statistics.dropped++;
    else this.tolerate(() => this.takeMessage(monitor, decodeSdp(datagram), from));
  }

  receiveBoot(datagram: Uint8Array): void {
    if (this.wiring.monitor() !== undefined) return;
    this.tolerate(() => this.rom.receive(datagram));
  }

  receiveRaw(datagram: Uint8Array, port: number, from: HostAddress): void {
    const monitor = this.wiring.monitor();
    const message = monitor?.tags.incoming(datagram, port, from);
    if (monitor === undefined || message === undefined) this.statistics.dropped++;
    else this.tolerate(() => this.pass(monitor, message));
  }

  /** What a host sends takes effect when it is admitted; only then a tag is spent on the way back. */
  private takeMessage(monitor: ChipMonitor, message: SdpMessage, from: HostAddress): void {
    this.statistics.received++;
    this.wiring.admit(message, () => this.tolerate(() => this.route(monitor, message, from)));
  }

  /** A monitor overwrites the sender's address and finds the way back by the tag. */
  private route(monitor: ChipMonitor, message: SdpMessage, from: HostAddress): void {
    const expectsReply = (message.flags & SdpFlag.Reply) !== 0;
    const isTransient = message.tag === TRANSIENT_TAG && expectsReply;
    const tag = isTransient ? monitor.tags.transient(from) : message.tag;
    if (expectsReply && !monitor.tags.isValid(tag)) {
      this.statistics.dropped++;
      return;
    }
    const source = { ...message.source, ...monitor.chip.address };
    monitor.route({ ...message, tag, source }, 'host');
  }

  private pass(monitor: ChipMonitor, message: SdpMessage): void {
    this.statistics.received++;
    this.wiring.admit(message, () => this.tolerate(() => monitor.route(message, 'host')));
  }

  private tolerate(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.statistics.dropped++;
    }
  }
}

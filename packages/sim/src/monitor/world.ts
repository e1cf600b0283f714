/** What a monitor sees beyond its chip. */
import type { HostAddress } from '../host/ethernet.js';
import type { Monitor } from './monitor.js';

/** The machine around a monitor. */
export interface World {
  /** Simulated time, ns. */
  readonly time: number;
  /** The monitor at a chip address, x << 8 | y. */
  monitorAt(address: number): Monitor | undefined;
  /** All monitors, in the order of their chips. */
  readonly monitors: readonly Monitor[];
  /** The monitor of the chip that was booted. */
  readonly root: Monitor;
  /** Does something later. */
  after(ns: number, action: () => void): void;
  /** How long a packet takes between two chips, ns. */
  latency(from: Monitor, to: Monitor): number;
  /** The monitor behind a link, if the link works. */
  neighbour(of: Monitor, link: number): Monitor | undefined;
  /** Sends a datagram out of a chip's ethernet. */
  sendDatagram(from: Monitor, datagram: Uint8Array, to: HostAddress, sourcePort: number): void;
}

/** One direction of a link between two chips: how fast it is, and how many packets are on it. */
import type { Packet } from '../core/core.js';
import {
  BOARD_CROSSING_NS,
  BOARD_CROSSING_SLOWDOWN,
  HOP_NS,
  LINK_BUFFER_PACKETS,
  LONG_PACKET_NS,
  ROOM_TOLD_NS,
  SHORT_PACKET_NS,
} from './timing.js';

/** The outgoing side of a link. A link without a chip at its end never takes a packet. */
export class Link {
  /** Packets sent. */
  packets = 0;
  /** Packets with a payload sent. */
  longPackets = 0;
  /** Packets dropped because this link stayed blocked. */
  dropped = 0;
  /** Sent packets that the router at the other end has not dealt with. */
  inTransit = 0;
  /** Whether the link carries nothing at present: it is dead or stopped, or a chip at its ends is. */
  isDown = false;
  private busyUntil = 0;
  private readonly shortNs: number;
  private readonly longNs: number;
  private readonly latencyNs: number;
  private readonly room: number;

  /**
   * @param target index of the chip at the other end, -1 for none
   * @param crossesBoards whether the chips are on different boards
   */
  constructor(
    readonly target: number,
    readonly crossesBoards: boolean,
  ) {
    const slowdown = crossesBoards ? BOARD_CROSSING_SLOWDOWN : 1;
    this.shortNs = SHORT_PACKET_NS * slowdown;
    this.longNs = LONG_PACKET_NS * slowdown;
    this.latencyNs = crossesBoards ? HOP_NS + BOARD_CROSSING_NS : HOP_NS;
    const unknownNs = crossesBoards ? ROOM_TOLD_NS : 0;
    this.room = Math.ceil((this.latencyNs + unknownNs) / this.shortNs) + LINK_BUFFER_PACKETS + 1;
  }

  /** When the link may take the next packet, ns; later than `time` when it cannot take one now. */
  freeAt(time: number): number {
    if (this.target < 0 || this.isDown || this.inTransit >= this.room)
      return Number.POSITIVE_INFINITY;
    return Math.max(time, this.busyUntil - LINK_BUFFER_PACKETS * this.longNs);
  }

  /** Takes a packet and says when it arrives at the other end, ns. */
  send(packet: Packet, time: number): number {
    const start = Math.max(time, this.busyUntil);
    const isLong = packet.payload !== undefined;
    this.busyUntil = start + (isLong ? this.longNs : this.shortNs);
    this.packets++;
    if (isLong) this.longPackets++;
    this.inTransit++;
    return start + this.latencyNs;
  }
}

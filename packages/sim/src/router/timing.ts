/**
 * How fast packets travel. Sources: Temple, "SpiNNaker Chip Resources" (2015); constants of SC&MP 4.0;
 * SpiNN-2 data sheet. The split of a hop into parts is ours: only sums were ever published.
 */

/** From a core's transmit register to its router, ns. */
export const CORE_TO_ROUTER_NS = 200;
/** From a router to a receive register of its chip, ns. */
export const ROUTER_TO_CORE_NS = 300;
/** From router to router on one board, ns. Source: SC&MP's 500 ns per hop. */
export const HOP_NS = 500;
/** What a hop between boards takes more, ns. Source: SC&MP. */
export const BOARD_CROSSING_NS = 900;
/** One clock of the router at 133 MHz: one packet can leave in each. */
export const ROUTER_CLOCK_NS = 7.5;
/** A link is taken for this long by a packet of 40 bits: 6.25 M/s. */
export const SHORT_PACKET_NS = 160;
/** A link is taken for this long by a packet of 72 bits: 3.47 M/s. */
export const LONG_PACKET_NS = 288;
/** Links between boards carry half as many packets. */
export const BOARD_CROSSING_SLOWDOWN = 2;
/** A packet that cannot leave is looked at again after this, ns. */
export const BLOCKED_POLL_NS = 100;
/** Packets for one core that its side of the network holds, besides the one in its receive register. */
export const CORE_FIFO_PACKETS = 4;
/** Packets that an outgoing link holds besides the one on the wire. */
export const LINK_BUFFER_PACKETS = 1;
/**
 * How long a router may not know that the one on another board has dealt with a packet, ns. An estimate: word of it
 * comes by the same slow link, at the end of the window in which the machine runs its boards one by one.
 */
export const ROOM_TOLD_NS = 1000;
/** Packets of one chip's cores on their way to the router before cores must wait. */
export const INJECTION_FIFO_PACKETS = 24;

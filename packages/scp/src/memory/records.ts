/**
 * Small structures in the memory of a chip: routing-table records, IOBUF blocks, IPTags, heaps.
 * Source: spinnaker_tools 4.0 `spinnaker.h`, `sark.h`.
 */
import { byte, bytes, half, padding, struct, word } from '../layout/struct.js';

/**
 * One record of the routing table's copy, and of a table to be loaded. In the copy, `free` is
 * 0x8000 | core << 8 | app id for an entry in use and `route` is 0xff000000 or more for a free one.
 */
export const routingRecordLayout = struct('routing record', {
  next: half,
  free: half,
  /** Links in bits 5:0, virtual cores in 23:6. */
  route: word,
  key: word,
  mask: word,
});

/** Entries of a router. */
export const ROUTER_ENTRIES = 1024;

/** Routes of free records are not below this. */
export const FREE_ROUTE = 0xff000000;

/** What stands before the text of an IOBUF block. */
export const iobufHeaderLayout = struct('IOBUF block', {
  /** Address of the next block, or 0. */
  next: word,
  unixTime: word,
  timeMs: word,
  /** Bytes of text in this block. */
  length: word,
});

/** An IPTag. */
export const ipTagLayout = struct('IPTag', {
  /** Target, in network order. */
  ip: bytes(4),
  mac: bytes(6),
  /** UDP port that messages are sent to. */
  transmitPort: half,
  /** Ticks of 10 ms that are left; 0 for ever. */
  timeout: half,
  /** See {@link IpTagFlag}. */
  flags: half,
  /** Messages that went through. */
  count: word,
  /** UDP port that a reverse tag listens to. */
  receivePort: half,
  destinationAddress: half,
  /** SDP port and core that a reverse tag delivers to, see `portByte`. */
  destinationPort: byte,
  unused: padding(7),
});

/** An IPTag's fields. */
export type IpTag = ReturnType<typeof ipTagLayout.decode>;

/** Bits of an IPTag's flags. */
export const IpTagFlag = {
  Valid: 0x8000,
  Transient: 0x4000,
  AwaitingArp: 0x2000,
  UseSender: 0x0400,
  Reverse: 0x0200,
  Strip: 0x0100,
} as const;

/** IPTags of a chip: 0 to 7 are fixed, 8 to 15 a pool for replies. */
export const IP_TAGS = 16;

/** A heap in SDRAM or System RAM. */
export const heapLayout = struct('heap', { free: word, first: word, last: word, freeBytes: word });

/**
 * What stands before each block of a heap. `free` is the next free block, or 0xffff0000 |
 * app id << 8 | tag for an allocated one.
 */
export const heapBlockLayout = struct('heap block', { next: word, free: word });

/** What the monitor knows of one application. */
export const applicationDataLayout = struct('application data', {
  cores: byte,
  clean: byte,
  semaphore: byte,
  lead: byte,
  /** Virtual cores, one bit each. */
  mask: word,
});

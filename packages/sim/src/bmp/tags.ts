/** IPTags of a management processor. Source: BMP firmware 2.1.2, `bmp_net.c`, `cmd_iptag`. */
import {
  type BmpIpTag,
  type BmpIpTagSettings,
  IP_TAGS,
  IpTagFlag,
  ipToBytes,
} from '@spin-tools/scp';
import type { HostAddress } from '../host/ethernet.js';

/** Tags from here on are a pool for replies. */
const FIRST_POOL_TAG = 8;
/** How many tags there are of each kind; the firmware does not tell how long they are. */
export const TAG_COUNTS = {
  ...{ entryBytes: 0, fixed: FIRST_POOL_TAG, pool: IP_TAGS - FIRST_POOL_TAG },
} as const;
/** What stands for no tag. */
export const NO_TAG = 0xff;
const TICK_NS = 10_000_000;
/** 2.56 s. */
const DEFAULT_TIMEOUT_CODE = 9;
const MOST_TIMEOUT_CODE = 15;

interface Tag {
  readonly host: HostAddress;
  readonly flags: number;
  /** When the tag dies, ns; Infinity for never. */
  readonly expires: number;
  count: number;
}

/** The 16 tags of one board. */
export class BmpTags {
  private readonly tags: (Tag | undefined)[] = new Array(IP_TAGS).fill(undefined);
  private transientTimeout = DEFAULT_TIMEOUT_CODE;

  /** @param now simulated time, ns */
  constructor(private readonly now: () => number) {}

  /** A tag for one reply to a host, or {@link NO_TAG} while all are in use: none makes room for another. */
  transient(host: HostAddress): number {
    const tag = this.free();
    const code = this.transientTimeout;
    const flags = IpTagFlag.Valid | IpTagFlag.Transient | code;
    if (tag !== NO_TAG) this.tags[tag] = { host, flags, expires: this.expiry(code), count: 0 };
    return tag;
  }

  /** A tag of the pool that is not in use, or {@link NO_TAG}. */
  free(): number {
    for (let tag = FIRST_POOL_TAG; tag < IP_TAGS; tag++) if (!this.isValid(tag)) return tag;
    return NO_TAG;
  }

  isValid(tag: number): boolean {
    return this.valid(tag) !== undefined;
  }

  /** Ticks of the time-out go into the flags, where 2^14 of them make the tag one for a single message. */
  set(tag: number, { ip, udpPort, timeout }: BmpIpTagSettings): void {
    const ticks = timeout === 0 ? 0 : 1 << (timeout - 1);
    const flags = IpTagFlag.Valid | (ticks & ~IpTagFlag.AwaitingArp);
    this.tags[tag] = {
      host: { ip, port: udpPort },
      flags,
      expires: this.expiry(timeout),
      count: 0,
    };
  }

  clear(tag: number): void {
    this.tags[tag] = undefined;
  }

  clearAll(): void {
    this.tags.fill(undefined);
    this.transientTimeout = DEFAULT_TIMEOUT_CODE;
  }

  /** Sets the time-out code of transient tags, if it is below 16; gives the one before. */
  exchangeTimeout(code: number): number {
    const before = this.transientTimeout;
    if (code <= MOST_TIMEOUT_CODE) this.transientTimeout = code;
    return before;
  }

  /** A tag as the IPTAG command shows it. */
  describe(tag: number): BmpIpTag {
    const entry = this.valid(tag);
    const left = entry === undefined ? 0 : entry.expires - this.now();
    return {
      ip: ipToBytes(entry?.host.ip ?? '0.0.0.0'),
      mac: new Uint8Array(6),
      udpPort: entry?.host.port ?? 0,
      timeout: left === Number.POSITIVE_INFINITY ? 0 : Math.min(0xffff, Math.ceil(left / TICK_NS)),
      flags: entry?.flags ?? 0,
      count: entry?.count ?? 0,
    };
  }

  /** Where a message through a tag goes, if it is valid; a transient tag is used up by it. */
  use(tag: number): HostAddress | undefined {
    const entry = this.valid(tag);
    if (entry === undefined) return undefined;
    if ((entry.flags & IpTagFlag.Transient) !== 0) this.clear(tag);
    else entry.count = (entry.count + 1) >>> 0;
    return entry.host;
  }

  private valid(tag: number): Tag | undefined {
    const entry = this.tags[tag];
    if (entry !== undefined && entry.expires <= this.now()) this.clear(tag);
    return this.tags[tag];
  }

  private expiry(code: number): number {
    return code === 0 ? Number.POSITIVE_INFINITY : this.now() + 2 ** (code - 1) * TICK_NS;
  }
}

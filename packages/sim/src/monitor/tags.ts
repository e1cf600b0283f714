/**
 * IPTags of an ethernet chip: ways of messages out of the machine, and of plain UDP into it. Source:
 * `cmd_iptag`, `udp_pkt` and `eth_send_msg` of SC&MP 4.0.
 */
import {
  addressToChip,
  bytesToIp,
  type ChipAddress,
  encodeSdp,
  HOST_CORE,
  HOST_PORT,
  IP_TAGS,
  type IpTag,
  IpTagFlag,
  ipTagLayout,
  ipToBytes,
  SCP_PORT,
  SDP_MOST_DATA_BYTES,
  type SdpMessage,
} from '@spin-tools/scp';
import type { HostAddress } from '../host/ethernet.js';
import { GATEWAY } from './serial-rom.js';

/** Tags from here on are a pool for replies; only those before it listen to plain datagrams. */
const FIRST_POOL_TAG = 8;
const NO_TAG = 0xff;
const TICK_NS = 10_000_000;
/** Time-out code of transient tags unless set otherwise: 2.56 s. */
const DEFAULT_TIMEOUT_CODE = 9;
const NO_IP = '0.0.0.0';
const NO_MAC = new Uint8Array(6);
const MOST_ANSWERS = 5;
/** Flags of messages made from plain datagrams. */
const REVERSE_FLAGS = 0x07;
/** First bytes of the ethernet addresses that hosts seem to have, before their IPv4 address: locally administered. */
const MAC_PREFIX = [0x02, 0x00];

/** What a tag is set to. */
export interface TagSettings {
  /** Bits of `IpTagFlag` that a request can set, 0x0f00. */
  readonly flags: number;
  /** 0 for ever; t lets the tag live 2^(t-1) ticks of 10 ms. */
  readonly timeout: number;
  readonly udpPort: number;
  /** Target, or undefined for the sender of the request. */
  readonly ip: string | undefined;
  readonly destinationAddress: number;
  readonly destinationPort: number;
}

/** Who sent a request to set a tag. */
export interface TagSender {
  /** IPv4 address, if the request came straight from its host. */
  readonly ip: string | undefined;
  /** Tag of the request's own way back. */
  readonly tag: number;
  /** IPv4 address of the chip itself. */
  readonly board: string;
}

interface Tag {
  flags: number;
  ip: string;
  /** Hardware address of the next hop; undefined for that of the IP address. */
  mac: Uint8Array | undefined;
  transmitPort: number;
  receivePort: number;
  destinationAddress: number;
  destinationPort: number;
  count: number;
  /** When the tag dies, ns; Infinity for never. */
  expires: number;
  /** Ticks of 10 ms that it would live if it were valid. */
  ticks: number;
}

const emptyTag = (): Tag => ({
  flags: 0,
  ip: NO_IP,
  mac: NO_MAC,
  transmitPort: 0,
  receivePort: 0,
  destinationAddress: 0,
  destinationPort: 0,
  count: 0,
  ticks: 0,
  expires: Number.POSITIVE_INFINITY,
});

/** The 16 tags of one chip. */
export class Tags {
  /** Time-out code of transient tags, 0 to 15. */
  transientTimeout = DEFAULT_TIMEOUT_CODE;
  /** Made when first needed: most chips have no ethernet. */
  private made: Tag[] | undefined;
  /** IPv4 addresses whose hardware addresses were asked for, the last first. */
  private answers: readonly string[] = new Array<string>(MOST_ANSWERS).fill(NO_IP);

  /**
   * @param now simulated time, ns
   * @param standsStill whether simulated time passes no more, so that no tag would ever run out
   */
  constructor(
    private readonly now: () => number,
    private readonly standsStill: () => boolean,
  ) {}

  private get tags(): Tag[] {
    this.made ??= Array.from({ length: IP_TAGS }, emptyTag);
    return this.made;
  }

  /**
   * A tag for the reply to one request, 255 when the pool is used up; while time stands still its oldest
   * transient tag is taken then.
   */
  transient(host: HostAddress): number {
    const pool = this.freePoolTag();
    const free = pool ?? (this.standsStill() ? this.oldestTransient() : undefined);
    if (free === undefined) return NO_TAG;
    this.tags[free] = {
      ...emptyTag(),
      flags: IpTagFlag.Valid | IpTagFlag.Transient | this.transientTimeout,
      ip: host.ip,
      mac: undefined,
      transmitPort: host.port,
      expires: this.now() + lifetimeOf(this.transientTimeout),
    };
    return free;
  }

  /** A tag of the pool that is not in use. */
  freePoolTag(): number | undefined {
    for (let tag = FIRST_POOL_TAG; tag < IP_TAGS; tag++) if (!this.isValid(tag)) return tag;
    return undefined;
  }

  /** Whether a tag is in use. */
  isValid(tag: number): boolean {
    const entry = this.made?.[tag];
    if (entry === undefined || entry.flags === 0) return false;
    if (entry.expires > this.now()) return true;
    entry.flags = 0;
    return false;
  }

  /**
   * Sets a tag. The ticks of its time-out are or-ed into its flags, as SC&MP does: codes from 9 on set
   * flags thereby, such as "strip". The network finds out hardware addresses at once.
   */
  set(tag: number, settings: TagSettings, sender: TagSender, knowsSenders: boolean): void {
    const ticks = ticksOf(settings.timeout);
    const flags = settings.flags | ticks;
    const isReverse = (flags & IpTagFlag.Reverse) !== 0;
    const source = knowsSenders && (flags & IpTagFlag.UseSender) !== 0 ? sender.tag : undefined;
    const known = source === undefined ? undefined : (this.tags[source] ?? emptyTag());
    const ownIp = isReverse ? NO_IP : (known?.ip ?? sender.ip ?? NO_IP);
    const ip = settings.ip ?? ownIp;
    const target = isReverse
      ? { flags: flags | IpTagFlag.Valid, mac: NO_MAC }
      : this.resolve(flags, ip, sender.board, knowsSenders);
    const isValid = (target.flags & IpTagFlag.Valid) !== 0;
    this.tags[tag] = {
      ...emptyTag(),
      ip,
      ...target,
      transmitPort: isReverse ? 0 : (known?.transmitPort ?? settings.udpPort),
      receivePort: isReverse ? settings.udpPort : 0,
      destinationAddress: settings.destinationAddress,
      destinationPort: settings.destinationPort,
      // Time counts for valid tags only.
      expires: isValid ? this.now() + lifetimeOf(settings.timeout) : Number.POSITIVE_INFINITY,
      ticks: isValid ? 0 : ticks,
    };
  }

  /**
   * Flags and hardware address once the network was asked for the address of the next hop. Nobody answers a chip
   * without an ethernet; the address asked for stays in place of the hardware address then. Since 3.2 monitors
   * keep five answers, which at first are for 0.0.0.0. Source: `arp_lookup`.
   */
  private resolve(
    flags: number,
    ip: string,
    board: string,
    remembers: boolean,
  ): Pick<Tag, 'flags' | 'mac'> {
    const known = (flags & ~IpTagFlag.AwaitingArp) | IpTagFlag.Valid;
    if (remembers && this.answers.includes(ip)) {
      return { flags: known, mac: ip === NO_IP ? NO_MAC : macOf(ip) };
    }
    if (board === NO_IP) {
      return { flags: flags | IpTagFlag.AwaitingArp, mac: Uint8Array.of(...ipToBytes(ip), 0, 0) };
    }
    const next = nextHopOf(ip, board);
    this.answers = [next, ...this.answers.slice(0, MOST_ANSWERS - 1)];
    return { flags: known, mac: macOf(next) };
  }

  clear(tag: number): void {
    (this.tags[tag] as Tag).flags = 0;
  }

  /** A tag as the IPTAG command shows it; all zeros past the last. */
  describe(tag: number): IpTag {
    const entry = this.tags[tag];
    if (entry === undefined) return ipTagLayout.decode(new Uint8Array(ipTagLayout.size));
    const isLimited = this.isValid(tag) && entry.expires !== Number.POSITIVE_INFINITY;
    return {
      ip: ipToBytes(entry.ip),
      mac: entry.mac ?? macOf(entry.ip),
      transmitPort: entry.transmitPort,
      timeout: isLimited ? Math.ceil((entry.expires - this.now()) / TICK_NS) : entry.ticks,
      flags: entry.flags,
      count: entry.count,
      receivePort: entry.receivePort,
      destinationAddress: entry.destinationAddress,
      destinationPort: entry.destinationPort,
    };
  }

  /** UDP ports that tags listen to. */
  get reversePorts(): readonly number[] {
    return this.tags
      .slice(0, FIRST_POOL_TAG)
      .filter(({ receivePort }, tag) => receivePort !== 0 && this.isValid(tag))
      .map(({ receivePort }) => receivePort);
  }

  /** The datagram of a message that leaves through a tag, or undefined when the tag is not valid. */
  outgoing(
    message: SdpMessage,
  ): { datagram: Uint8Array; to: HostAddress; sourcePort: number } | undefined {
    const entry = this.tags[message.tag];
    if (entry === undefined || !this.isValid(message.tag)) return undefined;
    if ((entry.flags & IpTagFlag.Valid) === 0) return undefined;
    const strips = (entry.flags & IpTagFlag.Strip) !== 0;
    const datagram = strips ? Uint8Array.from(message.data) : encodeSdp(message);
    const isReverse = (entry.flags & IpTagFlag.Reverse) !== 0;
    if ((entry.flags & IpTagFlag.Transient) !== 0) entry.flags = 0;
    else entry.count++;
    if (entry.ip === NO_IP) return undefined;
    return {
      datagram,
      to: { ip: entry.ip, port: entry.transmitPort },
      sourcePort: isReverse ? entry.receivePort : SCP_PORT,
    };
  }

  /**
   * The message of a plain datagram that came in for a reverse tag; undefined when none listens.
   *
   * @param chip the ethernet chip itself
   */
  incoming(
    datagram: Uint8Array,
    port: number,
    from: HostAddress,
    chip: ChipAddress,
  ): SdpMessage | undefined {
    const tag = this.tags.findIndex(
      (entry, index) => index < FIRST_POOL_TAG && entry.receivePort === port && this.isValid(index),
    );
    if (tag < 0 || datagram.length > SDP_MOST_DATA_BYTES) return undefined;
    const entry = this.tags[tag] as Tag;
    entry.ip = bytesToIp(ipToBytes(from.ip));
    entry.mac = undefined;
    entry.transmitPort = from.port;
    const { destinationAddress, destinationPort } = entry;
    const core = { core: destinationPort & 31, port: destinationPort >>> 5 };
    return {
      flags: REVERSE_FLAGS,
      tag,
      destination: { ...addressToChip(destinationAddress), ...core },
      source: { ...chip, core: HOST_CORE, port: HOST_PORT },
      data: datagram,
    };
  }

  private oldestTransient(): number | undefined {
    let oldest: number | undefined;
    for (let tag = FIRST_POOL_TAG; tag < IP_TAGS; tag++) {
      const { flags, expires } = this.tags[tag] as Tag;
      const isTransient = (flags & IpTagFlag.Transient) !== 0;
      const before = oldest === undefined || expires < (this.tags[oldest] as Tag).expires;
      if (isTransient && before) oldest = tag;
    }
    return oldest;
  }
}

function macOf(ip: string): Uint8Array {
  return Uint8Array.of(...MAC_PREFIX, ...ipToBytes(ip));
}

/** What is beyond the board's own network of 65,536 addresses goes to its gateway. Source: `arp_lookup`. */
function nextHopOf(ip: string, board: string): string {
  const [own, other] = [ipToBytes(board), ipToBytes(ip)];
  const isNear = own[0] === other[0] && own[1] === other[1];
  return isNear ? ip : bytesToIp(own.fill(GATEWAY, 3));
}

function ticksOf(code: number): number {
  return code === 0 ? 0 : 2 ** (code - 1);
}

function lifetimeOf(code: number): number {
  return code === 0 ? Number.POSITIVE_INFINITY : ticksOf(code) * TICK_NS;
}

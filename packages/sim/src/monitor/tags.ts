/** IPTags of an ethernet chip: ways of messages out of the machine, and of plain UDP into it. */
import {
  addressToChip,
  bytesToIp,
  chipToAddress,
  encodeSdp,
  HOST_CORE,
  HOST_PORT,
  IP_TAGS,
  type IpTag,
  IpTagFlag,
  type IpTagSettings,
  ipToBytes,
  portByte,
  SCP_PORT,
  SDP_MOST_DATA_BYTES,
  type SdpMessage,
} from '@spin-tools/scp';
import type { HostAddress } from '../host/ethernet.js';

/** Tags from here on are a pool for replies. */
const FIRST_POOL_TAG = 8;
const TICK_NS = 10_000_000;
/** Time-out code of transient tags unless set otherwise. */
const DEFAULT_TIMEOUT_CODE = 9;
const NO_IP = '0.0.0.0';
/** Flags of messages made from plain datagrams. */
const REVERSE_FLAGS = 0x07;

interface Tag {
  flags: number;
  ip: string;
  transmitPort: number;
  receivePort: number;
  destinationAddress: number;
  destinationPort: number;
  count: number;
  /** When the tag dies, ns; Infinity for never. */
  expires: number;
  lifetime: number;
}

const emptyTag = (): Tag => ({
  flags: 0,
  ip: NO_IP,
  transmitPort: 0,
  receivePort: 0,
  destinationAddress: 0,
  destinationPort: 0,
  count: 0,
  expires: Number.POSITIVE_INFINITY,
  lifetime: Number.POSITIVE_INFINITY,
});

/** The 16 tags of one chip. */
export class Tags {
  /** Time-out code of transient tags, 0 to 15. */
  transientTimeout = DEFAULT_TIMEOUT_CODE;
  /** Made when first needed: most chips have no ethernet. */
  private made: Tag[] | undefined;

  /** @param now simulated time, ns */
  constructor(private readonly now: () => number) {}

  private get tags(): Tag[] {
    this.made ??= Array.from({ length: IP_TAGS }, emptyTag);
    return this.made;
  }

  /** A tag for the reply to one request. When the pool is used up, its oldest transient tag is taken. */
  transient(host: HostAddress): number {
    const free = this.freePoolTag() ?? this.oldestTransient();
    if (free === undefined) return 0xff;
    this.tags[free] = {
      ...emptyTag(),
      flags: IpTagFlag.Valid | IpTagFlag.Transient,
      ip: host.ip,
      transmitPort: host.port,
      ...this.lifetimeOf(this.transientTimeout),
    };
    return free;
  }

  /** A tag of the pool that is not in use. */
  freePoolTag(): number | undefined {
    for (let tag = FIRST_POOL_TAG; tag < IP_TAGS; tag++) if (!this.isValid(tag)) return tag;
    return undefined;
  }

  isValid(tag: number): boolean {
    const entry = this.made?.[tag];
    if (entry === undefined || (entry.flags & IpTagFlag.Valid) === 0) return false;
    if (entry.expires > this.now()) return true;
    entry.flags = 0;
    return false;
  }

  /** Sets a tag; `sender` is where the request came from, known by its own tag. */
  set(tag: number, settings: IpTagSettings, sender: HostAddress | undefined): void {
    const flags =
      IpTagFlag.Valid |
      (settings.strip ? IpTagFlag.Strip : 0) |
      (settings.reverse ? IpTagFlag.Reverse : 0) |
      (settings.useSender ? IpTagFlag.UseSender : 0);
    const usesSenderIp = settings.useSender || settings.ip === NO_IP;
    this.tags[tag] = {
      ...emptyTag(),
      flags,
      ip: usesSenderIp ? (sender?.ip ?? NO_IP) : settings.ip,
      transmitPort: settings.useSender ? (sender?.port ?? 0) : settings.udpPort,
      receivePort: settings.reverse ? settings.udpPort : 0,
      destinationAddress: chipToAddress(settings.destination),
      destinationPort: portByte(settings.destination),
      ...this.lifetimeOf(settings.timeout),
    };
  }

  clear(tag: number): void {
    (this.tags[tag] as Tag).flags = 0;
  }

  /** A tag as the IPTAG command shows it. */
  describe(tag: number): IpTag {
    const entry = this.tags[tag] as Tag;
    const isValid = this.isValid(tag);
    const left =
      isValid && entry.expires !== Number.POSITIVE_INFINITY ? entry.expires - this.now() : 0;
    return {
      ip: ipToBytes(entry.ip),
      mac: new Uint8Array(6),
      transmitPort: entry.transmitPort,
      timeout: Math.min(0xffff, Math.ceil(left / TICK_NS)),
      flags: entry.flags,
      count: entry.count,
      receivePort: entry.receivePort,
      destinationAddress: entry.destinationAddress,
      destinationPort: entry.destinationPort,
    };
  }

  /** Where messages through a tag go, if it is valid. */
  hostOf(tag: number): HostAddress | undefined {
    if (!this.isValid(tag)) return undefined;
    const { ip, transmitPort } = this.tags[tag] as Tag;
    return { ip, port: transmitPort };
  }

  /** UDP ports that reverse tags listen to. */
  get reversePorts(): readonly number[] {
    const reverse = this.tags.filter((entry, tag) => isReverse(entry) && this.isValid(tag));
    return reverse.map(({ receivePort }) => receivePort);
  }

  /** The datagram of a message that leaves through a tag, or undefined when the tag is not valid. */
  outgoing(
    message: SdpMessage,
  ): { datagram: Uint8Array; to: HostAddress; sourcePort: number } | undefined {
    const to = this.hostOf(message.tag);
    if (to === undefined) return undefined;
    const entry = this.tags[message.tag] as Tag;
    const strips = (entry.flags & IpTagFlag.Strip) !== 0;
    const datagram = strips ? Uint8Array.from(message.data) : encodeSdp(message);
    if ((entry.flags & IpTagFlag.Transient) !== 0) entry.flags = 0;
    else this.used(entry);
    return { datagram, to, sourcePort: isReverse(entry) ? entry.receivePort : SCP_PORT };
  }

  /** The message of a plain datagram that came in for a reverse tag; undefined when none listens. */
  incoming(datagram: Uint8Array, port: number, from: HostAddress): SdpMessage | undefined {
    const tag = this.tags.findIndex(
      (entry, index) => isReverse(entry) && entry.receivePort === port && this.isValid(index),
    );
    if (tag < 0 || datagram.length > SDP_MOST_DATA_BYTES) return undefined;
    const entry = this.tags[tag] as Tag;
    entry.ip = bytesToIp(ipToBytes(from.ip));
    entry.transmitPort = from.port;
    this.used(entry);
    const { destinationAddress, destinationPort } = entry;
    const core = { core: destinationPort & 31, port: destinationPort >>> 5 };
    return {
      flags: REVERSE_FLAGS,
      tag,
      destination: { ...addressToChip(destinationAddress), ...core },
      source: { x: 0, y: 0, core: HOST_CORE, port: HOST_PORT },
      data: datagram,
    };
  }

  private used(entry: Tag): void {
    entry.count++;
    entry.expires = this.now() + entry.lifetime;
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

  private lifetimeOf(code: number): { lifetime: number; expires: number } {
    const lifetime = code === 0 ? Number.POSITIVE_INFINITY : 2 ** (code - 1) * TICK_NS;
    return { lifetime, expires: this.now() + lifetime };
  }
}

function isReverse({ flags }: Tag): boolean {
  return (flags & IpTagFlag.Reverse) !== 0;
}

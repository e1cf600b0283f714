/** Commands that ask what a chip is and what its cores do. */
import { addressToChip, type ChipAddress, chipToAddress } from '../addresses.js';
import { MalformedMessageError } from '../errors.js';
import { byte, bytes, half, struct, word } from '../layout/struct.js';
import type { CoreState } from '../memory/vcpu.js';
import {
  body,
  type Command,
  type CommandKind,
  commandOf,
  mapReply,
  replyWord,
  wordsReply,
} from './command.js';

/** What runs on a core. */
export interface VersionInformation {
  /** The chip; (255, 255) while a monitor is still finding out. */
  readonly chip: ChipAddress;
  readonly physicalCore: number;
  readonly virtualCore: number;
  /** Most data of one message, bytes. */
  readonly dataBytes: number;
  /** Seconds since 1970. */
  readonly buildTime: number;
  /** Software and hardware, for example `SC&MP/SpiNNaker`. */
  readonly name: string;
  /** For example `4.0.0`. */
  readonly version: string;
}

const versionLayout = struct('CMD_VER reply', {
  virtualCore: byte,
  physicalCore: byte,
  p2pAddress: half,
  dataBytes: half,
  versionNumber: half,
  buildTime: word,
});

/** Version numbers that say "the version is in the text". */
const VERSION_IN_TEXT = 0xffff;

/** CMD_VER: what runs on a core. */
export const Version: CommandKind<void, VersionInformation> = {
  name: 'CMD_VER',
  code: 0,
  repeatable: () => true,
  encodeRequest: () => body(),
  decodeRequest: () => undefined,
  encodeReply: (reply) => {
    const payload = new Uint8Array(
      versionLayout.size + reply.name.length + reply.version.length + 2,
    );
    const { physicalCore, virtualCore, dataBytes, buildTime } = reply;
    const p2pAddress = chipToAddress(reply.chip);
    const versionNumber = VERSION_IN_TEXT;
    versionLayout.encode(
      { virtualCore, physicalCore, p2pAddress, dataBytes, versionNumber, buildTime },
      payload,
    );
    payload.set(new TextEncoder().encode(`${reply.name}\0${reply.version}\0`), versionLayout.size);
    return payload;
  },
  decodeReply: (payload) => {
    const { p2pAddress, versionNumber, ...fields } = versionLayout.decode(payload);
    const texts = new TextDecoder().decode(payload.subarray(versionLayout.size)).split('\0');
    return {
      ...fields,
      chip: addressToChip(p2pAddress),
      name: texts[0] ?? '',
      version: versionNumber === VERSION_IN_TEXT ? (texts[1] ?? '') : oldVersion(versionNumber),
    };
  },
};

/** What a chip has and how it is. */
export interface ChipInformation {
  /** Working cores, monitor included: virtual cores 0 to this - 1. */
  readonly coreCount: number;
  /** Links that work, bit l for link l. */
  readonly links: number;
  /** Entries of the largest free block of the routing table, up to 1023. */
  readonly freeRoutingEntries: number;
  readonly ethernetUp: boolean;
  /** Bytes of the largest free block of SDRAM. */
  readonly freeSdram: number;
  /** Bytes of the largest free block of System RAM. */
  readonly freeSystemRam: number;
  /** State of virtual cores 0 to 17. */
  readonly coreStates: readonly CoreState[];
  readonly ethernetChip: ChipAddress;
  /** IPv4 address such as `192.168.240.1`, if the chip has one. */
  readonly ip: string | undefined;
  /** Link towards the root chip; 7 on the root chip itself, undefined from old monitors. */
  readonly parentLink: number | undefined;
}

const informationLayout = struct('CMD_INFO reply', {
  summary: word,
  freeSdram: word,
  freeSystemRam: word,
  coreStates: bytes(18),
  ethernetAddress: half,
  ip: bytes(4),
});
const PARENT_LINK_BYTES = 2;

/** CMD_INFO: what a chip has and how it is. */
export const Information: CommandKind<void, ChipInformation> = {
  name: 'CMD_INFO',
  code: 31,
  repeatable: () => true,
  encodeRequest: () => body(0x5f),
  decodeRequest: () => undefined,
  encodeReply: (chip) => {
    const tail = chip.parentLink === undefined ? 0 : PARENT_LINK_BYTES;
    const payload = new Uint8Array(informationLayout.size + tail);
    informationLayout.encode(
      {
        summary:
          chip.coreCount |
          (chip.links << 8) |
          (chip.freeRoutingEntries << 14) |
          (chip.ethernetUp ? 1 << 25 : 0),
        freeSdram: chip.freeSdram,
        freeSystemRam: chip.freeSystemRam,
        coreStates: Uint8Array.from({ length: 18 }, (_, core) => chip.coreStates[core] ?? 0),
        ethernetAddress: chipToAddress(chip.ethernetChip),
        ip: ipToBytes(chip.ip ?? '0.0.0.0'),
      },
      payload,
    );
    if (chip.parentLink !== undefined) payload[informationLayout.size] = chip.parentLink;
    return payload;
  },
  decodeReply: (payload) => {
    const fields = informationLayout.decode(payload);
    const ip = fields.ip.some((octet) => octet !== 0) ? bytesToIp(fields.ip) : undefined;
    return {
      coreCount: fields.summary & 0x1f,
      links: (fields.summary >>> 8) & 0x3f,
      freeRoutingEntries: (fields.summary >>> 14) & 0x7ff,
      ethernetUp: ((fields.summary >>> 25) & 1) === 1,
      freeSdram: fields.freeSdram,
      freeSystemRam: fields.freeSystemRam,
      coreStates: [...fields.coreStates],
      ethernetChip: addressToChip(fields.ethernetAddress),
      ip,
      parentLink: payload[informationLayout.size],
    };
  },
};

/** CMD_COUNT: how many cores of an application on one board are in a state. Monitor 4.0 and later. */
export const Count: CommandKind<{ appId: number; state: CoreState }, readonly number[]> = {
  name: 'CMD_COUNT',
  code: 15,
  repeatable: () => true,
  encodeRequest: ({ appId, state }) => body(appId, state),
  decodeRequest: ({ arguments: [appId, state] }) => ({ appId, state }),
  ...wordsReply,
};

/** Bits of the second argument of CMD_SIG that count: request 1 in 23:22, mode 2 in 21:20. */
const COUNT_BY_SIGNAL = 0x00600000;
const ALL_BLOCKS = 0xffff;
const WHOLE_APP_ID = 0xff00;

/** Counts cores of an application that are in a state, on all chips, as monitors up to version 3 do. */
export const countCoresBySignal = (appId: number, state: CoreState): Command<number> => ({
  name: 'CMD_SIG',
  code: 22,
  repeatable: true,
  ...body(1, COUNT_BY_SIGNAL | (state << 16) | WHOLE_APP_ID | appId, ALL_BLOCKS),
  parse: (payload) => replyWord(wordsReply.decodeReply(payload), 0, 'CMD_SIG'),
});

/** Asks what runs on a core. */
export const version = (): Command<VersionInformation> => commandOf(Version, undefined);

/** Asks what a chip has and how it is. */
export const information = (): Command<ChipInformation> => commandOf(Information, undefined);

/** Counts cores of an application that are in a state, on the board of the chip asked. */
export const countCores = (appId: number, state: CoreState): Command<number> =>
  mapReply(commandOf(Count, { appId, state }), (words) => replyWord(words, 0, Count.name));

/** The four bytes of an IPv4 address. Throws RangeError for anything else. */
export function ipToBytes(ip: string): Uint8Array {
  const octets = ip.split('.').map(Number);
  if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255))) {
    throw new RangeError(`"${ip}" is no IPv4 address such as 192.168.240.1`);
  }
  return Uint8Array.from(octets);
}

/** An IPv4 address in text. Throws {@link MalformedMessageError} unless it has four bytes. */
export function bytesToIp(octets: Uint8Array): string {
  if (octets.length !== 4)
    throw new MalformedMessageError('IPv4 address', `${octets.length} bytes`);
  return octets.join('.');
}

/** Monitors before 2.0 send major * 100 + minor. */
function oldVersion(number: number): string {
  return `${Math.floor(number / 100)}.${number % 100}.0`;
}

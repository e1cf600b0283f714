/**
 * CMD_IPTAG of a Board Management Processor: plain ways out only, entries of 24 bytes. Source: BMP firmware
 * 2.1.2, `cmd_iptag`, `iptag_t`.
 */
import type { CommandKind } from '../commands/command.js';
import { bytesToIp, ipToBytes } from '../commands/information.js';
import { type TagReply, type TagRequest, tagCommand } from '../commands/tag-command.js';
import { bytes, half, padding, struct, word } from '../layout/struct.js';
import { inRange } from './boards.js';

/** An IPTag of a Board Management Processor. */
export const bmpIpTagLayout = struct('BMP IPTag', {
  /** Target, in network order. */
  ip: bytes(4),
  mac: bytes(6),
  udpPort: half,
  /** Ticks of 10 ms that are left; 0 for ever. */
  timeout: half,
  /** See `IpTagFlag`; the low bits repeat the time-out as it was set. */
  flags: half,
  /** Messages that went through. */
  count: word,
  unused: padding(4),
});

/** An IPTag's fields. */
export type BmpIpTag = ReturnType<typeof bmpIpTagLayout.decode>;

/** Where a tag leads to. */
export interface BmpIpTagSettings {
  /** IPv4 address. */
  readonly ip: string;
  readonly udpPort: number;
  /** 0 for ever; t lets the tag live 2^(t-1) * 10 ms. */
  readonly timeout: number;
}

/** Operations of CMD_IPTAG. */
export type BmpIpTagRequest = TagRequest<BmpIpTagSettings>;

/** What an operation gives back. */
export type BmpIpTagReply = TagReply<BmpIpTag>;

/** CMD_IPTAG. Unlike on chips, all of the upper half of the first argument is the operation. */
export const BmpIpTagCommand: CommandKind<BmpIpTagRequest, BmpIpTagReply> = tagCommand<
  BmpIpTagSettings,
  BmpIpTag
>({
  layout: bmpIpTagLayout,
  operationMask: 0xffff,
  encodeSettings: ({ ip, udpPort, timeout }) => [
    0,
    (inRange('timeout', timeout, 15) << 16) | inRange('udpPort', udpPort, 0xffff),
    new DataView(ipToBytes(ip).buffer).getUint32(0, true),
  ],
  decodeSettings: ([, second, third]) => ({
    ip: bytesToIp(Uint8Array.of(third, third >>> 8, third >>> 16, third >>> 24)),
    udpPort: second & 0xffff,
    timeout: (second >>> 16) & 15,
  }),
});

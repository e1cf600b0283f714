/** Datagrams that are nearly right: random ones, and valid frames that were changed in one place or several. */
import {
  Allocate,
  ApplicationCopyRun,
  ApplicationRun,
  ApplicationStart,
  bootFrames,
  builtInBootImage,
  type ChipAddress,
  Count,
  encodeBootFrame,
  encodeSdp,
  Fill,
  FloodFillData,
  Information,
  IpTagCommand,
  Led,
  LinkRead,
  LinkWrite,
  NearestNeighbourPacket,
  Read,
  Router,
  requestDatagram,
  SendSignal,
  SerialRom,
  Version,
  Write,
} from '@spin-tools/scp';
import { randomFrom } from '../src/faults/random.js';

/** Commands that change nothing but what hosts may see by them. */
export const HARMLESS: readonly number[] = [Version, Read, LinkRead, Information, Count, Led].map(
  ({ code }) => code,
);
/** All that the protocol has, and some that it has not. */
const ALL: readonly number[] = [
  ...[Version, Read, Write, Fill, LinkRead, LinkWrite, Information, Count, Led, SerialRom],
  ...[Allocate, Router, IpTagCommand, ApplicationRun, ApplicationStart, ApplicationCopyRun],
  ...[NearestNeighbourPacket, FloodFillData, SendSignal],
]
  .map(({ code }) => code)
  .concat([1, 4, 16, 30, 48, 63, 99, 0xffff]);

/** Words at which bounds checks fail if they fail anywhere, and places of the monitor's own structures. */
const EXTREMES: readonly number[] = [
  ...[0, 1, 2, 3, 4, 255, 256, 257, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff],
  ...[0x60000000, 0x60640000, 0x61000000, 0x67800000, 0x67fffffc, 0x68000000, 0x70000000],
  ...[0xe5000000, 0xe5000100, 0xe5007000, 0xe5007ffc, 0xf5007f00, 0xf1000000, 0xf1004000],
  ...[0xe1010000, 0xf2000000, 0x10000000, 0x1f000000, 0x00400000, 0xfffffffc],
];
const MOST_BYTES = 320;
const IMAGE_FRAMES = bootFrames(builtInBootImage()).map(encodeBootFrame);

/** Draws datagrams; the same seed draws the same. */
export class Mutations {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** One of some. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** Bytes of any length and content. */
  noise(most = MOST_BYTES): Uint8Array {
    return Uint8Array.from({ length: this.below(most + 1) }, () => this.below(256));
  }

  /** A request for a chip, well formed; its arguments are small, extreme or anything. */
  request(chips: readonly ChipAddress[], commands = ALL): Uint8Array {
    const chip = this.below(8) === 0 ? this.place() : this.pick(chips);
    const core = this.below(4) === 0 ? this.below(32) : 0;
    const port = this.below(16) === 0 ? this.below(8) : 0;
    const header = {
      flags: this.below(8) === 0 ? this.below(256) : 0x87,
      tag: this.below(8) === 0 ? this.below(256) : 255,
      destination: { x: chip.x, y: chip.y, core, port },
      source: { ...this.place(), core: 31, port: 7 },
    };
    return requestDatagram(header, {
      command: this.pick(commands),
      sequence: this.below(65536),
      arguments: [this.argument(), this.argument(), this.argument()],
      data: this.noise(256),
    });
  }

  /** A request that was damaged: another length, other bits, a piece of another one. */
  damaged(chips: readonly ChipAddress[], commands = ALL): Uint8Array {
    return this.damage(this.request(chips, commands), () => this.request(chips, commands));
  }

  /** A message for a program or a host. */
  message(chips: readonly ChipAddress[]): Uint8Array {
    const end = () => ({ ...this.pick(chips), core: this.below(32), port: this.below(8) });
    const header = { flags: this.below(256), tag: this.below(256) };
    return encodeSdp({ ...header, destination: end(), source: end(), data: this.noise(280) });
  }

  /** A boot frame, rarely as it should be. */
  bootFrame(): Uint8Array {
    const frame = this.pick(IMAGE_FRAMES);
    return this.below(8) === 0 ? frame : this.damage(frame, () => this.pick(IMAGE_FRAMES));
  }

  private damage(datagram: Uint8Array, another: () => Uint8Array): Uint8Array {
    switch (this.below(4)) {
      case 0:
        return datagram.subarray(0, this.below(datagram.length + 1));
      case 1:
        return Uint8Array.of(...datagram, ...this.noise(40));
      case 2: {
        const cut = this.below(datagram.length);
        return Uint8Array.of(...datagram.subarray(0, cut), ...another().subarray(cut));
      }
      default: {
        const flipped = Uint8Array.from(datagram);
        for (let flips = this.below(6); flips >= 0; flips--) {
          const at = this.below(flipped.length);
          flipped[at] = (flipped[at] as number) ^ (1 << this.below(8));
        }
        return flipped;
      }
    }
  }

  private argument(): number {
    switch (this.below(4)) {
      case 0:
        return this.below(256);
      case 1:
        return (this.pick(EXTREMES) + this.below(3) * 4) >>> 0;
      case 2:
        return this.pick(EXTREMES);
      default:
        return Math.floor(this.random() * 2 ** 32);
    }
  }

  private place(): ChipAddress {
    return { x: this.below(256), y: this.below(256) };
  }
}

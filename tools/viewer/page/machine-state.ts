/** How a machine was at some time: what frames said, and how fast counters went. */
import {
  CORES_OF_CHIP,
  type FrameMessage,
  LINKS_OF_CHIP,
  ROUTER_COUNTERS,
} from '../../src/view/messages.js';

/** Columns by chip; see {@link FrameMessage}. Rates are a second, of the machine's own time where it tells it. */
export class MachineState {
  readonly states: Uint8Array;
  /** Whether a chip was told of. */
  readonly known: Uint8Array;
  readonly entries: Uint16Array;
  readonly router: Uint32Array;
  readonly linkPackets: Uint32Array;
  readonly linkDrops: Uint32Array;
  /** Multicast packets that a router dealt with. */
  readonly routerRate: Float32Array;
  readonly linkRate: Float32Array;
  /** Milliseconds since watching began, and simulated time. */
  at = 0;
  simulatedNs: number | undefined;
  /** Whether links are counted. */
  hasLinks = false;
  private readonly lookedAt: Float64Array;
  private readonly chips: number;

  constructor(chips: number) {
    this.chips = chips;
    this.states = new Uint8Array(chips * CORES_OF_CHIP);
    this.known = new Uint8Array(chips);
    this.entries = new Uint16Array(chips);
    this.router = new Uint32Array(chips * ROUTER_COUNTERS);
    this.linkPackets = new Uint32Array(chips * LINKS_OF_CHIP);
    this.linkDrops = new Uint32Array(chips * LINKS_OF_CHIP);
    this.routerRate = new Float32Array(chips);
    this.linkRate = new Float32Array(chips * LINKS_OF_CHIP);
    this.lookedAt = new Float64Array(chips);
  }

  /** Becomes what another state is. */
  become(other: MachineState): void {
    this.states.set(other.states);
    this.known.set(other.known);
    this.entries.set(other.entries);
    this.router.set(other.router);
    this.linkPackets.set(other.linkPackets);
    this.linkDrops.set(other.linkDrops);
    this.routerRate.set(other.routerRate);
    this.linkRate.set(other.linkRate);
    this.lookedAt.set(other.lookedAt);
    this.at = other.at;
    this.simulatedNs = other.simulatedNs;
    this.hasLinks = other.hasLinks;
  }

  /** Takes in what a frame says, and gives how many packets were sent and dropped since the one before. */
  apply(frame: FrameMessage): { sent: number; dropped: number } {
    const now = frame.simulatedNs === undefined ? frame.at : frame.simulatedNs / 1e6;
    const to = Math.min(frame.to, this.chips);
    this.routerRate.fill(0, frame.from, to);
    this.linkRate.fill(0, frame.from * LINKS_OF_CHIP, to * LINKS_OF_CHIP);
    const counted = { sent: 0, dropped: 0 };
    frame.chips.forEach((chip, index) => {
      if (chip < this.chips) this.applyChip(frame, chip, index, now, counted);
    });
    this.lookedAt.fill(now, frame.from, to);
    this.at = frame.at;
    this.simulatedNs = frame.simulatedNs;
    this.hasLinks ||= frame.linkPackets !== undefined;
    return counted;
  }

  private applyChip(
    frame: FrameMessage,
    chip: number,
    index: number,
    now: number,
    counted: { sent: number; dropped: number },
  ): void {
    const isNew = this.known[chip] === 0;
    const seconds = (now - (this.lookedAt[chip] as number)) / 1000;
    const perSecond = isNew || seconds <= 0 ? 0 : 1 / seconds;
    const [sent, passed, dropped] = [0, 1, 2].map((counter) => {
      const before = this.router[chip * ROUTER_COUNTERS + counter] as number;
      return isNew ? 0 : since(before, frame.router[index * ROUTER_COUNTERS + counter] as number);
    }) as [number, number, number];
    this.routerRate[chip] = (sent + passed) * perSecond;
    counted.sent += sent;
    counted.dropped += dropped;
    if (frame.linkPackets && frame.linkDrops) {
      for (let link = 0; link < LINKS_OF_CHIP; link++) {
        const place = chip * LINKS_OF_CHIP + link;
        const packets = frame.linkPackets[index * LINKS_OF_CHIP + link] as number;
        if (!isNew) {
          this.linkRate[place] = since(this.linkPackets[place] as number, packets) * perSecond;
        }
        this.linkPackets[place] = packets;
        this.linkDrops[place] = frame.linkDrops[index * LINKS_OF_CHIP + link] as number;
      }
    }
    copy(frame.states, this.states, index, chip, CORES_OF_CHIP);
    copy(frame.router, this.router, index, chip, ROUTER_COUNTERS);
    this.entries[chip] = frame.entries[index] as number;
    this.known[chip] = 1;
  }

  /** Packets that a chip dropped so far. */
  droppedBy(chip: number): number {
    return this.router[chip * ROUTER_COUNTERS + 2] as number;
  }
}

/** What a counter of 32 bits counted between two looks; one that went back was cleared. */
function since(before: number, now: number): number {
  if (now >= before) return now - before;
  return before > 0xf0000000 ? now + 2 ** 32 - before : now;
}

function copy<Column extends Uint8Array | Uint32Array>(
  from: Column,
  to: Column,
  index: number,
  chip: number,
  width: number,
): void {
  for (let at = 0; at < width; at++) to[chip * width + at] = from[index * width + at] as number;
}

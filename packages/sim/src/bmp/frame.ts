/**
 * A frame of up to 24 boards with a Board Management Processor each, as hosts see it on port 17893: firmware
 * 2.1.2, without the parts that no host can tell. Board 0 leads to all others.
 */
import { decodeSdp, MalformedMessageError, MOST_BOARDS, ReturnCode } from '@spin-tools/scp';
import type { HostAddress } from '../host/ethernet.js';
import { Board, DEFAULT_FRAME } from './board.js';
import { Processor, type Surroundings } from './processor.js';
import type { BmpClock, BoardSwitches } from './switches.js';

/** A frame's boards, time, and way out. */
export interface BmpFrameOptions {
  readonly switches: BoardSwitches;
  readonly clock: BmpClock;
  /** A datagram leaves by the ethernet of a board's management processor. */
  readonly send: (datagram: Uint8Array, to: HostAddress, board: number) => void;
  /** Number of the frame, 0 to 255, as a backplane says it. Default 240, as without a backplane. */
  readonly frame?: number;
  /** Makes sensors of boards differ a little. Default 0. */
  readonly seed?: number;
}

/** What became of datagrams. */
export interface BmpStatistics {
  /** Datagrams that came. */
  received: number;
  /** Datagrams that went out. */
  sent: number;
  /** Dropped: too short or too long for a message. */
  malformed: number;
  /** Dropped: all buffers were full. */
  overrun: number;
  /** Dropped: a tag was asked for that leads nowhere, or none was free. */
  untagged: number;
  /** Refused requests, by return code. */
  readonly refused: Map<number, number>;
}

/** Counts of nothing. */
export function newBmpStatistics(): BmpStatistics {
  return { ...{ received: 0, sent: 0, malformed: 0, overrun: 0, untagged: 0 }, refused: new Map() };
}

/** UDP data of up to this is ignored: frames of 52 bytes. Source: `udp_pkt`, "rx_len > 52". */
const TOO_SHORT_BYTES = 10;

/** The management processors of one frame. */
export class BmpFrame {
  readonly statistics = newBmpStatistics();
  private readonly processors: readonly Processor[];

  /** Throws RangeError for a number of boards that is not from 1 to 24. */
  constructor({ switches, clock, send, frame = DEFAULT_FRAME, seed = 0 }: BmpFrameOptions) {
    if (!(switches.count >= 1 && switches.count <= MOST_BOARDS))
      throw new RangeError(`a frame has 1 to ${MOST_BOARDS} boards: ${switches.count}`);
    const surroundings: Surroundings = {
      forward: (number, message) => {
        // A board that never spoke on the CAN bus: RC_ROUTE. Source: `can_send_msg`, `can_status`.
        const processor = this.processors[number];
        if (processor === undefined) return ReturnCode.Route;
        if (!processor.hasRoom) return ReturnCode.P2pNoReply;
        processor.take(message);
        return undefined;
      },
      tell: (from, boards, work) => {
        for (const processor of this.processors) {
          const { number } = processor.board;
          if (number !== from && ((boards >>> number) & 1) === 1)
            processor.order(work(processor.board));
        }
      },
      send: (datagram, to, board) => {
        this.statistics.sent++;
        send(datagram, to, board);
      },
      refused: (code) => {
        const { refused } = this.statistics;
        refused.set(code, (refused.get(code) ?? 0) + 1);
      },
      untagged: () => {
        this.statistics.untagged++;
      },
    };
    this.processors = Array.from({ length: switches.count }, (_, number) => {
      const board = new Board(number, frame, switches, clock, seed);
      return new Processor(board, surroundings);
    });
  }

  /** LEDs of a board, bit l for LED l. */
  leds(board: number): number {
    return this.processors[board]?.board.leds ?? 0;
  }

  /**
   * Takes a datagram from a host. Never throws for what the datagram holds.
   *
   * @param board whose ethernet it comes in by, 0 by default
   */
  receive(datagram: Uint8Array, from: HostAddress, board = 0): void {
    const { statistics } = this;
    const processor = this.processors[board];
    if (processor === undefined) throw new RangeError(`the frame has no board ${board}`);
    statistics.received++;
    if (!processor.hasRoom) {
      statistics.overrun++;
      return;
    }
    try {
      if (datagram.length <= TOO_SHORT_BYTES) statistics.malformed++;
      else if (!processor.receive(decodeSdp(datagram), from)) statistics.untagged++;
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      statistics.malformed++;
    }
  }
}

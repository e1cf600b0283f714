/** Everything that a host does with the boards of one frame, by their management processors. */
import type { LedAction } from '../commands/board.js';
import type { Command } from '../commands/command.js';
import { Connection, type ConnectionOptions } from '../connection/connection.js';
import type { Patience } from '../connection/exchange.js';
import type { ConnectionStatistics } from '../connection/statistics.js';
import type { Transport } from '../transport/transport.js';
import type { BoardStatus } from './board-status.js';
import { checkedBoard } from './boards.js';
import { readFpgaRegister, writeFpgaRegister } from './fpga.js';
import {
  type BackplaneEeprom,
  type BmpHardware,
  type BmpResetCounts,
  type BoardAddresses,
  backplaneEeprom,
  bmpHardware,
  bmpResetCounts,
  boardAddresses,
  boardStatus,
  canAddresses,
} from './information.js';
import { boardLeds } from './leds.js';
import { powerBoards, type ResetAction, resetBoards } from './power.js';
import { type BmpVersionInformation, bmpVersion } from './version.js';

/** How to reach the Board Management Processor of a frame's board 0. */
export interface BmpControllerOptions extends ConnectionOptions {
  /** To its SCP port, 17893. */
  readonly scp: Transport;
}

/** How boards are switched. */
export interface PowerOptions {
  /** Each board waits for its number times this, so that not all load the supply at once, ms. Default 0. */
  readonly delayMs?: number;
}

/** How boards are reset. */
export interface ResetOptions extends PowerOptions {
  /** Default: a pulse, after which the chips start in their boot ROM. */
  readonly action?: ResetAction;
  /** Whether the FPGAs are reset too. They come up with links to chips disabled. Default false. */
  readonly fpgas?: boolean;
}

/** Commands that concern several boards go to this one: others do not always pass them on (rig, SpiNNMan). */
const FRAME_CONTROLLER = 0;
/** How long a board may take to come on, ms: 2 to 3 s of loading FPGAs. Source: rig, SpiNNMan. */
const POWER_ON_MS = 10_000;
/** How long to wait for a board that may be busy before it is asked again, ms. */
const ASK_AGAIN_MS = 500;
const FEW_TRIES = 4;
/** A board has 8 buffers for messages. Source: BMP firmware 2.1.2, `NUM_MSGS`. */
const WINDOW = 4;
const NO_PATIENCE_OF_ITS_OWN: Partial<Patience> = {};

/**
 * Drives the boards of one frame, 0 to 23; a board that stands alone is board 0. All methods throw ScpError
 * when a processor refuses (RC_ROUTE: the frame has no such board), ScpTimeoutError when it stays silent, and
 * RangeError for numbers out of range.
 */
export class BmpController {
  private readonly connection: Connection;

  constructor({ scp, ...options }: BmpControllerOptions) {
    this.connection = new Connection(scp, { window: WINDOW, ...options });
  }

  /** What went over the wire so far. */
  get statistics(): Readonly<ConnectionStatistics> {
    return this.connection.statistics;
  }

  /** Sends any command to a board. */
  async send<T>(board: number, command: Command<T>, patience = NO_PATIENCE_OF_ITS_OWN): Promise<T> {
    return this.connection.send({ x: 0, y: 0, core: checkedBoard(board) }, command, patience);
  }

  /** What runs on a board's processor. */
  version(board = 0): Promise<BmpVersionInformation> {
    return this.send(board, bmpVersion());
  }

  /**
   * Switches boards on or off, and waits until all of them are. Board 0 answers when it is on itself; the
   * others are busy until they are on, and then answer a question.
   */
  async power(
    boards: Iterable<number>,
    on: boolean,
    { delayMs = 0 }: PowerOptions = {},
  ): Promise<void> {
    const all = [...boards];
    const patience = { timeoutMs: POWER_ON_MS, tries: 1 };
    await this.send(FRAME_CONTROLLER, powerBoards(all, on, delayMs), patience);
    await this.settled(all, delayMs, on ? POWER_ON_MS : 0);
  }

  /** Resets the chips of boards, by default so that they start in their boot ROM, and waits for it. */
  async reset(
    boards: Iterable<number>,
    { action, fpgas = false, delayMs = 0 }: ResetOptions = {},
  ): Promise<void> {
    const all = [...boards];
    await this.send(FRAME_CONTROLLER, resetBoards(all, action, { fpgas, delayMs }));
    await this.settled(all, delayMs, 0);
  }

  /** Acts on LEDs of boards; `actions[n]` is for LED n, at most 8. */
  async setLeds(boards: Iterable<number>, actions: readonly LedAction[]): Promise<void> {
    await Promise.all(
      [...boards].map(async (board) => this.send(board, boardLeds(board, actions))),
    );
  }

  /** A register of one of a board's FPGAs 0 to 2; see `FpgaRegister`. The board must be on. */
  async readFpgaRegister(board: number, fpga: number, address: number): Promise<number> {
    return this.send(board, readFpgaRegister(fpga, address));
  }

  /** Sets a register of one of a board's FPGAs. */
  async writeFpgaRegister(
    board: number,
    fpga: number,
    address: number,
    value: number,
  ): Promise<void> {
    return this.send(board, writeFpgaRegister(fpga, address, value));
  }

  /** Voltages, temperatures and fan speeds of a board. */
  readAdc(board = 0): Promise<BoardStatus> {
    return this.send(board, boardStatus());
  }

  /** What a board is: version, serial number, addresses in the processor's memory. */
  hardware(board = 0): Promise<BmpHardware> {
    return this.send(board, bmpHardware());
  }

  /** IPv4 addresses of a board's processor and of its ethernet chip. */
  addresses(board = 0): Promise<BoardAddresses> {
    return this.send(board, boardAddresses());
  }

  /** How often a board's processor started again, and why. */
  resetCounts(board = 0): Promise<BmpResetCounts> {
    return this.send(board, bmpResetCounts());
  }

  /** What the backplane says about the frame; defaults when there is none. */
  backplane(): Promise<BackplaneEeprom> {
    return this.send(FRAME_CONTROLLER, backplaneEeprom());
  }

  /** Addresses on the CAN bus where board 0 has seen boards. */
  canAddresses(): Promise<readonly number[]> {
    return this.send(FRAME_CONTROLLER, canAddresses());
  }

  /** Closes the transport; requests that wait fail with ConnectionClosedError. */
  close(): Promise<void> {
    return this.connection.close();
  }

  /**
   * A busy board answers when it is done: asks each but the frame's controller, which answered already, and
   * often, as tags for replies live for 2.56 s only.
   */
  private async settled(boards: readonly number[], delayMs: number, workMs: number): Promise<void> {
    for (const board of boards) {
      if (board === FRAME_CONTROLLER) continue;
      const tries = FEW_TRIES + Math.ceil((workMs + delayMs * board) / ASK_AGAIN_MS);
      await this.send(board, bmpVersion(), { timeoutMs: ASK_AGAIN_MS, tries });
    }
  }
}

/**
 * Switches boards of a virtual machine for an allocation server, by their management processors, as the
 * server of a real machine does it: power first, then the links that lead out of a job are stopped.
 */
import type { Torus } from '@spin-tools/machine-model';
import { BmpController, type ChipAddress, FPGA_BANK_BYTES, FPGA_LINK_STOP } from '@spin-tools/scp';
import type { VirtualMachine } from '@spin-tools/sim';
import type { BoardPower, ServedBoard } from '@spin-tools/spalloc-client/server';

/** Boards of a frame. */
const FRAME_BOARDS = 24;

/** The FPGA and its serial link that lead to the board whose ethernet chip is so far away. Source: spio, rig. */
const WAYS_OUT = [
  { dx: 4, dy: -4, fpga: 0, link: 0 },
  { dx: -4, dy: -8, fpga: 0, link: 1 },
  { dx: -8, dy: -4, fpga: 1, link: 0 },
  { dx: -4, dy: 4, fpga: 1, link: 1 },
  { dx: 4, dy: 8, fpga: 2, link: 0 },
  { dx: 8, dy: 4, fpga: 2, link: 1 },
] as const;

/** A board's number in the machine, and its ethernet chip. */
export interface NumberedBoard {
  readonly number: number;
  readonly chip: ChipAddress;
}

/** Power of boards of a virtual machine. Switching several jobs at once is done one after the other. */
export class VirtualBoardPower implements BoardPower {
  readonly #torus: Torus;
  readonly #frames: readonly BmpController[];
  #last: Promise<unknown> = Promise.resolve();

  /** @param boards what the server's boards are in the machine */
  constructor(
    virtual: VirtualMachine,
    private readonly boards: ReadonlyMap<ServedBoard, NumberedBoard>,
  ) {
    this.#torus = virtual.machine;
    this.#frames = Array.from(
      { length: virtual.frameCount },
      (_, frame) => new BmpController({ scp: virtual.bmpTransport(frame) }),
    );
  }

  switchOn(boards: readonly ServedBoard[]): Promise<void> {
    return this.#afterOthers(async () => {
      const numbered = boards.flatMap((board) => this.boards.get(board) ?? []);
      await this.#power(numbered, true);
      await Promise.all(numbered.map((board) => this.#joinTo(board, numbered)));
    });
  }

  switchOff(boards: readonly ServedBoard[]): Promise<void> {
    return this.#afterOthers(() =>
      this.#power(
        boards.flatMap((board) => this.boards.get(board) ?? []),
        false,
      ),
    );
  }

  /** Hangs up on the management processors. */
  async close(): Promise<void> {
    await Promise.all(this.#frames.map((frame) => frame.close()));
  }

  #afterOthers(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work, work);
    this.#last = done;
    return done;
  }

  async #power(boards: readonly NumberedBoard[], on: boolean): Promise<void> {
    await Promise.all(
      this.#frames.map(async (frame, index) => {
        const numbers = boards
          .filter(({ number }) => Math.floor(number / FRAME_BOARDS) === index)
          .map(({ number }) => number % FRAME_BOARDS);
        if (numbers.length > 0) await frame.power(numbers, on);
      }),
    );
  }

  /** Power has opened all links of a board; those that lead to other people's boards are stopped. */
  async #joinTo({ number, chip }: NumberedBoard, others: readonly NumberedBoard[]): Promise<void> {
    const frame = this.#frames[Math.floor(number / FRAME_BOARDS)];
    for (const { dx, dy, fpga, link } of WAYS_OUT) {
      const there = this.#around(chip.x + dx, chip.y + dy);
      const isOurs = others.some((other) => other.chip.x === there.x && other.chip.y === there.y);
      const address = link * FPGA_BANK_BYTES + FPGA_LINK_STOP;
      await frame?.writeFpgaRegister(number % FRAME_BOARDS, fpga, address, isOurs ? 0 : 1);
    }
  }

  #around(x: number, y: number): ChipAddress {
    const { width, height } = this.#torus;
    return { x: (x + width) % width, y: (y + height) % height };
  }
}

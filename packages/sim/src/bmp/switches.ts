/** What the Board Management Processors of a frame need of the machine they switch, and of its time. */

/** The boards of one frame, as their management processors see them. */
export interface BoardSwitches {
  /** Boards in the frame, 1 to 24. */
  readonly count: number;
  /** Whether a board's chips have power. */
  isOn(board: number): boolean;
  /**
   * Gives a board's chips power and holds them in reset. A board that was off has lost its memory; one that
   * was on is only put into reset.
   */
  powerOn(board: number): void;
  /** Takes power from a board's chips. */
  powerOff(board: number): void;
  /** Puts a board's chips into reset, or lets them go: they start in their boot ROM. */
  holdInReset(board: number, held: boolean): void;
  /** IPv4 addresses of a board's management processor and of its ethernet chip. */
  ipAddresses(board: number): { readonly bmp: string; readonly spinnaker: string };
  /** Words of the blacklist that the monitor of a board reads at start-up, at most 63. Default: none. */
  blacklist?(board: number): readonly number[];
  /**
   * Stops or lets go what an FPGA sends to the neighbouring board behind one of its two serial links. By
   * (FPGA, link): (0, 0) east, (0, 1) south, (1, 0) south-west, (1, 1) west, (2, 0) north, (2, 1) north-east.
   */
  setLinkStop?(board: number, fpga: number, link: number, stopped: boolean): void;
  /** Whether a board is connected behind a serial link and is on. Default: none is. */
  isConnected?(board: number, fpga: number, link: number): boolean;
  /** Packets that passed one of the 16 links between an FPGA and chips. Default: none did. */
  packets?(
    board: number,
    fpga: number,
    chipLink: number,
  ): { readonly toChip: number; readonly fromChip: number };
}

/** Simulated time. */
export interface BmpClock {
  /** Now, ns. */
  readonly time: number;
  /** Carries out an action in so many ns. */
  after(ns: number, action: () => void): void;
}

/**
 * The PHY of an ethernet chip: registers behind a two-wire line (IEEE 802.3 clause 22). The chip drives both
 * wires by software: bits go either way at rising edges of the clock. The cable is always plugged in.
 */

const WORD_BITS = 32;
/** Bits of a frame before the turnaround: start, operation, PHY, register. */
const HEADER_BITS = 14;
const TURNAROUND_BITS = 2;
const DATA_BITS = 16;
const START = 0b01;
const Operation = { Write: 0b01, Read: 0b10 } as const;
const RESET_OR_RESTART = 0x8200;

const CONTROL = 0;
const REGISTERS = 32;
/**
 * Registers after reset: control with negotiation on; status with link up and negotiation done; identity;
 * what is offered and what the partner offers. Identity: SMSC LAN8710, as on SpiNN-5 boards.
 */
const AFTER_RESET: readonly number[] = [0x1000, 0x782d, 0x0007, 0xc0f1, 0x01e1, 0x45e1, 0x0001];
/** Registers that can be written: control and what is offered. */
const WRITABLE: ReadonlySet<number> = new Set([CONTROL, 4]);

/** The PHY behind its wires. */
export class Phy {
  private readonly registers = new Uint16Array(REGISTERS);
  private clock = 0;
  /** The last bits that came in. */
  private shift = 0;
  /** Bits since the start of a frame; negative outside of one. */
  private bits = -1;
  private header = 0;
  /** Level that the PHY drives. */
  private output = 1;

  constructor() {
    this.reset();
  }

  /** Level of the data wire as the chip sees it. */
  get level(): number {
    return this.output;
  }

  /** Back to the state after its reset pin was released. */
  reset(): void {
    this.registers.fill(0);
    this.registers.set(AFTER_RESET);
    this.bits = -1;
    this.output = 1;
  }

  /**
   * The wires may have changed.
   *
   * @param clock - level of the clock
   * @param data - level that the chip drives, 1 while it drives none
   */
  changed(clock: number, data: number): void {
    const isRising = clock === 1 && this.clock === 0;
    this.clock = clock;
    if (isRising) this.take(data);
  }

  private take(bit: number): void {
    this.shift = (this.shift << 1) | bit;
    if (this.bits < 0) {
      // A frame starts with 01 after a preamble of ones.
      if ((this.shift & 7) === (0b100 | START)) this.bits = 2;
      return;
    }
    this.bits++;
    if (this.bits === HEADER_BITS) this.header = this.shift & ((1 << HEADER_BITS) - 1);
    if (this.bits >= HEADER_BITS + TURNAROUND_BITS) this.transfer();
    if (this.bits >= WORD_BITS) this.end();
  }

  private get operation(): number {
    return (this.header >>> 10) & 3;
  }

  private get register(): number {
    return this.header & (REGISTERS - 1);
  }

  /** While a register is read, puts its next bit on the wire. */
  private transfer(): void {
    if (this.operation !== Operation.Read) return;
    const left = DATA_BITS - (this.bits - HEADER_BITS - TURNAROUND_BITS);
    this.output = left > 0 ? ((this.registers[this.register] as number) >>> (left - 1)) & 1 : 1;
  }

  private end(): void {
    const isWrite = this.operation === Operation.Write && WRITABLE.has(this.register);
    // Reset and the restart of a negotiation are done at once.
    if (isWrite) this.registers[this.register] = this.shift & 0xffff & ~RESET_OR_RESTART;
    this.bits = -1;
    this.output = 1;
  }
}

/**
 * The three FPGAs that join a board to its neighbours, as the management processor sees them. Source: spio,
 * `designs/spinnaker_fpgas/README.md` and `spinnaker_fpgas_reg_bank.v`.
 */
import { FPGA_BANK_BYTES, FPGA_LINK_STOP, FPGAS, FpgaRegister } from '@spin-tools/scp';
import { BIT_FILE_BYTES } from './data-sector.js';
import type { BoardSwitches } from './switches.js';

/** Registers that can be written: what they hold after reset, and the bits that they have. */
const WRITABLE: ReadonlyMap<number, { readonly reset: number; readonly bits: number }> = new Map([
  [FpgaRegister.PeripheralKey as number, { reset: 0xffffffff, bits: 0xffffffff }],
  [FpgaRegister.PeripheralMask, { reset: 0, bits: 0xffffffff }],
  [FpgaRegister.Scrambler, { reset: 0xf, bits: 0xf }],
  [FpgaRegister.LinkEnables, { reset: 0, bits: 0xffffffff }],
  [FpgaRegister.LedOverride, { reset: 0x0f, bits: 0xff }],
  [FpgaRegister.ReceiveEqualizer, { reset: 0x0a, bits: 0xff }],
  [FpgaRegister.TransmitSwing, { reset: 0x0066, bits: 0xffff }],
  [FpgaRegister.TransmitPreEmphasis, { reset: 0x012, bits: 0xfff }],
]);
const MAIN_BANK = 4;
const COUNTER_BANKS = { toChips: 5, fromChips: 6 } as const;
/** Counters of packets; those of errors follow. */
const CHIP_LINKS = 16;
/** Serial links: two to other boards, one for peripherals. */
const SERIAL_LINKS = 3;
/** Top 24 bits: module, bottom 8: protocol. The numbers are ours. */
const LINK_VERSION = 0x00000101;
const DESIGN_VERSION = 0x00000001;
/** Offsets in a serial link's bank. */
const VERSION = 0x00;
const IDLE_OUT = 0x4c;
/** Bit 0: the link is up; bit 1: its ends differ in version. */
const HANDSHAKE = 0x54;
const LAST_LINK_REGISTER = FPGA_LINK_STOP;
const NOTHING_THERE = 0xffffffff;

interface SerialLink {
  idleOut: number;
  stopped: boolean;
}

/** All FPGAs of one board. */
export class Fpgas {
  private readonly all: readonly Fpga[];

  constructor(board: number, switches: BoardSwitches) {
    this.all = Array.from({ length: FPGAS }, (_, number) => new Fpga(board, number, switches));
  }

  /** A register; `address` is a multiple of 4. An FPGA without a design drives nothing: zeros. */
  read(fpga: number, address: number): number {
    return this.all[fpga]?.read(address) ?? 0;
  }

  write(fpga: number, address: number, value: number): void {
    this.all[fpga]?.write(address, value);
  }

  /** The designs of FPGAs are gone, bit f for FPGA f. */
  clear(fpgas: number): void {
    for (const fpga of this.selected(fpgas)) fpga.clear();
  }

  /** More bytes of a bit file for FPGAs that have no design yet. */
  load(length: number, fpgas = 7): void {
    for (const fpga of this.selected(fpgas)) fpga.load(length);
  }

  /** The reset line of all; held low, registers neither change nor answer. */
  set resetLine(isLow: boolean) {
    for (const fpga of this.all) fpga.hold(isLow);
  }

  private selected(fpgas: number): Fpga[] {
    return this.all.filter((_, number) => ((fpgas >>> number) & 1) === 1);
  }
}

class Fpga {
  private readonly registers = new Map<number, number>();
  private readonly links: SerialLink[] = Array.from({ length: SERIAL_LINKS }, () => ({
    idleOut: 0,
    stopped: false,
  }));
  private loadedBytes = 0;
  private isHeld = false;

  constructor(
    private readonly board: number,
    private readonly number: number,
    private readonly switches: BoardSwitches,
  ) {
    this.reset();
  }

  clear(): void {
    this.loadedBytes = 0;
    this.reset();
  }

  load(length: number): void {
    this.loadedBytes = Math.min(BIT_FILE_BYTES, this.loadedBytes + length);
  }

  hold(isLow: boolean): void {
    this.isHeld = isLow;
    if (isLow) this.reset();
  }

  read(address: number): number {
    if (!this.isAlive) return 0;
    const bank = Math.floor(address / FPGA_BANK_BYTES);
    const offset = address % FPGA_BANK_BYTES;
    const link = this.links[bank];
    if (link !== undefined) return this.readLink(link, bank, offset);
    if (bank === MAIN_BANK) return this.readMain(address);
    if (bank === COUNTER_BANKS.toChips || bank === COUNTER_BANKS.fromChips)
      return this.count(bank, offset / 4);
    return NOTHING_THERE;
  }

  write(address: number, value: number): void {
    if (!this.isAlive) return;
    const link = Math.floor(address / FPGA_BANK_BYTES);
    const writable = WRITABLE.get(address);
    if (writable !== undefined) this.registers.set(address, (value & writable.bits) >>> 0);
    else this.writeLink(link, address % FPGA_BANK_BYTES, value);
  }

  private get isAlive(): boolean {
    const isLoaded = this.loadedBytes >= BIT_FILE_BYTES;
    return isLoaded && !this.isHeld && this.switches.isOn(this.board);
  }

  private reset(): void {
    for (const [address, { reset }] of WRITABLE) this.registers.set(address, reset);
    this.links.forEach((link, number) => {
      link.idleOut = 0;
      this.stop(link, number, false);
    });
  }

  private readMain(address: number): number {
    if (address === FpgaRegister.Version) return DESIGN_VERSION;
    if (address === FpgaRegister.Flags) return this.number;
    return this.registers.get(address) ?? NOTHING_THERE;
  }

  private readLink({ idleOut, stopped }: SerialLink, link: number, offset: number): number {
    switch (offset) {
      case VERSION:
        return LINK_VERSION;
      case IDLE_OUT:
        return idleOut;
      case HANDSHAKE:
        return Number(this.switches.isConnected?.(this.board, this.number, link) ?? false);
      case FPGA_LINK_STOP:
        return Number(stopped);
      default:
        return offset > LAST_LINK_REGISTER ? NOTHING_THERE : 0;
    }
  }

  private writeLink(number: number, offset: number, value: number): void {
    const link = this.links[number];
    if (link === undefined) return;
    if (offset === IDLE_OUT) link.idleOut = value & 0xffff;
    if (offset === FPGA_LINK_STOP) this.stop(link, number, (value & 1) === 1);
  }

  private stop(link: SerialLink, number: number, stopped: boolean): void {
    if (link.stopped === stopped) return;
    link.stopped = stopped;
    this.switches.setLinkStop?.(this.board, this.number, number, stopped);
  }

  private count(bank: number, counter: number): number {
    if (counter >= CHIP_LINKS) return 0;
    const found = this.switches.packets?.(this.board, this.number, counter);
    return ((bank === COUNTER_BANKS.toChips ? found?.toChip : found?.fromChip) ?? 0) >>> 0;
  }
}

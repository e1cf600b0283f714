/**
 * The parts of one board that its management processor switches and measures. Source: BMP firmware 2.1.2,
 * `proc_power`, `proc_reset`, `sf_scan`, `led_set`; times as there.
 */
import {
  BMP_LEDS,
  type BoardPowerRequest,
  type BoardResetRequest,
  boardStatusLayout,
  FlashAddress,
  FPGAS,
  LedAction,
  ResetAction,
  resetCountsLayout,
} from '@spin-tools/scp';
import { BackplaneEeprom, frameData } from './backplane.js';
import { dataSector, fpgaSetUp, serialFlashStart } from './data-sector.js';
import { FLASH_BYTES, Flash, FlashStatus } from './flash.js';
import { Fpgas } from './fpgas.js';
import { NorMemory } from './nor-memory.js';
import { BOARD_STATUS_ADDRESS, ProcessorMemory, RESET_COUNTS_ADDRESS } from './processor-memory.js';
import { boardStatusBytes } from './sensors.js';
import type { Sequence } from './sequence.js';
import type { BmpClock, BoardSwitches } from './switches.js';

const NS_PER_MS = 1_000_000;
const NS_PER_SECOND = 1_000_000_000;
/** From the converters on to the loading of FPGAs. */
const SUPPLIES_NS = 25 * NS_PER_MS;
/** Clearing an FPGA, and waiting after its bit file. */
const BIT_FILE_PAUSES_NS = 12 * NS_PER_MS;
/**
 * One byte of a bit file: 320 ns on the wire at 25 MHz, and the loop around it. An estimate, by which three
 * FPGAs take 2.5 s; rig and SpiNNMan speak of 2 to 3 s.
 */
const BIT_FILE_BYTE_NS = 560;
const BEFORE_SETTINGS_NS = 5 * NS_PER_MS;
const RESET_PULSE_NS = NS_PER_MS;
/** After that a processor that hangs is reset. Source: `configure_wdt`. */
const WATCHDOG_NS = 10 * NS_PER_SECOND;
const WATCHDOG_SECONDS = 10;
/** Bit of `lastReset`. */
const WATCHDOG_RESET = 4;
/** Bytes of serial flash. Source: the bit files' places need 8 MiB. */
const SERIAL_FLASH_BYTES = 0x800000;
const SERIAL_ERASE_BYTES = 0x1000;
/** LED 1 shows power, LED 7 a reset by the watchdog. */
const POWER_LED = 1;
const TROUBLE_LED = 7;
/** A board without a backplane is in this frame. Source: `ee_default`. */
export const DEFAULT_FRAME = 240;
/** On a backplane with straight wiring every eighth board controls it. Source: `configure_pins`. */
const CONTROLLER_EVERY = 8;

/** One board as its management processor sees it. */
export class Board {
  readonly fpgas: Fpgas;
  readonly flash = new Flash();
  readonly serialFlash = new NorMemory(SERIAL_FLASH_BYTES);
  readonly memory: ProcessorMemory;
  /** Only of boards that control a backplane. */
  readonly eeprom: BackplaneEeprom | undefined;
  /** What the processor read of the frame when it started. */
  readonly frameData: Uint8Array;
  /** Bit l for LED l. */
  leds = 0;

  constructor(
    readonly number: number,
    readonly frame: number,
    readonly switches: BoardSwitches,
    readonly clock: BmpClock,
    private readonly seed: number,
  ) {
    const isInFrame = switches.count > 1;
    this.memory = new ProcessorMemory(this.flash);
    this.frameData = frameData(frame, isInFrame);
    this.eeprom =
      isInFrame && number % CONTROLLER_EVERY === 0
        ? new BackplaneEeprom(this.frameData)
        : undefined;
    this.fpgas = new Fpgas(number, switches);
    const settings = {
      ...switches.ipAddresses(number),
      blacklist: switches.blacklist?.(number) ?? [],
    };
    this.flash.memory.program(FlashAddress.DataSector, dataSector(settings));
    this.start();
    if (switches.isOn(number)) this.setUpAtOnce();
  }

  /** The status of the board, 48 bytes. */
  status(): Uint8Array {
    return boardStatusBytes({
      isOn: this.switches.isOn(this.number),
      controlsBackplane: this.eeprom !== undefined,
      watchesFans: this.eeprom !== undefined || this.switches.count === 1,
      seed: this.seed + this.number,
    });
  }

  /** How often the processor started again, and why, 32 bytes. */
  resetCounts(): Uint8Array {
    const bytes = this.memory.read(RESET_COUNTS_ADDRESS, resetCountsLayout.size);
    const upSeconds = Math.floor(this.clock.time / NS_PER_SECOND) >>> 0;
    return resetCountsLayout.encode({ upSeconds }, bytes);
  }

  /** Where the processor keeps the status: one for each address of the CAN bus. */
  get statusAddress(): number {
    return BOARD_STATUS_ADDRESS + boardStatusLayout.size * this.number;
  }

  /** Reads the processor's memory, brought up to date. Throws Refusal where there is none. */
  readMemory(address: number, length: number): Uint8Array {
    if (address >= FLASH_BYTES) {
      this.memory.write(RESET_COUNTS_ADDRESS, this.resetCounts());
      this.memory.write(this.statusAddress, this.status());
    }
    return this.memory.read(address, length);
  }

  setLeds(actions: readonly LedAction[]): void {
    actions.slice(0, BMP_LEDS).forEach((action, led) => {
      if (action === LedAction.Invert) this.leds ^= 1 << led;
      if (action === LedAction.Off) this.leds &= ~(1 << led);
      if (action === LedAction.On) this.leds |= 1 << led;
    });
  }

  /** Switches the board. A board that is on already loads its FPGAs again and starts its chips anew. */
  *power({ on, delayMs }: Omit<BoardPowerRequest, 'boards'>): Sequence<void> {
    yield delayMs * this.number * NS_PER_MS;
    this.leds = on ? this.leds | (1 << POWER_LED) : this.leds & ~(1 << POWER_LED);
    if (!on) {
      this.fpgas.clear(7);
      this.switches.powerOff(this.number);
      return;
    }
    this.switches.powerOn(this.number);
    yield SUPPLIES_NS;
    yield* this.loadFpgas();
    yield* this.release();
  }

  /** Acts on the reset lines of chips and FPGAs. */
  *reset({ action, fpgas, delayMs }: Omit<BoardResetRequest, 'boards'>): Sequence<void> {
    yield delayMs * this.number * NS_PER_MS;
    if (action !== ResetAction.Release) {
      if (this.switches.isOn(this.number)) this.switches.holdInReset(this.number, true);
      if (fpgas) this.fpgas.resetLine = true;
    }
    if (action === ResetAction.Hold) return;
    yield* this.release();
    if (fpgas) this.fpgas.resetLine = false;
  }

  /** Moves flash. The processor then waits for its watchdog, starts again and switches the board on. */
  *copyFlash(to: number, from: number, length: number): Sequence<void> {
    const bytes = this.memory.read(from, length);
    if (this.flash.erase(to, to + length - 1) === FlashStatus.Success)
      this.flash.memory.program(to, bytes);
    yield WATCHDOG_NS;
    this.countWatchdogReset();
    this.leds = 1 << TROUBLE_LED;
    this.start();
    yield* this.power({ on: true, delayMs: 0 });
  }

  /** Writes serial flash; the first byte of a block of 4 KiB erases the block. */
  writeSerialFlash(address: number, data: Uint8Array): void {
    if (address % SERIAL_ERASE_BYTES === 0 && data.length > 0)
      this.serialFlash.erase(address, address + SERIAL_ERASE_BYTES);
    this.serialFlash.program(address, data);
  }

  private start(): void {
    this.serialFlash.erase(0, SERIAL_ERASE_BYTES);
    this.serialFlash.program(0, serialFlashStart(this.flash.memory));
  }

  private countWatchdogReset(): void {
    const counts = resetCountsLayout.decode(this.resetCounts());
    const bytes = resetCountsLayout.encode({
      ...counts,
      lastReset: WATCHDOG_RESET,
      watchdogResets: (counts.watchdogResets + 1) >>> 0,
      upSecondsAtReset: Math.max(0, counts.upSeconds - WATCHDOG_SECONDS),
    });
    this.memory.write(RESET_COUNTS_ADDRESS, bytes);
  }

  private *release(): Sequence<void> {
    yield RESET_PULSE_NS;
    if (this.switches.isOn(this.number)) this.switches.holdInReset(this.number, false);
  }

  private *loadFpgas(): Sequence<void> {
    const { bitFiles, settings } = fpgaSetUp(this.flash.memory);
    for (const { fpgas, length } of bitFiles) {
      this.fpgas.resetLine = true;
      this.fpgas.clear(fpgas);
      yield length * BIT_FILE_BYTE_NS + BIT_FILE_PAUSES_NS;
      this.fpgas.load(length, fpgas);
    }
    this.fpgas.resetLine = false;
    yield BEFORE_SETTINGS_NS;
    for (const { fpgas, address, value } of settings) {
      for (let fpga = 0; fpga < FPGAS; fpga++)
        if (((fpgas >>> fpga) & 1) === 1) this.fpgas.write(fpga, address, value);
    }
  }

  /** As after power-on, when the board was on before anyone looked. */
  private setUpAtOnce(): void {
    this.leds |= 1 << POWER_LED;
    for (const work = this.loadFpgas(); !work.next().done; );
  }
}

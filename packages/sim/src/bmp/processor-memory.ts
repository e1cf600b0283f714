/**
 * The address space of a management processor, an LPC1768. Source: NXP UM10360, figure 3; the places of the
 * buffer and of the vectors: BMP firmware 2.1.2, `bmp.h`.
 */
import { FLASH_BUFFER_BYTES, ReturnCode } from '@spin-tools/scp';
import { Refusal } from '../monitor/refusal.js';
import { FLASH_BYTES, type Flash } from './flash.js';

/** Where the buffer of CMD_FLASH_WRITE is. */
export const FLASH_BUFFER_ADDRESS = 0x10000000;
/** Where the counts of resets are. */
export const RESET_COUNTS_ADDRESS = 0x10001000;
/** Where the status of boards is kept, by CAN address; the place is ours. */
export const BOARD_STATUS_ADDRESS = 0x2007c000;

const ERASED = 0xff;
/** The first word of the counts of resets after power came on. */
const POWER_ON_RESET = 1;

const RAM = [
  { start: 0x10000000, length: 0x8000 },
  { start: 0x2007c000, length: 0x8000 },
] as const;

/** Memory that hosts read and write. Registers of devices are not there. */
export class ProcessorMemory {
  /** The memory of each range, made when it is first needed. */
  private readonly ram: (Uint8Array | undefined)[] = RAM.map(() => undefined);

  constructor(private readonly flash: Flash) {}

  /**
   * Reads bytes. Throws Refusal for an address where nothing is: the real processor faults and starts again,
   * without an answer.
   */
  read(address: number, length: number): Uint8Array {
    if (address + length <= FLASH_BYTES) return this.flash.memory.read(address, length);
    return this.range(address, length).slice();
  }

  /** Writes bytes into RAM. Throws Refusal for any other address. */
  write(address: number, bytes: Uint8Array): void {
    this.range(address, bytes.length).set(bytes);
  }

  /** Fills whole words; what is left of the last one is filled too. Throws Refusal as `write` does. */
  fill(address: number, value: number, length: number): void {
    const target = this.range(address, Math.ceil(length / 4) * 4);
    for (let index = 0; index < target.length; index++) target[index] = value >>> (8 * (index % 4));
  }

  /** What the next CMD_FLASH_WRITE writes. */
  get buffer(): Uint8Array {
    return this.range(FLASH_BUFFER_ADDRESS, FLASH_BUFFER_BYTES);
  }

  eraseBuffer(): void {
    this.buffer.fill(ERASED);
  }

  private range(address: number, length: number): Uint8Array {
    const index = RAM.findIndex(
      (each) => address >= each.start && address + length <= each.start + each.length,
    );
    const found = RAM[index];
    if (found === undefined) throw new Refusal(ReturnCode.Argument);
    const memory = this.ram[index] ?? newRam(found.start, found.length);
    this.ram[index] = memory;
    return memory.subarray(address - found.start, address - found.start + length);
  }
}

/** RAM as the firmware leaves it when it has started: zeros, and the buffer all ones. */
function newRam(start: number, length: number): Uint8Array {
  const memory = new Uint8Array(length);
  if (start !== FLASH_BUFFER_ADDRESS) return memory;
  memory.fill(ERASED, 0, FLASH_BUFFER_BYTES);
  memory[RESET_COUNTS_ADDRESS - start] = POWER_ON_RESET;
  return memory;
}

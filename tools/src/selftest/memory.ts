/** Whether the SDRAM of every chip keeps what is written. */
import type { Machine } from '@spin-tools/machine-model';
import type { ChipAddress, MachineController } from '@spin-tools/scp';

/** A chip whose SDRAM did not keep a pattern. */
export interface MemoryFault extends ChipAddress {
  /** First address that differs; undefined when the memory could not be reached. */
  readonly address?: number;
  readonly what: string;
}

/** What became of the memory of all chips. */
export interface MemoryCheck {
  readonly bytesPerChip: number;
  readonly seconds: number;
  readonly faults: readonly MemoryFault[];
}

/** Application that owns the memory meanwhile. */
const APP_ID = 65;

/** Chips that are written at a time: enough to keep one connection busy. */
const AT_ONCE = 4;

/** Writes a pattern of its own to a block of every chip, reads it back and compares, then its complement. */
export async function checkMemory(
  controller: MachineController,
  machine: Machine,
  bytesPerChip: number,
  progress: (chips: number) => void,
): Promise<MemoryCheck> {
  const start = performance.now();
  const faults: MemoryFault[] = [];
  const waiting = [...machine.chips];
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let chip = waiting.shift(); chip !== undefined; chip = waiting.shift()) {
      const fault = await checkChip(controller, chip, bytesPerChip);
      if (fault) faults.push(fault);
      progress(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { bytesPerChip, seconds: (performance.now() - start) / 1000, faults };
}

async function checkChip(
  controller: MachineController,
  { x, y }: ChipAddress,
  bytes: number,
): Promise<MemoryFault | undefined> {
  const chip = { x, y };
  try {
    const block = await controller.allocateSdram(chip, bytes, { appId: APP_ID, tag: 1 });
    const pattern = patternOf(chip, bytes);
    const wrong =
      (await firstWrong(controller, chip, block, pattern)) ??
      (await firstWrong(
        controller,
        chip,
        block,
        pattern.map((value) => ~value),
      ));
    await controller.freeSdram(chip, block);
    return wrong === undefined ? undefined : { ...chip, address: wrong, what: 'does not keep it' };
  } catch (error) {
    return { ...chip, what: (error as Error).message };
  }
}

async function firstWrong(
  controller: MachineController,
  chip: ChipAddress,
  address: number,
  pattern: Uint8Array,
): Promise<number | undefined> {
  await controller.write(chip, address, pattern);
  const found = await controller.read(chip, address, pattern.length);
  const at = found.findIndex((value, index) => value !== pattern[index]);
  return at < 0 ? undefined : address + at;
}

/** Bytes that differ from chip to chip and from address to address: a multiplicative hash of both. */
function patternOf({ x, y }: ChipAddress, bytes: number): Uint8Array {
  const seed = (x << 8) | y;
  return Uint8Array.from(
    { length: bytes },
    (_, index) => Math.imul((index << 16) ^ seed ^ index, 0x9e3779b1) >>> 24,
  );
}

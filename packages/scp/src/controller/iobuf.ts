/** Text output of cores, which the run-time keeps in a chain of blocks in SDRAM. */
import type { CoreAddress } from '../addresses.js';
import { readWord } from '../commands/memory.js';
import type { Scp } from '../connection/scp.js';
import { iobufHeaderLayout } from '../memory/records.js';
import { systemVariables } from '../memory/system-variables.js';
import { vcpuField } from '../memory/vcpu.js';
import { CorruptMemoryError } from './errors.js';
import { readMemory } from './memory.js';

/** The text that a core has put out so far, see `MachineController.iobuf`. */
export async function readIobuf(scp: Scp, at: CoreAddress): Promise<string> {
  const chip = { x: at.x, y: at.y };
  const blockBytes = await scp.send(chip, readWord(systemVariables.iobufBytes.address));
  let address = await scp.send(chip, readWord(vcpuField(at.core, 'iobuf').address));
  const decoder = new TextDecoder('latin1');
  let output = '';
  const seen = new Set<number>();
  while (address !== 0) {
    if (seen.has(address)) {
      throw new CorruptMemoryError(chip, `the IOBUF of core ${at.core} does not end`);
    }
    seen.add(address);
    const bytes = await readMemory(scp, chip, address, iobufHeaderLayout.size);
    const { next, length } = iobufHeaderLayout.decode(bytes);
    if (length > blockBytes) {
      throw new CorruptMemoryError(
        chip,
        `the IOBUF of core ${at.core} says ${length} bytes in a block of ${blockBytes}`,
      );
    }
    output += decoder.decode(await readMemory(scp, chip, address + iobufHeaderLayout.size, length));
    address = next;
  }
  return output;
}

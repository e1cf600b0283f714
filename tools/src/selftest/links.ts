/** Whether every link leads where it should: each chip reads its neighbours' own addresses over them. */
import { type Machine, neighbour } from '@spin-tools/machine-model';
import { type ChipAddress, type MachineController, systemVariables } from '@spin-tools/scp';

/** A link that does not work as it should. */
export interface LinkFault extends ChipAddress {
  readonly link: number;
  /** What the neighbour said it is, `x,y`, or why it could not be asked. */
  readonly found: string;
}

/** What became of all links, each tried from both ends. */
export interface LinkCheck {
  readonly tried: number;
  readonly faults: readonly LinkFault[];
}

/** Neighbours are read by whole words. */
const WORD = 4;

/** Reads the address that each neighbour of each chip has for itself. */
export async function checkLinks(
  controller: MachineController,
  machine: Machine,
): Promise<LinkCheck> {
  const ends = machine.chips.flatMap(({ x, y, links }) => links.map((link) => ({ x, y, link })));
  const found = await Promise.all(ends.map((end) => checkLink(controller, machine, end)));
  return { tried: ends.length, faults: found.filter((fault) => fault !== undefined) };
}

async function checkLink(
  controller: MachineController,
  machine: Machine,
  { x, y, link }: ChipAddress & { readonly link: number },
): Promise<LinkFault | undefined> {
  const expected = neighbour(machine, { x, y }, link);
  const { address } = systemVariables.p2pAddress;
  const start = address - (address % WORD);
  try {
    const bytes = await controller.readNeighbour({ x, y }, link, start, WORD);
    const at = address - start;
    const [theirY, theirX] = [bytes[at], bytes[at + 1]];
    if (theirX === expected?.x && theirY === expected?.y) return undefined;
    return { x, y, link, found: `${theirX},${theirY}` };
  } catch (error) {
    return { x, y, link, found: (error as Error).message };
  }
}

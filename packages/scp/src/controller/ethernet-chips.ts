/** Which chips of a machine have an ethernet of their own. */
import { type ChipAddress, CONNECTED_CHIP, sameChip } from '../addresses.js';
import { isEthernetPlace } from '../board-shape.js';
import { type ChipInformation, information } from '../commands/information.js';
import { readHalf } from '../commands/memory.js';
import type { Scp } from '../connection/scp.js';
import { ScpError, ScpTimeoutError } from '../errors.js';
import { systemVariables } from '../memory/system-variables.js';

/** Size of a machine in chips. */
export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

/** An ethernet chip that answers. */
export interface EthernetChip {
  readonly chip: ChipAddress;
  /** IPv4 address, if it has one. */
  readonly ip: string | undefined;
}

/** Asks the root chip how large the machine is. */
export async function readDimensions(scp: Scp): Promise<Dimensions> {
  const both = await scp.send(CONNECTED_CHIP, readHalf(systemVariables.p2pDimensions.address));
  return { width: both >>> 8, height: both & 0xff };
}

/** Asks every place where an ethernet chip can be; dead ones are left out. */
export async function findEthernetChips(scp: Scp, size: Dimensions): Promise<EthernetChip[]> {
  const asked = places(size).map((chip) => ask(scp, chip));
  const answers = await Promise.all(asked);
  return answers.filter((found) => found !== undefined);
}

async function ask(scp: Scp, chip: ChipAddress): Promise<EthernetChip | undefined> {
  try {
    const found: ChipInformation = await scp.send(chip, information());
    return sameChip(found.ethernetChip, chip) ? { chip, ip: found.ip } : undefined;
  } catch (error) {
    if (error instanceof ScpError || error instanceof ScpTimeoutError) return undefined;
    throw error;
  }
}

function places({ width, height }: Dimensions): ChipAddress[] {
  const found: ChipAddress[] = [];
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) if (isEthernetPlace(x, y)) found.push({ x, y });
  }
  return found;
}

/** Finding out what a machine is, by asking it. */
import {
  type ChipAddress,
  information,
  type MachineController,
  read,
  ScpError,
  ScpTimeoutError,
  systemVariables,
} from '@spin-tools/scp';
import { LINK_VECTORS, type Torus } from '../geometry/torus.js';
import {
  type ChipColumns,
  dropLooseLinks,
  emptyColumns,
  type Machine,
  machineOf,
} from '../machine/machine.js';

/** What discovery needs of a controller. */
export type DiscoveringController = Pick<MachineController, 'scp' | 'dimensions' | 'read'>;

/** Start of the point-to-point table in the router: 3 bits a chip, 8 chips a word, y fastest. */
const P2P_TABLE_ADDRESS = 0xe1010000;
/** Bytes of the table for each x: 256 chips of 3 bits in words of 8. */
const P2P_COLUMN_BYTES = 128;
/** What the table says where there is no chip. */
const P2P_NONE = 6;
/** The chip that all others are asked through. */
const ROOT = { x: 255, y: 255 };

/** Chips that are asked at the same time: enough for a connection to each board, few enough to keep in memory. */
const ASKED_AT_ONCE = 1024;

/**
 * Asks a booted machine what it is made of. Chips that do not answer, links that lead nowhere or
 * work in one direction only, and cores that failed are left out.
 */
export async function discoverMachine(controller: DiscoveringController): Promise<Machine> {
  const size = await controller.dimensions();
  const chips = await knownChips(controller, size);
  const columns = emptyColumns(size.width * size.height);
  const waiting = chips.values();
  const askOneByOne = async (): Promise<void> => {
    for (const chip of waiting) await ask(controller, chip, size.width, columns);
  };
  await Promise.all(Array.from({ length: Math.min(ASKED_AT_ONCE, chips.length) }, askOneByOne));
  const torus = { ...size, ...wrapsOf(size, columns) };
  dropLooseLinks(torus, columns);
  return machineOf(torus, columns);
}

/** The chips that the root chip has a route to. */
async function knownChips(
  controller: DiscoveringController,
  { width, height }: { width: number; height: number },
): Promise<ChipAddress[]> {
  const columnBytes = Math.ceil(height / 8) * 4;
  const tables = await Promise.all(
    Array.from({ length: width }, (_, x) =>
      controller.read(ROOT, P2P_TABLE_ADDRESS + x * P2P_COLUMN_BYTES, columnBytes),
    ),
  );
  return tables.flatMap((table, x) => {
    const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
    const routeTo = (y: number): number =>
      (view.getUint32((y >>> 3) * 4, true) >>> (3 * (y & 7))) & 7;
    return Array.from({ length: height }, (_, y) => ({ x, y })).filter(
      ({ y }) => routeTo(y) !== P2P_NONE,
    );
  });
}

/** Enters what a chip says of itself, unless it does not answer. */
async function ask(
  { scp }: DiscoveringController,
  chip: ChipAddress,
  width: number,
  columns: ReturnType<typeof emptyColumns>,
): Promise<void> {
  const { address, size } = systemVariables.physicalToVirtual;
  try {
    const [found, map] = await Promise.all([
      scp.send(chip, information()),
      scp.send(chip, read(address, size)),
    ]);
    const place = chip.x + chip.y * width;
    columns.cores[place] = coreMask(map, found.coreCount);
    columns.links[place] = found.links;
    columns.sdramBytes[place] = found.freeSdram;
    columns.ethernet[place] = found.ethernetChip.x + found.ethernetChip.y * width;
    if (found.ip !== undefined) columns.ips.set(place, found.ip);
  } catch (error) {
    if (!(error instanceof ScpError || error instanceof ScpTimeoutError)) throw error;
  }
}

/** Physical cores that have a virtual one below the number of working cores. */
function coreMask(physicalToVirtual: Uint8Array, coreCount: number): number {
  return physicalToVirtual
    .subarray(0, 18)
    .reduce((mask, virtual, core) => (virtual < coreCount ? mask | (1 << core) : mask), 0);
}

/**
 * Whether edges are joined: whether any link that works leads over an edge to a chip that answers,
 * whose link back works too.
 */
function wrapsOf(
  { width, height }: { width: number; height: number },
  { cores, links }: ChipColumns,
): Pick<Torus, 'wrapX' | 'wrapY'> {
  let wrapX = false;
  let wrapY = false;
  for (let place = 0; place < cores.length; place++) {
    const mask = links[place] as number;
    LINK_VECTORS.forEach(({ dx, dy }, link) => {
      if (((mask >>> link) & 1) === 0) return;
      const x = (place % width) + dx;
      const y = Math.floor(place / width) + dy;
      const overX = x < 0 || x >= width;
      const overY = y < 0 || y >= height;
      const mate = ((x + width) % width) + ((y + height) % height) * width;
      const back = ((links[mate] as number) >>> ((link + 3) % 6)) & 1;
      if (cores[mate] === 0 || back === 0) return;
      if (overX && !overY) wrapX = true;
      if (overY && !overX) wrapY = true;
    });
  }
  return { wrapX, wrapY };
}

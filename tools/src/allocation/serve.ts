/** An allocation server in front of a virtual machine: `spin-tools sim --spalloc`. */
import type { Machine } from '@spin-tools/machine-model';
import type { VirtualMachine } from '@spin-tools/sim';
import { type ServedBoard, serveSpalloc } from '@spin-tools/spalloc-client/server';
import { type NumberedBoard, VirtualBoardPower } from './board-power.js';

/** A server that hands out boards of a virtual machine. */
export interface ServedAllocation extends AsyncDisposable {
  readonly port: number;
}

/** What the machine is called, and the tags that it carries. */
const NAME = 'virtual';
const TAGS = ['default', 'virtual'];
/** Chips of a triad in each direction. */
const TRIAD_SIDE = 12;
/** Boards of a frame, and frames of a cabinet, of a real machine. */
const FRAME_BOARDS = 24;
const CABINET_FRAMES = 5;

/**
 * Switches all boards off and hands them out.
 *
 * @param hosts addresses of the boards, in the order of `virtual.ethernetChips`
 * @param at where to listen; port 0 lets the system choose
 */
export async function serveAllocation(
  virtual: VirtualMachine,
  hosts: readonly string[],
  at: { readonly host: string; readonly port: number },
): Promise<ServedAllocation> {
  const numbered = new Map<ServedBoard, NumberedBoard>(
    virtual.ethernetChips.map((chip, number) => [
      {
        logical: triadPlace(chip),
        physical: roomPlace(number),
        address: hosts[number] as string,
      },
      { number, chip },
    ]),
  );
  const boards = [...numbered.keys()].sort(byPlace);
  const power = new VirtualBoardPower(virtual, numbered);
  await power.switchOff(boards);
  const server = await serveSpalloc({
    ...at,
    machines: [
      {
        ...{ name: NAME, tags: TAGS, deadLinks: [], boards, power },
        ...sizeInTriads(virtual.machine),
        wraps: virtual.machine.wrapX && virtual.machine.wrapY,
      },
    ],
  });
  return {
    port: server.port,
    async [Symbol.asyncDispose]() {
      await server.close();
      await power.close();
    },
  };
}

/** Boards of a triad have their ethernet chips at (0, 0), (8, 4) and (4, 8). */
function triadPlace({ x, y }: { x: number; y: number }) {
  const z = { 0: 0, 8: 1, 4: 2 }[x % TRIAD_SIDE] ?? 0;
  return { x: Math.floor(x / TRIAD_SIDE), y: Math.floor(y / TRIAD_SIDE), z };
}

function roomPlace(number: number) {
  const frame = Math.floor(number / FRAME_BOARDS);
  return {
    cabinet: Math.floor(frame / CABINET_FRAMES),
    frame: frame % CABINET_FRAMES,
    board: number % FRAME_BOARDS,
  };
}

/** A board that stands alone is a triad of which two are missing. */
function sizeInTriads({ width, height }: Machine) {
  const triads = (chips: number) => Math.max(1, Math.floor(chips / TRIAD_SIDE));
  return { width: triads(width), height: triads(height) };
}

function byPlace({ logical: a }: ServedBoard, { logical: b }: ServedBoard): number {
  return a.x - b.x || a.y - b.y || a.z - b.z;
}

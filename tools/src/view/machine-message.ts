/** A machine as columns, for a page. */
import { isEthernet, type Machine } from '@spin-tools/machine-model';
import type { MachineMessage } from './messages.js';

/** Describes a machine. */
export function machineMessage(
  machine: Machine,
  about: Pick<MachineMessage, 'name' | 'software' | 'tellsAll'>,
): MachineMessage {
  const { width, height, wrapX, wrapY, chips } = machine;
  const ethernets = chips.filter(isEthernet);
  const placeOf = ({ x, y }: { x: number; y: number }) => x + y * width;
  const boardAt = new Map(ethernets.map((chip, board) => [placeOf(chip), board]));
  return {
    type: 'machine',
    ...about,
    ...{ width, height, wrapX, wrapY },
    x: Uint8Array.from(chips, ({ x }) => x),
    y: Uint8Array.from(chips, ({ y }) => y),
    cores: Uint8Array.from(chips, ({ cores }) => cores),
    links: Uint8Array.from(chips, ({ linkMask }) => linkMask),
    // A board whose ethernet chip is dead has no place of its own: its chips are drawn with the first board.
    board: Uint16Array.from(chips, ({ ethernet }) => boardAt.get(placeOf(ethernet)) ?? 0),
    boards: ethernets.map(({ x, y, ip }) => ({ x, y, ...(ip !== undefined && { ip }) })),
  };
}

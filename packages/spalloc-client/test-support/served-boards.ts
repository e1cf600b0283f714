/** Machines without chips, for tests of servers and their clients. */
import type { BoardPower, ServedBoard, ServedMachine } from '../src/server/serve.js';

/** What was done to boards, one entry for each time: `on 10.0.0.1 10.0.0.2`. */
export interface RecordedPower extends BoardPower {
  readonly done: string[];
}

/** Power that is there at once. */
export function recordedPower(): RecordedPower {
  const done: string[] = [];
  const record = (what: string) => async (boards: readonly ServedBoard[]) => {
    done.push([what, ...boards.map(({ address }) => address)].join(' '));
  };
  return { done, switchOn: record('on'), switchOff: record('off') };
}

/** A machine of triads; boards have addresses 10.0.0.1 and so on, in the order x, y, z. */
export function servedMachine(
  options: Partial<ServedMachine> = {},
  isAlive: (board: ServedBoard) => boolean = () => true,
): ServedMachine {
  const { width = 2, height = 1 } = options;
  const boards = Array.from({ length: width * height * 3 }, (_, index) => {
    const triad = Math.floor(index / 3);
    return {
      logical: { x: Math.floor(triad / height), y: triad % height, z: index % 3 },
      physical: { cabinet: 0, frame: Math.floor(index / 24), board: index % 24 },
      address: `10.0.${Math.floor((index + 1) / 250)}.${((index + 1) % 250) + 0}`,
    };
  });
  return {
    name: 'room',
    tags: ['default'],
    wraps: true,
    deadLinks: [],
    power: recordedPower(),
    ...options,
    ...{ width, height },
    boards: boards.filter(isAlive),
  };
}

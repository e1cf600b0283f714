/** Which threads run which boards of a machine. */
import type { Chip } from '../chip/chip.js';
import { boardPlan } from '../machine/board-plan.js';
import type { NetworkShare } from '../machine/network.js';
import { type BoardsWanted, RemoteBoards } from './remote-boards.js';
import { RemoteChip } from './remote-chip.js';

/** What a team is to run and how. */
export type TeamWanted = Omit<BoardsWanted, 'plan' | 'first' | 'end'>;

/** What the thread of the machine runs, and what others do. */
export interface Team extends NetworkShare {
  readonly others: readonly RemoteBoards[];
}

/**
 * Starts the threads. Each runs about as many boards, one after the other in their order; the first is the present one.
 *
 * @throws RangeError for a number of workers that cannot be, NoThreadsError where there are no threads
 */
export function newTeam(wanted: TeamWanted): Team {
  const { machine, workers } = wanted;
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`"workers" must be a whole number from 1 on: ${workers}`);
  }
  if (workers === 1) return { others: [] };
  const plan = boardPlan(machine);
  const threads = Math.min(workers, plan.count);
  const beginning = (thread: number): number => Math.floor((thread * plan.count) / threads);
  const others = Array.from({ length: threads - 1 }, (_, index) => {
    const [first, end] = [beginning(index + 1), beginning(index + 2)];
    return new RemoteBoards({ ...wanted, plan, first, end });
  });
  const newRemoteChip = (...args: ConstructorParameters<typeof Chip>): Chip => {
    const [index, address, coreMask, links, wiring] = args;
    const boards = others.find((other) => other.has(index)) as RemoteBoards;
    return new RemoteChip({ index, address, coreMask }, links, wiring, boards);
  };
  return { end: beginning(1), others, newRemoteChip };
}

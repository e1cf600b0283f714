/** States of cores as people look at them: few kinds, each with a colour and a sign of its own. */
import { CoreState, describeCoreState } from '@spin-tools/scp';
import { CORES_OF_CHIP, NO_ANSWER } from '../../src/view/messages.js';

/** Kinds from the one that matters most to the one that matters least. */
export const KINDS = [
  'error',
  'silent',
  'starting',
  'sync',
  'pause',
  'run',
  'exit',
  'idle',
  'off',
] as const;

/** A kind of state. */
export type Kind = (typeof KINDS)[number];

/** What each kind is called. */
export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  error: 'error, watchdog',
  silent: 'no answer',
  starting: 'starting',
  sync: 'waits for sync',
  pause: 'paused',
  run: 'runs',
  exit: 'finished',
  idle: 'idle',
  off: 'off',
};

const KIND_OF: Readonly<Record<number, Kind>> = {
  [CoreState.Dead]: 'off',
  [CoreState.PowerDown]: 'off',
  [CoreState.RunTimeError]: 'error',
  [CoreState.Watchdog]: 'error',
  [CoreState.Initialising]: 'starting',
  [CoreState.Wait]: 'starting',
  [CoreState.Sark]: 'starting',
  [CoreState.Run]: 'run',
  [CoreState.Sync0]: 'sync',
  [CoreState.Sync1]: 'sync',
  [CoreState.Pause]: 'pause',
  [CoreState.Exit]: 'exit',
  [CoreState.Idle]: 'idle',
  [NO_ANSWER]: 'silent',
};

/** The kind of a state. */
export const kindOf = (state: number): Kind => KIND_OF[state] ?? 'starting';

/** A state in words. */
export const stateName = (state: number): string =>
  state === NO_ANSWER ? 'no answer' : describeCoreState(state);

/** The kind that matters most among a chip's application cores, and how many are of it. */
export function kindOfChip(
  states: Uint8Array,
  chip: number,
  cores: number,
): { kind: Kind; count: number } {
  let best: number = KINDS.length - 1;
  let count = 0;
  for (let core = 1; core < cores; core++) {
    const rank = KINDS.indexOf(kindOf(states[chip * CORES_OF_CHIP + core] as number));
    if (rank < best) {
      best = rank;
      count = 0;
    }
    if (rank === best) count++;
  }
  return { kind: KINDS[best] as Kind, count };
}

/** Watches a machine for a while and makes a page of what was seen. */
import { CoreState } from '@spin-tools/scp';
import { Journal } from './journal.js';
import { CORES_OF_CHIP, type FrameMessage, type Message } from './messages.js';
import { savedPage } from './page-file.js';
import { pause } from './patience.js';
import { type Watched, Watching } from './viewing.js';

/** Cores whose text output goes into a page, at most. */
const MOST_IOBUFS = 512;
/** How long a machine may take to answer before there is nothing to record, ms. */
const ANSWER_MS = 10_000;

/** The machine was silent, so that there is nothing to write. */
export class NothingToShowError extends Error {
  override readonly name = 'NothingToShowError';

  constructor(readonly machine: string) {
    super(`${machine} did not answer for ${ANSWER_MS / 1000} s. Is it powered and booted?`);
  }
}

/**
 * Records a machine.
 *
 * @param seconds how long, from its first whole frame on
 * @throws NothingToShowError when it does not answer
 */
export async function recordMachine(
  machine: Watched,
  seconds: number,
): Promise<{ page: string; chips: number }> {
  const journal = new Journal();
  const chips = await watchFor(seconds, machine, journal);
  const text = `as it was at ${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  journal.add({ type: 'status', status: 'ended', text });
  return { page: await savedPage(journal.messages()), chips };
}

async function watchFor(seconds: number, machine: Watched, journal: Journal): Promise<number> {
  await using watching = new Watching(machine, journal);
  const chips = await firstFrame(journal, machine.name);
  await pause(seconds * 1000, new AbortController().signal);
  for (const { chip, core } of busyCores(journal.messages())) {
    await watching.ask({ about: 'iobuf', chip, core });
  }
  return chips;
}

/** Settles with the number of chips when each was told of once, with all that belongs to it. */
function firstFrame(journal: Journal, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let chips = 0;
    const seen = new Set<number>();
    const timer = setTimeout(() => finish(() => reject(new NothingToShowError(name))), ANSWER_MS);
    const stop = journal.listen((message) => {
      if (message.type === 'machine') {
        chips = message.x.length;
        clearTimeout(timer);
      }
      if (message.type !== 'frame') return;
      // What a frame led to, tables and programs, is told before the next one.
      if (seen.size === chips) finish(() => resolve(chips));
      for (const chip of message.chips) seen.add(chip);
    });
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      stop();
      settle();
    };
  });
}

/** Application cores that run or ran something, as last told. */
function busyCores(messages: readonly Message[]): { chip: number; core: number }[] {
  const states = new Map<number, Uint8Array>();
  const frames = messages.filter((message): message is FrameMessage => message.type === 'frame');
  for (const frame of frames) {
    frame.chips.forEach((chip, index) => {
      states.set(chip, frame.states.subarray(index * CORES_OF_CHIP, (index + 1) * CORES_OF_CHIP));
    });
  }
  const isBusy = (state: number, core: number) =>
    core > 0 && state > CoreState.PowerDown && state < CoreState.Idle;
  return [...states]
    .flatMap(([chip, cores]) =>
      Array.from(cores, (state, core) => (isBusy(state, core) ? [{ chip, core }] : [])).flat(),
    )
    .slice(0, MOST_IOBUFS);
}

/** What a conformance test is given: a machine that is up, and what it should be. */
import { readFileSync } from 'node:fs';
import { type Chip, isEthernet, type Machine } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  type Command,
  type ConnectionOptions,
  type MachineController,
  ReturnCode,
  type Scp,
  ScpEmptyReplyError,
  ScpError,
  ScpTimeoutError,
  type Target,
  type Transport,
} from '@spin-tools/scp';

/** A machine under test. Nothing here says whether it is hardware, or how it is reached. */
export interface Subject {
  /** What the machine should turn out to be. */
  readonly machine: Machine;
  readonly controller: MachineController;
  /** How patient connections to it have to be. */
  readonly connection: ConnectionOptions;
  /** Whether each datagram arrives, and only once. */
  readonly isReliable: boolean;
  /** Whether the monitor says RC_OK when it refuses a command, as 4.0.0 does. */
  readonly hidesRefusals: boolean;
  /** Whether the monitor gives a block again that was asked for again, as it does since 4.0.0. */
  readonly isRetryKnown: boolean;
  /** Links that are not in {@link machine} because the monitor leaves them unused, although they work. */
  readonly unusedLinks?: readonly (ChipAddress & { readonly link: number })[];
  /** A transport to the SCP port of an ethernet chip. */
  openScp(ethernet?: ChipAddress): Promise<Transport>;
  /** The same by its IPv4 address. */
  openIp(ip: string): Promise<Transport>;
  /** A transport to another UDP port of an ethernet chip. */
  openPort(ethernet: ChipAddress, port: number): Promise<Transport>;
}

/** A program for cores; see relay.S beside it. */
export const RELAY = new Uint8Array(
  readFileSync(new URL('../../src/machine/fixtures/relay.aplx', import.meta.url)),
);

/** The chips that a topic looks at: all of a small machine, of a large one some of each board. */
export function sampleChips({ machine }: Subject): readonly Chip[] {
  const { chips } = machine;
  if (chips.length <= 4) return chips;
  const last = chips[chips.length - 1] as Chip;
  return [...new Set([...chips.filter(isEthernet), ...chips.filter((_, n) => n % 17 === 5), last])];
}

/** A chip that is not the root: the last of the list. */
export function farChip({ machine }: Subject): Chip {
  return machine.chips[machine.chips.length - 1] as Chip;
}

/** Ethernet chips. */
export function ethernetChips({ machine }: Subject): readonly Chip[] {
  return machine.chips.filter(isEthernet);
}

const MOST_ATTEMPTS = 60;

/**
 * Does what must not be done twice, and which therefore is not sent again by itself: once more only
 * when the answer was lost and `isDone` finds that nothing has happened.
 */
export async function carefully(
  act: () => Promise<unknown>,
  isDone: () => Promise<boolean> = () => Promise.resolve(false),
): Promise<void> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    try {
      await act();
      return;
    } catch (error) {
      if (!(error instanceof ScpTimeoutError)) throw error;
    }
    if (await isDone()) return;
  }
  throw new Error(`${MOST_ATTEMPTS} attempts were lost`);
}

/** What {@link codeOf} gives for RC_OK without what was asked for. */
export const NOTHING = 0;

/** What a command brings that the monitor refuses with a code. */
export function refusal({ hidesRefusals }: Subject, code: number): number {
  return hidesRefusals ? NOTHING : code;
}

/** The return code of a request, asked for as often as it is lost or the machine is too busy for it. */
export async function codeOf<T>(scp: Scp, to: Target, command: Command<T>): Promise<number> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    try {
      await scp.send(to, command, { tries: 1 });
      return ReturnCode.Ok;
    } catch (error) {
      if (error instanceof ScpEmptyReplyError) return NOTHING;
      if (error instanceof ScpError && error.code !== ReturnCode.P2pBusy) return error.code;
      if (!(error instanceof ScpError || error instanceof ScpTimeoutError)) throw error;
    }
  }
  throw new Error(`${MOST_ATTEMPTS} attempts were lost`);
}

const ASK_AGAIN_MS = 8;

/**
 * Sends a datagram, again and again, until one comes back that is wanted, and gives that.
 *
 * @param others what else came meanwhile
 */
export function answerTo(
  transport: Transport,
  datagram: Uint8Array,
  isWanted: (answer: Uint8Array) => boolean,
  others: Uint8Array[] = [],
): Promise<Uint8Array> {
  return new Promise((resolve) => {
    let isOver = false;
    const again = setInterval(() => transport.send(datagram), ASK_AGAIN_MS);
    transport.onDatagram((answer) => {
      if (isOver) return;
      if (!isWanted(answer)) {
        others.push(answer);
        return;
      }
      isOver = true;
      clearInterval(again);
      resolve(answer);
    });
    transport.send(datagram);
  });
}

const MOST_WAIT_MS = 20_000;

/** Asks until something holds. Throws when it does not for 20 s. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + MOST_WAIT_MS;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error('what was waited for did not happen');
    await new Promise(setImmediate);
  }
}

/** Bytes that a seed determines. */
export function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => Math.imul(at + seed, 2654435761) >>> 13);
}

/** Little-endian words as bytes. */
export function bytesOf(...words: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(words).buffer);
}

/** Bytes as little-endian words. */
export function wordsOf(bytes: Uint8Array): number[] {
  return [...new Uint32Array(Uint8Array.from(bytes).buffer)];
}

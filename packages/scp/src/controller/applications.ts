/**
 * Loading programs. The image reaches the staging area of each chip by plain writes or, for many
 * chips, by a flood fill; then each chip is told to start it on its own set of cores. So different
 * chips may use different cores, which the flood fill of monitor 4.0 alone cannot do: it ignores
 * regions and gives every chip the same core mask.
 */
import { type ChipAddress, CONNECTED_CHIP } from '../addresses.js';
import { decodeAplx } from '../boot/aplx.js';
import { FloodFillData, NearestNeighbourPacket, runStaged } from '../commands/application.js';
import { type Command, commandOf } from '../commands/command.js';
import { read } from '../commands/memory.js';
import type { Clock } from '../connection/clock.js';
import type { Request, Scp } from '../connection/scp.js';
import { ScpTimeoutError } from '../errors.js';
import { CoreState } from '../memory/vcpu.js';
import { waitForCores } from './core-states.js';
import { chunks, writeMemory } from './memory.js';
import { STAGING_BYTES, type Staging } from './staging.js';
import type { CheckedCores } from './targets.js';

/** How a program is loaded. */
export interface LoadOptions {
  /** Programs wait for the signal START before their main function. Default false. */
  readonly wait?: boolean;
  /** How the image travels. Default: writes up to 48 chips, a flood fill beyond. */
  readonly by?: 'write' | 'flood';
  /** How long cores may take to start, ms. Default 10,000. */
  readonly timeoutMs?: number;
}

/** Chips from which on a flood fill is faster than writing the image to each. */
const FLOOD_FROM_CHIPS = 49;
/** Links that flood-fill packets leave by: all, on each chip. */
const FORWARD = 0x3f;
/** Repeats and delay of flood-fill packets: none, 3 x 8 us, as `ybug` and rig send them. */
const RETRY = 0x18;
/** Codes of nearest-neighbour packets. */
const FLOOD_FILL_START = 6;
const FLOOD_FILL_END = 15;
const BLOCK_BYTES = 256;
/** The number of blocks has 8 bits in the start packet. */
const MOST_FLOOD_BLOCKS = 255;
/** Floods that are tried before silence is an error. */
const MOST_FLOODS = 3;
/** States a core has left when its program runs. */
const STARTED_STATES = [
  CoreState.Wait,
  CoreState.Sark,
  CoreState.Run,
  CoreState.Sync0,
  CoreState.Sync1,
  CoreState.Pause,
  CoreState.Exit,
];
/** States that a program does not leave. Not "dead": run-times clear their block, and state 0 with it. */
const START_FAIL_STATES = [CoreState.RunTimeError, CoreState.Watchdog];

/** What the loader needs of its controller. */
export interface Loader {
  readonly scp: Scp;
  readonly clock: Clock;
  readonly staging: Staging;
  readonly floodIds: FloodIds;
}

/** Identifiers of flood fills, 1 to 127: they have 7 bits, and 0 is none. */
export class FloodIds {
  private last = 0;

  /** Another one each time. */
  next(): number {
    this.last = (this.last % 127) + 1;
    return this.last;
  }
}

/** Loads and starts a program, see `MachineController.loadApplication`. */
export async function loadProgram(
  loader: Loader,
  aplx: Uint8Array,
  chips: readonly CheckedCores[],
  appId: number,
  options: LoadOptions = {},
): Promise<void> {
  decodeAplx(aplx);
  if (aplx.length > STAGING_BYTES) {
    throw new RangeError(`the image has ${aplx.length} bytes, at most ${STAGING_BYTES} fit`);
  }
  const image = paddedToWords(aplx);
  if (travelsByFlood(image, chips, options))
    await loader.staging.onAllChips(() => floodAndStart(loader, image, chips, appId, options));
  else await writeAndStart(loader, image, chips, appId, options);
}

function travelsByFlood(
  image: Uint8Array,
  chips: readonly CheckedCores[],
  { by }: LoadOptions,
): boolean {
  const fits = image.length <= MOST_FLOOD_BLOCKS * BLOCK_BYTES;
  if (by === 'flood' && !fits) {
    throw new RangeError(`a flood fill carries at most ${MOST_FLOOD_BLOCKS * BLOCK_BYTES} bytes`);
  }
  return by === undefined ? fits && chips.length >= FLOOD_FROM_CHIPS : by === 'flood';
}

async function writeAndStart(
  loader: Loader,
  image: Uint8Array,
  chips: readonly CheckedCores[],
  appId: number,
  options: LoadOptions,
): Promise<void> {
  const load = (target: CheckedCores): Promise<void> =>
    loader.staging.onChip(target.chip, async () => {
      const address = await loader.staging.address(loader.scp, target.chip);
      await writeMemory(loader.scp, target.chip, address, image);
      await start(loader, [target], appId, options);
    });
  await Promise.all(chips.map(load));
}

async function floodAndStart(
  loader: Loader,
  image: Uint8Array,
  chips: readonly CheckedCores[],
  appId: number,
  options: LoadOptions,
): Promise<void> {
  const address = await loader.staging.address(loader.scp, CONNECTED_CHIP);
  await flood(loader, image, address, appId);
  await repairMissed(loader.scp, image, address, chips);
  await start(loader, chips, appId, options);
}

/**
 * Its commands must not be repeated one by one; but since a flood starts nothing, all of it may be,
 * under a new identifier.
 */
async function flood(
  loader: Loader,
  image: Uint8Array,
  address: number,
  appId: number,
  attemptsLeft = MOST_FLOODS,
): Promise<void> {
  try {
    for (const command of floodFill(image, address, loader.floodIds.next(), appId)) {
      await loader.scp.send(CONNECTED_CHIP, command);
    }
  } catch (error) {
    if (!(error instanceof ScpTimeoutError) || attemptsLeft <= 1) throw error;
    await flood(loader, image, address, appId, attemptsLeft - 1);
  }
}

/** Cores must have copied the image before the staging area is used again, hence the wait. */
async function start(
  { scp, clock }: Loader,
  chips: readonly CheckedCores[],
  appId: number,
  { wait = false, timeoutMs }: LoadOptions,
): Promise<void> {
  await scp.all(
    chips.map(({ chip, cores }) => ({
      to: chip,
      // A program that waits has done nothing yet and may be started anew; any other starts once.
      command: { ...runStaged({ appId, wait, cores: maskOf(cores) }), repeatable: wait },
    })),
  );
  await waitForCores(scp, clock, chips, STARTED_STATES, {
    failStates: START_FAIL_STATES,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
}

/** One bit a core. */
function maskOf(cores: readonly number[]): number {
  return cores.reduce((mask, core) => mask | (1 << core), 0);
}

/** The commands that flood a machine with an image and start nothing. */
function* floodFill(
  image: Uint8Array,
  address: number,
  id: number,
  appId: number,
): Generator<Command<void>> {
  const blocks = Math.ceil(image.length / BLOCK_BYTES);
  const packet = (key: number, payload: number, assignId: boolean): Command<void> =>
    commandOf(NearestNeighbourPacket, { key, payload, assignId, forward: FORWARD, retry: RETRY });
  // The fill's identifier is in 23:17 of the start, 7:1 of the rest.
  yield packet((FLOOD_FILL_START << 24) | (id << 17) | (blocks << 8), 0, true);
  for (let block = 0; block < blocks; block++) {
    const data = image.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    const at = address + block * BLOCK_BYTES;
    const options = { id: id << 1, forward: FORWARD, retry: RETRY };
    // Chips drop what they have of a block when it starts anew, so that one block may come twice.
    yield {
      ...commandOf(FloodFillData, { ...options, block, address: at, data }),
      repeatable: true,
    };
  }
  yield packet((FLOOD_FILL_END << 24) | (id << 1), appId << 24, false);
}

/**
 * Floods are not acknowledged: looks at one block on each chip, another one on each next chip, and
 * writes the whole image to chips where it is wrong.
 */
async function repairMissed(
  scp: Scp,
  image: Uint8Array,
  address: number,
  chips: readonly CheckedCores[],
): Promise<void> {
  const blocks = [...chunks(0, image.length)];
  const missed: ChipAddress[] = [];
  const checks = chips.map(({ chip }, index): Request<Uint8Array> => {
    const block = blocks[index % blocks.length];
    const { offset, size } = block ?? { offset: 0, size: 0 };
    return {
      to: chip,
      command: read(address + offset, size),
      done: (bytes) => {
        if (bytes.some((byte, at) => byte !== image[offset + at])) missed.push(chip);
      },
    };
  });
  await scp.all(checks);
  for (const chip of missed) await writeMemory(scp, chip, address, image);
}

function paddedToWords(aplx: Uint8Array): Uint8Array {
  const image = new Uint8Array(Math.ceil(aplx.length / 4) * 4);
  image.set(aplx);
  return image;
}

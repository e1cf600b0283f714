/** All commands of the monitor, by number. */
import type { Release } from '../release.js';
import { allocationCommands } from './allocation.js';
import { applicationCommands, copyCommands } from './application.js';
import { beaconCommands, boardCommands } from './board.js';
import type { Handler } from './command.js';
import { countCommands, idleCommands, informationCommands } from './information.js';
import { linkCommands, memoryCommands } from './memory.js';
import { routingCommands } from './routing.js';
import { signalCommands } from './signal.js';
import { tagCommands } from './tags.js';

const COMMANDS: ReadonlyMap<number, Handler> = new Map([
  ...informationCommands,
  ...memoryCommands,
  ...linkCommands,
  ...allocationCommands,
  ...routingCommands,
  ...applicationCommands,
  ...signalCommands,
  ...tagCommands,
  ...boardCommands,
]);

/** What later releases have besides. */
const LATER_COMMANDS: ReadonlyMap<number, Handler> = new Map([
  ...countCommands,
  ...copyCommands,
  ...beaconCommands,
]);

/** What the idle program of application cores answers. */
const IDLE_COMMANDS: ReadonlyMap<number, Handler> = new Map([...idleCommands, ...memoryCommands]);

/** The handler of a command number for the monitor of a release. */
export function monitorCommand(code: number, release: Release): Handler | undefined {
  return COMMANDS.get(code) ?? (release.hasLaterCommands ? LATER_COMMANDS.get(code) : undefined);
}

/** The handler of a command number for the idle program. */
export function idleCommand(code: number): Handler | undefined {
  return IDLE_COMMANDS.get(code);
}

/** All commands of the monitor, by number. */
import { allocationCommands } from './allocation.js';
import { applicationCommands } from './application.js';
import { boardCommands } from './board.js';
import type { Handler } from './command.js';
import { idleCommands, informationCommands } from './information.js';
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

/** What the idle program of application cores answers. */
const IDLE_COMMANDS: ReadonlyMap<number, Handler> = new Map([...idleCommands, ...memoryCommands]);

/** The handler of a command number for the monitor, core 0, or an idle core. */
export function commandOfCode(code: number, core: number): Handler | undefined {
  return (core === 0 ? COMMANDS : IDLE_COMMANDS).get(code);
}

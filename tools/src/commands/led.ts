/** `spin-tools led`: LEDs beside the chips of a board. */
import { LedAction } from '@spin-tools/scp';
import { Argument, Command } from 'commander';
import { numberRanges } from '../machine/number-ranges.js';
import {
  type AddressOptions,
  type ChipOptions,
  withAddress,
  withChip,
} from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { count } from '../terminal/count.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

interface LedOptions extends AddressOptions, ChipOptions {}

const ACTIONS = { on: LedAction.On, off: LedAction.Off, toggle: LedAction.Invert } as const;
const DONE = { on: 'switched on', off: 'switched off', toggle: 'toggled' } as const;
type ActionName = keyof typeof ACTIONS;

/** Highest number of an LED. */
const LAST_LED = 15;

/** Makes the command. */
export function ledCommand(io: Io): Command {
  const command = new Command('led')
    .description('How many there are depends on the board; a number without an LED does nothing.')
    .addArgument(new Argument('<action>', 'what to do').choices(Object.keys(ACTIONS)))
    .addArgument(
      new Argument('[leds...]', 'which, such as 0 or 0-3 (default: 0)').argParser(
        numberRanges('LED', 0, LAST_LED),
      ),
    );
  withExamples(
    withChip(command),
    [
      ['led on', 'shows which board it is that you talk to.'],
      ['led toggle 1-3 --chip 4,8', 'changes three LEDs of the board of chip (4, 8).'],
    ],
    '{ x, y, leds, action }',
  );
  return runs<LedOptions, [ActionName, readonly number[]]>(withAddress(command, true), io, runLed);
}

async function runLed(
  options: LedOptions,
  terminal: Terminal,
  action: ActionName,
  numbers: readonly number[],
): Promise<void> {
  const { chip } = options;
  const leds = numbers.length === 0 ? [0] : numbers;
  await withMachine(options, terminal, async (controller) => {
    for (const led of leds) await controller.setLed(chip, led, ACTIONS[action]);
  });
  const done = `${count(leds.length, 'LED')} of chip (${chip.x}, ${chip.y})`;
  terminal.report(`${done}: ${leds.join(', ')} ${DONE[action]}`);
  terminal.result({ ...chip, leds, action });
}

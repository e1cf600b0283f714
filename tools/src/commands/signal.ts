/** `spin-tools signal`: a signal to all cores of an application. */
import { Signal } from '@spin-tools/scp';
import { Argument, Command } from 'commander';
import { type AddressOptions, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';

interface SignalOptions extends AddressOptions {
  readonly appId: number;
}

/** Signals by the names that users type: `power-down`, `sync0`. */
const SIGNALS: ReadonlyMap<string, Signal> = new Map(
  Object.entries(Signal).map(([name, signal]) => [
    name.replaceAll(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase(),
    signal,
  ]),
);

/** Makes the command. */
export function signalCommand(io: Io): Command {
  const command = new Command('signal')
    .description(
      '"stop" ends the programs of an application and frees its cores, memory and routing entries. "start" starts programs that were loaded with --wait. "pause" and "continue" halt programs and let them go on; "sync0" and "sync1" let those go on that wait for each other; what the others do is up to the program.',
    )
    .addArgument(new Argument('<signal>', 'which').choices([...SIGNALS.keys()]))
    .requiredOption('--app-id <number>', 'which application', wholeNumber(1, 255));
  withExamples(
    command,
    [
      ['signal start --app-id 16', 'starts what was loaded as application 16 with --wait.'],
      ['signal stop --app-id 16', 'ends application 16 on all chips.'],
    ],
    '{ signal, appId }',
  );
  return runs<SignalOptions, [string]>(withAddress(command, true), io, runSignal);
}

async function runSignal(options: SignalOptions, terminal: Terminal, name: string): Promise<void> {
  const { appId } = options;
  await withMachine(options, terminal, (controller) =>
    controller.signal(SIGNALS.get(name) as Signal, appId),
  );
  terminal.report(`${name} sent to application ${appId}`);
  terminal.result({ signal: name, appId });
}

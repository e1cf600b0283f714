/** `spin-tools sim`: a virtual machine that answers on UDP until it is stopped. */
import { describeMachine } from '@spin-tools/machine-model';
import { Command } from 'commander';
import { type ShapeOptions, shapeName, shapeOf, withPorts, withShape } from '../machine/options.js';
import { serve } from '../machine/reach.js';
import { type Io, ipv4, listeningPort, runs } from './command.js';

interface SimOptions extends ShapeOptions {
  readonly host: string;
  readonly scpPort: number;
  readonly bootPort: number;
}

/** Makes the command. */
export function simCommand(io: Io): Command {
  const command = new Command('sim')
    .description('run a virtual machine that answers on UDP like boards that are switched on')
    .option(
      '--host <address>',
      'address to listen on; more boards get the next ones',
      ipv4,
      '127.0.0.1',
    );
  return runs<SimOptions>(
    withPorts(withShape(command), listeningPort),
    io,
    async (options, terminal) => {
      await using served = await serve(shapeOf(command, options), { ...options, pace: 'paced' });
      const stopped = io.untilStopped();
      const { hosts, address, virtual } = served;
      const { scpPort, bootPort } = address;
      const cores = virtual.machine.chips.reduce((count, chip) => count + chip.cores, 0);
      terminal.say(`${shapeName(shapeOf(command, options))}: ${describeMachine(virtual.machine)}`);
      terminal.say(`SCP on port ${scpPort}, boot on port ${bootPort} of ${hosts.join(', ')}`);
      terminal.say('switched on, not booted; stop it with Ctrl-C');
      terminal.result({ hosts, scpPort, bootPort, chips: virtual.machine.chipCount, cores });
      await stopped;
    },
  );
}

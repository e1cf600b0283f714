/** `spin-tools info`: what a booted machine is made of, and what of it does not work. */
import { describeMachine, discoverMachine, isEthernet } from '@spin-tools/machine-model';
import { Command } from 'commander';
import { type DeadParts, deadParts } from '../machine/dead-parts.js';
import { type AddressOptions, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { DIRECTIONS } from '../report/link-traffic.js';
import { plain } from '../terminal/plain.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

/** Makes the command. */
export function infoCommand(io: Io): Command {
  const command = new Command('info');
  withExamples(
    command,
    [
      [
        'info --host 192.168.240.1',
        'names chips, cores and links that are there, and those that are dead.',
      ],
      ['info --json', 'is for programs, with the address from SPIN_TOOLS_HOST.'],
    ],
    '{ host, monitor: { name, version }, width, height, wrapX, wrapY, chips, cores, ethernets: [{ x, y, ip }], dead: { chips, links, cores } }',
  );
  return runs(withAddress(command, true), io, runInfo);
}

async function runInfo(address: AddressOptions, terminal: Terminal): Promise<void> {
  const { host, version, machine } = await withMachine(
    address,
    terminal,
    async (controller, name) => ({
      host: name,
      version: await controller.version(),
      machine: await discoverMachine(controller),
    }),
  );
  const { width, height, wrapX, wrapY, chips } = machine;
  const dead = deadParts(machine);
  const ethernets = chips.filter(isEthernet).map(({ x, y, ip }) => ({ x, y, ip: ip ?? null }));
  terminal.say(plain(`${version.name} ${version.version} on ${host}`));
  terminal.say(describeMachine(machine));
  for (const { x, y, ip } of ethernets) terminal.say(`ethernet chip (${x}, ${y}) ${ip ?? ''}`);
  for (const line of describeDead(dead)) terminal.say(line);
  terminal.result({
    host,
    monitor: { name: version.name, version: version.version },
    ...{ width, height, wrapX, wrapY },
    chips: chips.length,
    cores: chips.reduce((count, chip) => count + chip.cores, 0),
    ethernets,
    dead,
  });
}

function describeDead({ chips, links, cores }: DeadParts): string[] {
  if (chips.length + links.length + cores.length === 0) return ['all chips, links and cores work'];
  return [
    ...chips.map(({ x, y }) => `dead: chip (${x}, ${y})`),
    ...links.map(({ x, y, link }) => `dead: link of chip (${x}, ${y}) to the ${DIRECTIONS[link]}`),
    ...cores.map(({ x, y, dead }) => `dead: ${dead} of 18 cores of chip (${x}, ${y})`),
  ];
}

/** All commands: their names, what they are for, and where their code is, which is loaded when it is needed. */
import type { Command } from 'commander';
import type { Io } from './command.js';

/** A command as the list of commands shows it. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Imports what makes the command. */
  readonly load: () => Promise<(io: Io) => Command>;
}

/** Commands under a heading. */
export interface CommandGroup {
  readonly heading: string;
  readonly commands: readonly CommandEntry[];
}

const entry = (
  name: string,
  summary: string,
  load: () => Promise<(io: Io) => Command>,
): CommandEntry => ({ name, summary, load });

/** In the order of the help text. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  {
    heading: 'First steps:',
    commands: [
      entry(
        'demo',
        'train a network on handwritten digits, on a virtual SpiNN-5',
        async () => (await import('./demo.js')).demoCommand,
      ),
      entry(
        'sim',
        'run a virtual machine that answers on UDP like boards that are switched on',
        async () => (await import('./sim.js')).simCommand,
      ),
      entry(
        'discover',
        'find boards on the local network',
        async () => (await import('./discover.js')).discoverCommand,
      ),
      entry(
        'doctor',
        'check network, board and machine, and say what to do about what is wrong',
        async () => (await import('./doctor.js')).doctorCommand,
      ),
    ],
  },
  {
    heading: 'Machines:',
    commands: [
      entry(
        'boot',
        'boot a machine, unless its monitor answers already',
        async () => (await import('./boot.js')).bootCommand,
      ),
      entry(
        'info',
        'show what a booted machine is made of',
        async () => (await import('./info.js')).infoCommand,
      ),
      entry(
        'view',
        'show a machine in a web page, live: cores, traffic, tables, nets, text output',
        async () => (await import('./view.js')).viewCommand,
      ),
      entry(
        'selftest',
        'try a machine out: links, memory, our programs; and write a report to send us',
        async () => (await import('./selftest.js')).selftestCommand,
      ),
      entry(
        'ping',
        'ask a chip for its version again and again, and time the answers',
        async () => (await import('./ping.js')).pingCommand,
      ),
      entry(
        'power',
        'switch boards on or off, or show their voltages, temperatures and fans',
        async () => (await import('./power.js')).powerCommand,
      ),
      entry(
        'reset',
        'reset the chips of boards, so that they wait for a boot',
        async () => (await import('./reset.js')).resetCommand,
      ),
      entry('led', 'switch LEDs of a board', async () => (await import('./led.js')).ledCommand),
      entry(
        'bench',
        'measure how fast messages and memory go to a machine and back',
        async () => (await import('./bench.js')).benchCommand,
      ),
      entry(
        'alloc',
        'get boards from an allocation server, for a command or until stopped',
        async () => (await import('./alloc.js')).allocCommand,
      ),
    ],
  },
  {
    heading: 'Programs on a machine:',
    commands: [
      entry(
        'run',
        'load a program, start it, wait for its end, show what it put out, and stop it',
        async () => (await import('./run.js')).runCommand,
      ),
      entry(
        'load',
        'load a program onto cores and start it',
        async () => (await import('./load.js')).loadCommand,
      ),
      entry(
        'ps',
        'show what the cores of a machine run',
        async () => (await import('./ps.js')).psCommand,
      ),
      entry(
        'signal',
        'send a signal to all cores of an application',
        async () => (await import('./signal.js')).signalCommand,
      ),
      entry(
        'iobuf',
        'show the text that cores have put out',
        async () => (await import('./iobuf.js')).iobufCommand,
      ),
      entry(
        'debug',
        'run a program on a core of a virtual SpiNN-3, from its first instruction on',
        async () => (await import('./debug.js')).debugCommand,
      ),
      entry(
        'disassemble',
        'show the machine code of a program',
        async () => (await import('./disassemble.js')).disassembleCommand,
      ),
    ],
  },
  {
    heading: 'Memory and routers:',
    commands: [
      entry(
        'read',
        'show values in the memory of a chip',
        async () => (await import('./read.js')).readCommand,
      ),
      entry(
        'write',
        'write values, text or a file into the memory of a chip',
        async () => (await import('./write.js')).writeCommand,
      ),
      entry(
        'dump',
        'show memory of a chip byte by byte, or save it',
        async () => (await import('./dump.js')).dumpCommand,
      ),
      entry(
        'fill',
        'set memory of a chip to one value',
        async () => (await import('./fill.js')).fillCommand,
      ),
      entry(
        'counters',
        'show how many packets routers passed on and dropped',
        async () => (await import('./counters.js')).countersCommand,
      ),
      entry(
        'table',
        'show routing tables, or how full they are',
        async () => (await import('./table.js')).tableCommand,
      ),
      entry(
        'tags',
        'show, set or clear the IPTags by which messages leave a machine',
        async () => (await import('./tags.js')).tagsCommand,
      ),
    ],
  },
  {
    heading: 'Networks and graphs:',
    commands: [
      entry(
        'map',
        'place and route a graph on a machine',
        async () => (await import('./map.js')).mapCommand,
      ),
      entry(
        'train',
        'train a model and save it',
        async () => (await import('./train.js')).trainCommand,
      ),
      entry(
        'evaluate',
        'test a trained model',
        async () => (await import('./evaluate.js')).evaluateCommand,
      ),
      entry(
        'predict',
        'show what a trained model makes of samples',
        async () => (await import('./predict.js')).predictCommand,
      ),
      entry(
        'convert',
        'turn a model file into another kind',
        async () => (await import('./convert.js')).convertCommand,
      ),
      entry(
        'explain',
        'show the layers of a model, and where it can run',
        async () => (await import('./explain.js')).explainCommand,
      ),
    ],
  },
  {
    heading: 'This program:',
    commands: [
      entry(
        'completion',
        'print a script by which a shell completes commands and options',
        async () => (await import('./completion.js')).completionCommand,
      ),
    ],
  },
];

/** Makes one command, or throws what its code throws. */
export async function makeCommand({ summary, load }: CommandEntry, io: Io): Promise<Command> {
  const command = (await load())(io);
  const details = command.description();
  const sentence = `${summary[0]?.toUpperCase()}${summary.slice(1)}.`;
  return command
    .summary(summary)
    .description(details === '' ? sentence : `${sentence}\n\n${details}`);
}

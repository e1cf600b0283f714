/** `spin-tools doctor`: checks network, board and machine, and says what to do. */
import type { MachineController } from '@spin-tools/scp';
import { Command } from 'commander';
import { checkBoards } from '../doctor/boards.js';
import { type Finding, fault, type Level } from '../doctor/finding.js';
import { checkMonitor, checkNetwork, checkParts } from '../doctor/machine.js';
import { checkReachability } from '../doctor/reachability.js';
import { checkReceiveBuffer, checkVersions } from '../doctor/this-computer.js';
import { checkCores, checkDrops, checkRoom, checkTags } from '../doctor/use.js';
import { type BmpOptions, withBmpAddress } from '../machine/frame.js';
import {
  type AddressOptions,
  type DeadOptions,
  withAddress,
  withDeadChips,
} from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { count } from '../terminal/count.js';
import { ExitCode } from '../terminal/exit-code.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';
import { CommandExit } from './end.js';

interface DoctorOptions
  extends AddressOptions,
    BmpOptions,
    Pick<DeadOptions, 'deadChip' | 'deadLink'> {}

/** How long the first answer is waited for, s. */
const USUAL_WAIT = 1;
const MS_PER_SECOND = 1000;

/** Checks of a machine that answers, and what each is called should it fail. */
const MACHINE_CHECKS: readonly (readonly [
  string,
  (controller: MachineController, options: DoctorOptions) => Promise<Finding | readonly Finding[]>,
])[] = [
  ['monitor', checkMonitor],
  ['network', checkNetwork],
  ['parts', checkParts],
  ['cores', checkCores],
  ['memory', checkRoom],
  ['routers', checkDrops],
  ['tags', checkTags],
];

/** Makes the command. */
export function doctorCommand(io: Io): Command {
  const command = new Command('doctor').description(
    'Checks this computer, the network, the monitor and its version, chips, links and cores, programs that failed or were left behind, memory, routing tables, dropped packets and tags; with --bmp-host also the supplies, temperatures and fans of boards. Nothing is changed. Exits with 4 when there is a fault; a "note" is none.',
  );
  withExamples(
    command,
    [
      ['doctor --host 192.168.240.1 --bmp-host 192.168.240.0', 'checks a board that stands alone.'],
      ['doctor --dead-chip 3,3 --dead-link 0,0,0', 'knows of a chip and a link that are dead.'],
      ['doctor --machine rack --json', 'is for programs that watch a machine.'],
    ],
    '{ faults, findings: [{ check, level, what, advice }] }',
  );
  withDeadChips(command, 'are known to be dead, and no fault');
  withBmpAddress(withAddress(command, true), "management processor of the frame's board 0");
  return runs<DoctorOptions, []>(command, io, runDoctor);
}

async function runDoctor(options: DoctorOptions, terminal: Terminal): Promise<void> {
  const findings: Finding[] = [];
  const tell = (found: Finding | readonly Finding[]): void => {
    for (const finding of [found].flat() as Finding[]) {
      findings.push(finding);
      for (const line of linesOf(finding, terminal)) terminal.say(line);
    }
  };
  tell(checkVersions());
  tell(await checkReceiveBuffer());
  if (options.bmpHost !== undefined) tell(await checkBoards(options));
  if (await isReachable(options, tell)) {
    await withMachine(options, terminal, async (controller) => {
      for (const [name, check] of MACHINE_CHECKS)
        tell(await attempt(name, () => check(controller, options)));
    });
  }
  const faults = findings.filter(({ level }) => level === 'fault').length;
  terminal.report(faults === 0 ? 'no faults' : `${count(faults, 'fault')}: see what to do above`);
  terminal.result({ faults, findings });
  if (faults > 0) throw new CommandExit(ExitCode.BadNews);
}

/** Boards of an allocation server are where the server says. */
async function isReachable(
  options: DoctorOptions,
  tell: (found: readonly Finding[]) => void,
): Promise<boolean> {
  const { host, scpPort, bootPort, timeout = USUAL_WAIT } = options;
  if (host === undefined) return true;
  const waitMs = timeout * MS_PER_SECOND;
  const { findings, isUp } = await checkReachability({ host, scpPort, bootPort, waitMs });
  tell(findings);
  return isUp;
}

/** A check that a chip refuses, or does not answer, is a fault in itself. */
async function attempt(
  name: string,
  check: () => Promise<Finding | readonly Finding[]>,
): Promise<Finding | readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    const isOfMachine = error instanceof Error && /^Scp|CorruptMemory/.test(error.name);
    if (!isOfMachine) throw error;
    return fault(name, error.message, 'reset the board and boot it again');
  }
}

function linesOf({ check, level, what, advice }: Finding, { colours }: Terminal): string[] {
  const paint: Readonly<Record<Level, (text: string) => string>> = {
    ok: colours.green,
    note: colours.yellow,
    fault: colours.red,
  };
  const first = `${paint[level](level.padEnd(5))}  ${check.padEnd(13)}  ${what}`;
  return advice === undefined
    ? [first]
    : [first, `${' '.repeat(22)}${colours.bold('do:')} ${advice}`];
}

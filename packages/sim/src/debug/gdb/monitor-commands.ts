/** What `monitor ...` does in GDB. */
import type { DebuggedCore } from '../core.js';
import type { MachineDebugger } from '../debugger.js';
import { BANKED_REGISTERS, CORE_REGISTERS } from '../registers.js';

interface MonitorCommand {
  readonly help: string;
  run(target: MachineDebugger, core: DebuggedCore): string;
}

const NS_PER_MICROSECOND = 1000;

const COMMANDS: Readonly<Record<string, MonitorCommand>> = {
  cores: {
    help: 'cores with programs, and where they are',
    run(target) {
      const lines = target.cores().map((core) => {
        const pc = core.register('pc').toString(16).padStart(8, '0');
        return `${core.name}: pc 0x${pc}, ${core.isAsleep ? 'asleep' : 'awake'}`;
      });
      return lines.join('\n') || 'no core runs a program';
    },
  },
  registers: {
    help: 'all registers of the current thread, those of other modes too',
    run(_, core) {
      const names = [...CORE_REGISTERS, ...BANKED_REGISTERS];
      const values = core.registers(names);
      const cells = names.map((name, index) => {
        const value = (values[index] as number).toString(16).padStart(8, '0');
        return `${name.padEnd(8)} ${value}`;
      });
      return inRows(cells, 4);
    },
  },
  reset: {
    help: 'starts the program of the current thread again, over the memory as it is',
    run(target, core) {
      const isDone = target.restart(core);
      return isDone ? `${core.name} is at its entry again` : `${core.name} has no program`;
    },
  },
  time: {
    help: 'simulated time',
    run(target, core) {
      const time = (core.hasProgram ? core.time : target.time) / NS_PER_MICROSECOND;
      return `${time.toFixed(3)} us`;
    },
  },
};

function inRows(cells: readonly string[], columns: number): string {
  const rows: string[] = [];
  for (let at = 0; at < cells.length; at += columns) {
    rows.push(cells.slice(at, at + columns).join('  '));
  }
  return rows.join('\n');
}

/** The text that a command prints, with a line feed at its end; of one that there is not, what there is. */
export function runMonitorCommand(
  line: string,
  target: MachineDebugger,
  core: DebuggedCore,
): string {
  const name = line.trim();
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command !== undefined) return `${command.run(target, core)}\n`;
  const list = Object.entries(COMMANDS).map(([each, { help }]) => `  ${each.padEnd(10)} ${help}\n`);
  const problem = name === '' || name === 'help' ? '' : `there is no command "${name}"\n`;
  return `${problem}monitor commands:\n${list.join('')}`;
}

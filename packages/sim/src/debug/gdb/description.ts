/** What GDB asks a target about itself, as XML. GDB manual, appendices "Target Descriptions" and "Memory Map Format". */
import { BANKED_REGISTERS, CORE_REGISTERS } from '../registers.js';

/** GDB's number of cpsr on ARM; those between r15 and it belong to coprocessors that there are not. */
export const STATUS_NUMBER = 25;
/** GDB's number of the first banked register. */
export const FIRST_BANKED = STATUS_NUMBER + 1;

/** Name of the register with a number of GDB's, if there is one. */
export function registerName(number: number): string | undefined {
  if (number === STATUS_NUMBER) return 'cpsr';
  return number < CORE_REGISTERS.length - 1
    ? CORE_REGISTERS[number]
    : BANKED_REGISTERS[number - FIRST_BANKED];
}

const TYPES: Readonly<Record<string, string>> = { sp: 'data_ptr', pc: 'code_ptr' };

const coreRegisters = CORE_REGISTERS.map((name) => {
  const number = name === 'cpsr' ? ` regnum="${STATUS_NUMBER}"` : '';
  return `<reg name="${name}" bitsize="32" type="${TYPES[name] ?? 'uint32'}"${number}/>`;
});

const bankedRegisters = BANKED_REGISTERS.map((name, index) => {
  const number = index === 0 ? ` regnum="${FIRST_BANKED}"` : '';
  return `<reg name="${name}" bitsize="32" type="uint32" group="banked"${number}/>`;
});

/** The registers. */
export const TARGET_DESCRIPTION = `<?xml version="1.0"?>
<!DOCTYPE target SYSTEM "gdb-target.dtd">
<target version="1.0">
<architecture>armv5te</architecture>
<feature name="org.gnu.gdb.arm.core">
${coreRegisters.join('\n')}
</feature>
<feature name="spin-tools.arm.banked">
${bankedRegisters.join('\n')}
</feature>
</target>
`;

/** Memory kinds with start and length; SpiNN-2 data sheet, chapter on the memory map. */
const MEMORY: readonly (readonly [type: string, start: number, length: number])[] = [
  ['ram', 0x00000000, 0x8000],
  ['ram', 0x00400000, 0x10000],
  ['ram', 0x10000000, 0x40000000],
  ['ram', 0x60000000, 0x20000000],
  ['ram', 0xe0000000, 0x1fff0000],
  ['rom', 0xffff0000, 0x10000],
];

/** Where memory and devices are. */
export const MEMORY_MAP = `<?xml version="1.0"?>
<!DOCTYPE memory-map PUBLIC "+//IDN gnu.org//DTD GDB Memory Map V1.0//EN" "http://sourceware.org/gdb/gdb-memory-map.dtd">
<memory-map>
${MEMORY.map(([type, start, length]) => `<memory type="${type}" start="0x${start.toString(16)}" length="0x${length.toString(16)}"/>`).join('\n')}
</memory-map>
`;

/** Threads with their names and what is to be said of them. */
export function threadList(
  threads: readonly { readonly id: number; readonly name: string; readonly state: string }[],
): string {
  const lines = threads.map(
    ({ id, name, state }) => `<thread id="${id.toString(16)}" name="${name}">${state}</thread>`,
  );
  return `<?xml version="1.0"?>\n<threads>\n${lines.join('\n')}\n</threads>\n`;
}

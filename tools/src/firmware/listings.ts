/** Registers, memory, machine code and profiles as lines. */
import {
  BANKED_REGISTERS,
  CORE_REGISTERS,
  type DebuggedCore,
  type DisassembledInstruction,
  disassemble,
  type Profile,
  type SymbolCost,
  SymbolTable,
  withReference,
} from '@spin-tools/sim/debug';
import { hexByte, inGroups } from '../terminal/hexadecimal.js';
import { table } from '../terminal/table.js';

/** Values of registers by name, those of all modes. */
export function registersOf(core: DebuggedCore): Record<string, number> {
  const names = [...CORE_REGISTERS, ...BANKED_REGISTERS];
  const values = core.registers(names);
  return Object.fromEntries(names.map((name, index) => [name, values[index] as number]));
}

/** Registers in rows of four. */
export function registerLines(registers: Readonly<Record<string, number>>): string[] {
  const cells = Object.entries(registers).map(
    ([name, value]) => `${name.padEnd(8)} ${value.toString(16).padStart(8, '0')}`,
  );
  return inGroups(cells, 4).map((row) => row.join('  '));
}

/** Machine code with the names of its functions as headings. */
export function codeLines(
  instructions: readonly DisassembledInstruction[],
  bytes: Uint8Array,
  symbols: SymbolTable | undefined,
): string[] {
  const first = instructions[0]?.address ?? 0;
  return instructions.flatMap((instruction) => {
    const { address, size } = instruction;
    const range = symbols?.at(address);
    const heading = range?.address === address ? ['', `${range.name}:`] : [];
    const code = bytes.subarray(address - first, address - first + size);
    const word = [...code].map(hexByte).reverse().join('');
    const place = address.toString(16).padStart(8, '0');
    return [...heading, `${place}  ${word.padEnd(8)}  ${withReference(instruction)}`];
  });
}

/** Instructions around the one that a core executes next. */
export function surroundingsOf(core: DebuggedCore, symbols: SymbolTable | undefined): string[] {
  const [pc, status] = core.registers(['pc', 'cpsr']) as [number, number];
  const isThumb = (status & 0x20) !== 0;
  const size = isThumb ? 2 : 4;
  const start = Math.max(0, pc - 4 * size);
  const bytes = core.readMemory(start, pc + 8 * size - start);
  const lines = disassemble(bytes, start, { isThumb, ...(symbols && { symbols }) });
  return lines.flatMap((line) => {
    const at = line.address - start;
    const code = codeLines([line], bytes.subarray(at, at + line.size), symbols);
    const mark = line.address === pc ? '> ' : '  ';
    return code.map((text) => (text === '' || text.endsWith(':') ? text : `${mark}${text}`));
  });
}

/** Most symbols shown of a profile. */
const MOST_COSTS = 20;

/** What a profile says about symbols; about addresses where there are no names. */
export function costsOf(profile: Profile, symbols: SymbolTable | undefined): SymbolCost[] {
  return profile.bySymbol(symbols ?? NO_NAMES);
}

const NO_NAMES = new SymbolTable({ entry: 0, sections: [], segments: [], symbols: [] });

/** The dearest symbols as a table. */
export function profileLines(costs: readonly SymbolCost[]): string[] {
  const rows = costs
    .slice(0, MOST_COSTS)
    .map(({ name, share, cycles, instructions }) => [
      name,
      `${(100 * share).toFixed(1)} %`,
      cycles.toLocaleString('en'),
      instructions.toLocaleString('en'),
    ]);
  if (rows.length === 0) return ['nothing was executed'];
  const more = costs.length - rows.length;
  return [
    ...table(['symbol', 'share', 'cycles', 'instructions'], rows),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

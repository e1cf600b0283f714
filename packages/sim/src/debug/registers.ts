/**
 * Registers of a core that does not run, by name: those of its present mode, and the banked ones of all
 * modes. ARM Architecture Reference Manual (DDI 0100), chapter A2.
 */
import { type Cpu, Mode } from '../arm/cpu.js';
import { activeState } from '../arm/state.js';

/** Registers that programs see, in the order in which GDB numbers them; its number of cpsr is 25. */
export const CORE_REGISTERS = [
  ...['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'r10', 'r11', 'r12'],
  ...['sp', 'lr', 'pc', 'cpsr'],
] as const;

/** What the modes have of their own, by the suffix of its names. */
const BANKS: readonly (readonly [suffix: string, mode: number, registers: readonly string[]])[] = [
  ['usr', Mode.User, ['r8', 'r9', 'r10', 'r11', 'r12', 'sp', 'lr']],
  ['fiq', Mode.FastInterrupt, ['r8', 'r9', 'r10', 'r11', 'r12', 'sp', 'lr', 'spsr']],
  ['irq', Mode.Interrupt, ['sp', 'lr', 'spsr']],
  ['svc', Mode.Supervisor, ['sp', 'lr', 'spsr']],
  ['abt', Mode.Abort, ['sp', 'lr', 'spsr']],
  ['und', Mode.Undefined, ['sp', 'lr', 'spsr']],
];

interface Banked {
  readonly name: string;
  readonly mode: number;
  /** Register number, or 16 for the saved status. */
  readonly number: number;
}

const NUMBERS: Readonly<Record<string, number>> = {
  ...{ r8: 8, r9: 9, r10: 10, r11: 11, r12: 12, sp: 13, lr: 14, spsr: 16 },
};
const SAVED_STATUS = 16;

const BANKED: readonly Banked[] = BANKS.flatMap(([suffix, mode, registers]) =>
  registers.map((name) => ({ name: `${name}_${suffix}`, mode, number: NUMBERS[name] as number })),
);

/** Banked registers: `sp_irq`, `spsr_fiq`, `r8_usr`, ... */
export const BANKED_REGISTERS: readonly string[] = BANKED.map(({ name }) => name);

const MODES: ReadonlySet<number> = new Set(Object.values(Mode));

/** There is no register of a name, or a value that it cannot have. */
export class RegisterError extends Error {
  override readonly name = 'RegisterError';

  constructor(
    /** Name of the register. */
    readonly register: string,
    problem: string,
  ) {
    super(`register "${register}" ${problem}`);
  }
}

/** Value of a register, unsigned. Throws RegisterError for a name that no register has. */
export function readRegister(cpu: Cpu, name: string): number {
  return whileActive(cpu, () => read(cpu, name)) >>> 0;
}

/** Values of many registers, unsigned. Throws RegisterError for a name that no register has. */
export function readRegisters(cpu: Cpu, names: readonly string[]): number[] {
  return whileActive(cpu, () => names.map((name) => read(cpu, name) >>> 0));
}

/**
 * Sets a register. A program counter is rounded down to an instruction.
 *
 * @throws RegisterError for a name that no register has, and for a status with a mode that there is not
 */
export function writeRegister(cpu: Cpu, name: string, value: number): void {
  whileActive(cpu, () => write(cpu, name, value | 0));
}

/** Lets the registers be in their place: the core does not run, and no other does. */
function whileActive<T>(cpu: Cpu, action: () => T): T {
  cpu.resume();
  try {
    return action();
  } finally {
    cpu.suspend();
  }
}

function read(cpu: Cpu, name: string): number {
  const number = CORE_REGISTERS.indexOf(name as (typeof CORE_REGISTERS)[number]);
  if (name === 'cpsr') return cpu.status;
  if (number >= 0) return activeState[number] as number;
  const banked = bankedRegister(name);
  return inMode(cpu, banked.mode, () =>
    banked.number === SAVED_STATUS ? cpu.spsr : (activeState[banked.number] as number),
  );
}

function write(cpu: Cpu, name: string, value: number): void {
  const number = CORE_REGISTERS.indexOf(name as (typeof CORE_REGISTERS)[number]);
  if (name === 'cpsr') writeStatus(cpu, value);
  else if (name === 'pc') cpu.branch(value);
  else if (number >= 0) activeState[number] = value;
  else {
    const banked = bankedRegister(name);
    inMode(cpu, banked.mode, () => {
      if (banked.number === SAVED_STATUS) cpu.spsr = value;
      else activeState[banked.number] = value;
    });
  }
}

function writeStatus(cpu: Cpu, value: number): void {
  if (!MODES.has(value & 0x1f)) {
    throw new RegisterError('cpsr', `cannot be 0x${hex(value)}: its low five bits are no mode`);
  }
  cpu.status = value;
}

function bankedRegister(name: string): Banked {
  const found = BANKED.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new RegisterError(name, `is none; there are ${CORE_REGISTERS.join(', ')} and banked ones`);
}

function inMode<T>(cpu: Cpu, mode: number, action: () => T): T {
  const before = cpu.mode;
  cpu.switchMode(mode);
  try {
    return action();
  } finally {
    cpu.switchMode(before);
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

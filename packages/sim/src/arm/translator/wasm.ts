/**
 * WebAssembly as bytes: the code of a function, and a module around functions.
 * WebAssembly Core Specification 2.0, chapter 5 (binary format).
 */

/** Instructions without immediate operands. */
export const Wasm = {
  Unreachable: 0x00,
  Else: 0x05,
  End: 0x0b,
  Return: 0x0f,
  Drop: 0x1a,
  Select: 0x1b,
  EqualZero: 0x45,
  Equal: 0x46,
  NotEqual: 0x47,
  LessSigned: 0x48,
  LessUnsigned: 0x49,
  GreaterSigned: 0x4a,
  GreaterUnsigned: 0x4b,
  LessOrEqualSigned: 0x4c,
  LessOrEqualUnsigned: 0x4d,
  GreaterOrEqualSigned: 0x4e,
  GreaterOrEqualUnsigned: 0x4f,
  CountLeadingZeros: 0x67,
  Add: 0x6a,
  Subtract: 0x6b,
  Multiply: 0x6c,
  And: 0x71,
  Or: 0x72,
  ExclusiveOr: 0x73,
  ShiftLeft: 0x74,
  ShiftRightSigned: 0x75,
  ShiftRightUnsigned: 0x76,
  RotateRight: 0x78,
  LongAdd: 0x7c,
  LongMultiply: 0x7e,
  LongOr: 0x84,
  LongShiftLeft: 0x86,
  LongShiftRightSigned: 0x87,
  LongShiftRightUnsigned: 0x88,
  Wrap: 0xa7,
  ExtendSigned: 0xac,
  ExtendUnsigned: 0xad,
  Extend8: 0xc0,
  Extend16: 0xc1,
} as const;
export type Wasm = (typeof Wasm)[keyof typeof Wasm];

/** Accesses to memory: the instruction and the binary logarithm of its size. */
export const Access = {
  LoadWord: [0x28, 2],
  LoadSignedByte: [0x2c, 0],
  LoadByte: [0x2d, 0],
  LoadSignedHalf: [0x2e, 1],
  LoadHalf: [0x2f, 1],
  StoreWord: [0x36, 2],
  StoreByte: [0x3a, 0],
  StoreHalf: [0x3b, 1],
} as const;
export type Access = (typeof Access)[keyof typeof Access];

/** Types of values. */
export const ValueType = { Word: 0x7f, Long: 0x7e } as const;
type ValueType = (typeof ValueType)[keyof typeof ValueType];

/** A place that a branch can go to: the end of a block, or the beginning of a loop. */
export interface Label {
  readonly depth: number;
}

const NO_RESULT = 0x40;

/** The code of one function, written from front to back. Locals are 32 bits wide unless said otherwise. */
export class FunctionCode {
  private readonly code: number[] = [];
  private readonly locals: { readonly type: ValueType; count: number }[] = [];
  private nextLocal: number;
  private depth = 0;

  constructor(parameters: number) {
    this.nextLocal = parameters;
  }

  /** A new local variable, 0 at first. */
  local(type: ValueType = ValueType.Word): number {
    const last = this.locals.at(-1);
    if (last?.type === type) last.count++;
    else this.locals.push({ type, count: 1 });
    return this.nextLocal++;
  }

  do(...instructions: readonly Wasm[]): this {
    this.code.push(...instructions);
    return this;
  }

  constant(value: number): this {
    this.code.push(0x41);
    signed(this.code, value | 0);
    return this;
  }

  longConstant(value: number): this {
    this.code.push(0x42);
    signed(this.code, value);
    return this;
  }

  get(local: number): this {
    return this.withIndex(0x20, local);
  }

  set(local: number): this {
    return this.withIndex(0x21, local);
  }

  /** Sets a local variable and leaves the value. */
  tee(local: number): this {
    return this.withIndex(0x22, local);
  }

  /** Loads from, or stores to, the address on the stack plus an offset. */
  access([instruction, alignment]: Access, offset = 0): this {
    this.code.push(instruction, alignment);
    unsigned(this.code, offset);
    return this;
  }

  call(index: number): this {
    return this.withIndex(0x10, index);
  }

  /** Calls the function of a module's table whose number is on the stack, behind its operands. */
  callIndirect(type: number): this {
    this.withIndex(0x11, type);
    this.code.push(0);
    return this;
  }

  /** Opens a block whose label is its end. */
  block(result?: ValueType): Label {
    return this.open(0x02, result ?? NO_RESULT);
  }

  /** Opens a loop whose label is its beginning. */
  loop(): Label {
    return this.open(0x03, NO_RESULT);
  }

  /** Opens what is done when the value on the stack is not 0. */
  if(result?: ValueType): Label {
    return this.open(0x04, result ?? NO_RESULT);
  }

  else(): this {
    return this.do(Wasm.Else);
  }

  end(): this {
    this.depth--;
    return this.do(Wasm.End);
  }

  branch(label: Label): this {
    return this.withIndex(0x0c, this.distance(label));
  }

  branchIf(label: Label): this {
    return this.withIndex(0x0d, this.distance(label));
  }

  /** Branches by the number on the stack; to `otherwise` when there is no such label. */
  branchTable(labels: readonly Label[], otherwise: Label): this {
    this.code.push(0x0e);
    unsigned(this.code, labels.length);
    for (const label of labels) unsigned(this.code, this.distance(label));
    unsigned(this.code, this.distance(otherwise));
    return this;
  }

  /** Writes what is executed before everything written so far. */
  first(write: () => void): void {
    const later = this.code.splice(0);
    write();
    for (const byte of later) this.code.push(byte);
  }

  /** The body as it stands in a module. */
  get body(): readonly number[] {
    const locals = this.locals.map(({ type, count }) => [...encoded(count), type]);
    const content = [...encoded(locals.length), ...locals.flat(), ...this.code, Wasm.End];
    return [...encoded(content.length), ...content];
  }

  private open(instruction: number, result: number): Label {
    this.code.push(instruction, result);
    this.depth++;
    return { depth: this.depth };
  }

  private distance(label: Label): number {
    return this.depth - label.depth;
  }

  private withIndex(instruction: number, index: number): this {
    this.code.push(instruction);
    unsigned(this.code, index);
    return this;
  }
}

/** Parameters and results of a function, all of them words. */
export interface Signature {
  readonly parameters: number;
  readonly results: number;
}

/** A function that a module takes from outside: it is known by this name there. */
export interface ImportedFunction extends Signature {
  readonly name: string;
}

/** A function of a module, exported under its name. */
export interface ModuleFunction extends Signature {
  readonly name: string;
  readonly code: FunctionCode;
}

const IMPORTS_FROM = 'core';
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** A module of nothing. */
export const EMPTY_MODULE = Uint8Array.from(HEADER);
const Section = { Types: 1, Imports: 2, Functions: 3, Exports: 7, Code: 10 } as const;
const MEMORY_WITH_MAXIMUM = [0x02, 0x01];
const TABLE_OF_FUNCTIONS_WITH_MAXIMUM = [0x01, 0x70, 0x01];

/** A table of functions that a module calls by number. */
export interface FunctionTable {
  /** Number of functions. */
  readonly size: number;
  /** Types of functions in it; they are numbered behind those of the module's functions. */
  readonly signatures: readonly Signature[];
}

/**
 * A module that imports a memory called `memory`, functions and perhaps a `table`, all from `core`, and exports
 * functions. Imported functions are numbered first.
 *
 * @param memoryBytes size of the memory
 */
export function encodeModule(
  memoryBytes: number,
  imports: readonly ImportedFunction[],
  functions: readonly ModuleFunction[],
  table?: FunctionTable,
): Uint8Array {
  const pages = encoded(memoryBytes / 0x10000);
  const memory = [...text(IMPORTS_FROM), ...text('memory'), ...MEMORY_WITH_MAXIMUM];
  const all = [...imports, ...functions];
  return new Uint8Array([
    ...HEADER,
    ...section(Section.Types, [...all, ...(table?.signatures ?? [])].map(signature)),
    ...section(Section.Imports, [
      [...memory, ...pages, ...pages],
      ...(table === undefined ? [] : [importedTable(table)]),
      ...imports.map(({ name }, type) => [
        ...text(IMPORTS_FROM),
        ...text(name),
        0x00,
        ...encoded(type),
      ]),
    ]),
    ...section(
      Section.Functions,
      functions.map((_, index) => encoded(imports.length + index)),
    ),
    ...section(
      Section.Exports,
      functions.map(({ name }, index) => [...text(name), 0x00, ...encoded(imports.length + index)]),
    ),
    ...section(
      Section.Code,
      functions.map(({ code }) => code.body),
    ),
  ]);
}

function importedTable({ size }: FunctionTable): readonly number[] {
  const name = [...text(IMPORTS_FROM), ...text('table')];
  return [...name, ...TABLE_OF_FUNCTIONS_WITH_MAXIMUM, ...encoded(size), ...encoded(size)];
}

function signature({ parameters, results }: Signature): readonly number[] {
  const words = (count: number) => [
    ...encoded(count),
    ...new Array<number>(count).fill(ValueType.Word),
  ];
  return [0x60, ...words(parameters), ...words(results)];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = encoded(items.length).concat(...items);
  return [id].concat(encoded(content.length), content);
}

function text(characters: string): number[] {
  return [...encoded(characters.length), ...[...characters].map((each) => each.charCodeAt(0))];
}

function encoded(value: number): number[] {
  const bytes: number[] = [];
  unsigned(bytes, value);
  return bytes;
}

/** Appends a number from 0 to 2^32 - 1, in groups of seven bits (LEB128). */
function unsigned(bytes: number[], value: number): void {
  let rest = value >>> 0;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
}

/** Appends a number of 32 bits with its sign, in groups of seven bits. */
function signed(bytes: number[], value: number): void {
  let rest = value;
  for (; rest < -0x40 || rest > 0x3f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest & 0x7f);
}

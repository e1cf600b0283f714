/**
 * The classic data specification language, encoding version 2: every instruction by name, with its
 * opcode and the fields of its first word. After "Data Specification Generation", command reference
 * 2.0, and the executors of DataSpecification 3.0 to 6.0.
 *
 * A first word has the number of further words in bits 29:28, the opcode in 27:20, and in 18:16 which
 * of destination, source 1 and source 2 are registers.
 */

/** A field of a first word. */
export interface FieldLayout {
  /** Lowest bit. */
  readonly at: number;
  readonly bits: number;
}

/** What an instruction looks like. */
export interface OpcodeLayout {
  readonly code: number;
  readonly fields: Readonly<Record<string, FieldLayout>>;
  /** Least and most further words; `array` has as many more as its first one says. */
  readonly words: readonly [number, number] | 'array';
}

const field = (at: number, bits: number): FieldLayout => ({ at, bits });

/** Which operands are registers. */
const useDestination = field(18, 1);
const useSource1 = field(17, 1);
const useSource2 = field(16, 1);

/** Their numbers. */
const destination = field(12, 4);
const source1 = field(8, 4);
const source2 = field(4, 4);

const operands = { useDestination, useSource1, useSource2, destination, source1, source2 };

/** All instructions of the command reference, those that no executor of hosts or chips had included. */
export const OPCODES = {
  BREAK: { code: 0x00, fields: {}, words: [0, 0] },
  NOP: { code: 0x01, fields: {}, words: [0, 0] },
  RESERVE: {
    code: 0x02,
    fields: { region: field(0, 5), referenceable: field(6, 1), unfilled: field(7, 1) },
    words: [1, 2],
  },
  FREE: { code: 0x03, fields: { region: field(0, 5) }, words: [0, 0] },
  REFERENCE: { code: 0x04, fields: { region: field(0, 5) }, words: [1, 1] },
  DECLARE_RNG: {
    code: 0x05,
    fields: { generator: field(12, 4), kind: field(8, 4) },
    words: [1, 1],
  },
  DECLARE_RANDOM_DIST: {
    code: 0x06,
    fields: { distribution: field(8, 6), structure: field(0, 6) },
    words: [0, 0],
  },
  GET_RANDOM_NUMBER: {
    code: 0x07,
    fields: { useDestination, destination, distribution: field(0, 6) },
    words: [0, 0],
  },
  START_STRUCT: { code: 0x10, fields: { structure: field(0, 5) }, words: [0, 0] },
  STRUCT_ELEM: { code: 0x11, fields: { type: field(0, 5) }, words: [0, 2] },
  END_STRUCT: { code: 0x12, fields: {}, words: [0, 0] },
  START_PACKSPEC: { code: 0x1a, fields: { id: field(10, 5) }, words: [0, 0] },
  PACK_PARAM: {
    code: 0x1b,
    fields: { highestBit: field(8, 8), lowestBit: field(0, 8) },
    words: [1, 1],
  },
  END_PACKSPEC: { code: 0x1c, fields: {}, words: [0, 0] },
  START_CONSTRUCTOR: {
    code: 0x20,
    fields: { id: field(11, 5), arguments: field(8, 3), readOnly: field(0, 5) },
    words: [0, 0],
  },
  END_CONSTRUCTOR: { code: 0x25, fields: {}, words: [0, 0] },
  CONSTRUCT: { code: 0x40, fields: { id: field(8, 5) }, words: [0, 1] },
  READ: { code: 0x41, fields: { useDestination, destination, bytes: field(0, 4) }, words: [0, 0] },
  WRITE: {
    code: 0x42,
    fields: {
      useSource1,
      useSource2,
      size: field(12, 2),
      source1,
      source2,
      repeats: field(0, 8),
    },
    words: [0, 2],
  },
  WRITE_ARRAY: { code: 0x43, fields: { elementBytes: field(0, 4) }, words: 'array' },
  WRITE_STRUCT: {
    code: 0x44,
    fields: { useSource1, repeats: source1, structure: field(0, 4) },
    words: [0, 0],
  },
  BLOCK_COPY: { code: 0x45, fields: operands, words: [0, 0] },
  SWITCH_FOCUS: { code: 0x50, fields: { useSource1, region: field(8, 5) }, words: [0, 0] },
  LOOP: { code: 0x51, fields: { ...operands, counter: field(0, 4) }, words: [0, 3] },
  BREAK_LOOP: { code: 0x52, fields: {}, words: [0, 0] },
  END_LOOP: { code: 0x53, fields: {}, words: [0, 0] },
  IF: {
    code: 0x55,
    fields: { useSource1, useSource2, source1, source2, condition: field(0, 4) },
    words: [0, 1],
  },
  ELSE: { code: 0x56, fields: {}, words: [0, 0] },
  END_IF: { code: 0x57, fields: {}, words: [0, 0] },
  MV: {
    code: 0x60,
    fields: { useDestination, useSource1, destination, source1 },
    words: [0, 2],
  },
  GET_WR_PTR: { code: 0x63, fields: { useDestination, destination }, words: [0, 0] },
  SET_WR_PTR: {
    code: 0x64,
    fields: { useSource1, source1, relative: field(0, 1) },
    words: [0, 1],
  },
  ALIGN_WR_PTR: {
    code: 0x65,
    fields: { useDestination, useSource1, destination, source1, block: field(0, 5) },
    words: [0, 0],
  },
  ARITH_OP: {
    code: 0x67,
    fields: { signed: field(19, 1), ...operands, operation: field(0, 4) },
    words: [0, 2],
  },
  LOGIC_OP: { code: 0x68, fields: { ...operands, operation: field(0, 4) }, words: [0, 2] },
  REFORMAT: { code: 0x6a, fields: operands, words: [0, 3] },
  COPY_STRUCT: {
    code: 0x70,
    fields: { useDestination, useSource1, destination, source1 },
    words: [0, 0],
  },
  COPY_PARAM: {
    code: 0x71,
    fields: { useDestination, destination, source1 },
    words: [1, 1],
  },
  WRITE_PARAM: {
    code: 0x72,
    fields: { useSource1, structure: field(12, 4), source1, element: field(0, 8) },
    words: [0, 2],
  },
  READ_PARAM: {
    code: 0x73,
    fields: {
      useDestination,
      useSource1,
      destination,
      source1,
      element: field(4, 8),
      structure: field(0, 4),
    },
    words: [0, 0],
  },
  WRITE_PARAM_COMPONENT: {
    code: 0x74,
    fields: { ...operands, element: field(0, 8) },
    words: [1, 1],
  },
  PRINT_VAL: { code: 0x80, fields: { useSource1, source1, type: field(0, 5) }, words: [0, 2] },
  PRINT_TXT: { code: 0x81, fields: { lastCharacter: field(0, 8) }, words: [1, 3] },
  PRINT_STRUCT: {
    code: 0x82,
    fields: { useSource1, source1, structure: field(0, 4) },
    words: [0, 0],
  },
  END_SPEC: { code: 0xff, fields: {}, words: [0, 1] },
} as const satisfies Readonly<Record<string, OpcodeLayout>>;

/** Name of an instruction. */
export type OpcodeName = keyof typeof OPCODES;

/** Names of the fields of an instruction's first word. */
export type FieldName<Name extends OpcodeName> = keyof (typeof OPCODES)[Name]['fields'] & string;

const NAMES: ReadonlyMap<number, OpcodeName> = new Map(
  Object.entries(OPCODES).map(([name, { code }]) => [code, name as OpcodeName]),
);

/** Name of an opcode, if there is one. */
export const opcodeName = (code: number): OpcodeName | undefined => NAMES.get(code);

/** The layout of an instruction. */
export const layoutOf = (name: OpcodeName): OpcodeLayout => OPCODES[name];

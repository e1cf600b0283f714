import { env } from 'node:process';
import fc from 'fast-check';
import t from 'tap';
import {
  buildImage,
  DataSpecificationError,
  decodeSpecification,
  disassembleSpecification,
  encodeSpecification,
  executeSpecification,
  type Instruction,
  imageOfSpecification,
  instruction,
} from '../../index.js';
import { randomIndex, seededRandom } from '../../random.js';
import { layoutOf, OPCODES, type OpcodeName } from './opcodes.js';

const NAMES = Object.keys(OPCODES) as OpcodeName[];

/** Instructions of programs that a test carries out. */
const carriedOut = new Set<OpcodeName>();

const op: typeof instruction = (name, fields, words) => {
  carriedOut.add(name);
  return instruction(name, fields, words);
};

const END = op('END_SPEC', {}, [0xffffffff]);

/** Region 0 of a program that reserves 64 bytes of it and looks at it, in hex. */
function regionOf(...program: readonly Instruction[]): string {
  const whole = [op('RESERVE', { region: 0 }, [64]), op('SWITCH_FOCUS', { region: 0 }), ...program];
  const { regions } = executeSpecification(encodeSpecification([...whole, END]));
  return Buffer.from(regions.get(0)!.bytes).toString('hex');
}

const move = (register: number, ...value: number[]) => op('MV', { destination: register }, value);
const writeRegister = (register: number, size = 2) =>
  op('WRITE', { useSource1: 1, source1: register, size, repeats: 1 });

/** Generator 1, and distribution 4 of values from least to greatest, in units of 2^-15. */
const uniform = (seed: number, least: number, greatest: number) => [
  op('DECLARE_RNG', { generator: 1 }, [seed]),
  op('START_STRUCT', { structure: 9 }),
  ...[0, 1].map((value) => op('STRUCT_ELEM', { type: 2 }, [value])),
  ...[least, greatest].map((value) => op('STRUCT_ELEM', { type: 12 }, [value])),
  op('END_STRUCT'),
  op('DECLARE_RANDOM_DIST', { distribution: 4, structure: 9 }),
];

const drawn = (destination: number) =>
  op('GET_RANDOM_NUMBER', { useDestination: 1, destination, distribution: 4 });

/** The second word of WRITE_PARAM_COMPONENT. */
const component = (bits: number, lowest: number, id: number, element: number) =>
  ((bits << 26) | (lowest << 20) | (id << 8) | element) >>> 0;

t.test('words are as the command reference has them', async (t) => {
  const hex = (...program: Instruction[]) =>
    [...encodeSpecification(program)].map((word) => word.toString(16).padStart(8, '0')).join(' ');
  t.equal(hex(op('RESERVE', { region: 3, unfilled: 1 }, [100])), '10200083 00000064');
  t.equal(hex(op('SWITCH_FOCUS', { region: 3 })), '05000300');
  t.equal(hex(op('WRITE', { size: 2, repeats: 1 }, [0xdeadbeef])), '14202001 deadbeef');
  t.equal(hex(op('WRITE', { size: 3, repeats: 2 }, [1, 2])), '24203002 00000001 00000002');
  t.equal(
    hex(op('WRITE_ARRAY', { elementBytes: 4 }, [7, 8])),
    '14300004 00000002 00000007 00000008',
  );
  t.equal(hex(op('MV', { useSource1: 1, destination: 5, source1: 6 })), '06025600');
  t.equal(
    hex(op('ARITH_OP', { signed: 1, destination: 1, operation: 2 }, [3, 4])),
    '26781002 00000003 00000004',
  );
  t.equal(hex(END), '1ff00000 ffffffff');
});

const WRITES: readonly [string, readonly Instruction[], string][] = [
  ['NOP', [op('NOP')], ''],
  ['WRITE of a byte, repeated', [op('WRITE', { size: 0, repeats: 3 }, [0x1ff])], 'ffffff'],
  [
    'WRITE of 8 bytes',
    [op('WRITE', { size: 3, repeats: 1 }, [0x04030201, 0x08070605])],
    '0102030405060708',
  ],
  [
    'WRITE of a register, as often as another says',
    [
      move(1, 0xabcd),
      move(2, 2),
      op('WRITE', { useSource1: 1, useSource2: 1, size: 1, source1: 1, source2: 2 }),
    ],
    'cdabcdab',
  ],
  ['WRITE_ARRAY', [op('WRITE_ARRAY', { elementBytes: 4 }, [1, 0x80000000])], '0100000000000080'],
  [
    'READ',
    [
      op('WRITE', { size: 1, repeats: 1 }, [0x1234]),
      op('SET_WR_PTR', {}, [0]),
      op('READ', { destination: 3, bytes: 2 }),
      writeRegister(3, 1),
    ],
    '34123412',
  ],
  [
    'WRITE_STRUCT',
    [
      op('START_STRUCT', { structure: 7 }),
      op('STRUCT_ELEM', { type: 0 }, [5]),
      op('STRUCT_ELEM', { type: 5 }, [0x10203]),
      op('STRUCT_ELEM', { type: 3 }),
      op('END_STRUCT'),
      op('WRITE_STRUCT', { structure: 7, repeats: 1 }),
    ],
    '0503020000000000000000',
  ],
  [
    'BLOCK_COPY',
    [
      op('WRITE', { size: 2, repeats: 1 }, [0x44332211]),
      move(1, 6),
      move(2, 1),
      op('BLOCK_COPY', {
        useDestination: 1,
        destination: 1,
        useSource2: 1,
        source2: 2,
        source1: 2,
      }),
    ],
    '1122334400002233',
  ],
  ['LOOP', [op('LOOP', { counter: 4 }, [0, 6, 2]), writeRegister(4, 0), op('END_LOOP')], '000204'],
  [
    'LOOP with operands in registers',
    [
      move(1, 2),
      move(2, 4),
      move(3, 1),
      op('LOOP', {
        useDestination: 1,
        useSource1: 1,
        useSource2: 1,
        destination: 1,
        source1: 2,
        source2: 3,
        counter: 4,
      }),
      writeRegister(4, 0),
      op('END_LOOP'),
    ],
    '0203',
  ],
  [
    'LOOP without a turn',
    [
      op('LOOP', { counter: 4 }, [3, 3, 1]),
      writeRegister(4, 0),
      op('LOOP', { counter: 5 }, [0, 1, 1]),
      op('END_LOOP'),
      op('END_LOOP'),
      op('WRITE', { repeats: 1 }, [9]),
    ],
    '09',
  ],
  [
    'BREAK_LOOP',
    [
      op('LOOP', { counter: 4 }, [0, 9, 1]),
      writeRegister(4, 0),
      op('IF', { source1: 4, condition: 0 }, [2]),
      op('BREAK_LOOP'),
      op('END_IF'),
      op('END_LOOP'),
    ],
    '000102',
  ],
  [
    'IF and ELSE within each other',
    [
      op('IF', { source1: 0, condition: 7 }),
      op('IF', { source1: 0, condition: 6 }),
      op('ELSE'),
      op('END_IF'),
      op('WRITE', { repeats: 1 }, [1]),
      op('ELSE'),
      op('WRITE', { repeats: 1 }, [2]),
      op('END_IF'),
    ],
    '02',
  ],
  ['MV of 64 bits', [move(1, 1, 2), writeRegister(1, 3)], '0100000002000000'],
  [
    'MV between registers',
    [move(1, 7), op('MV', { useSource1: 1, source1: 1, destination: 2 }), writeRegister(2)],
    '07000000',
  ],
  [
    'GET_WR_PTR',
    [
      op('WRITE', { size: 0, repeats: 3 }, [0]),
      op('GET_WR_PTR', { destination: 2 }),
      writeRegister(2, 0),
    ],
    '00000003',
  ],
  [
    'SET_WR_PTR',
    [
      op('SET_WR_PTR', {}, [2]),
      op('WRITE', { repeats: 1 }, [1]),
      op('SET_WR_PTR', { relative: 1 }, [-2]),
      op('WRITE', { repeats: 1 }, [2]),
    ],
    '000201',
  ],
  [
    'ALIGN_WR_PTR',
    [
      op('WRITE', { repeats: 1 }, [1]),
      op('ALIGN_WR_PTR', { block: 2, useDestination: 1, destination: 3 }),
      writeRegister(3, 0),
    ],
    '0100000004',
  ],
  [
    'ALIGN_WR_PTR by a register',
    [
      move(1, 1),
      op('WRITE', { repeats: 1 }, [1]),
      op('ALIGN_WR_PTR', { useSource1: 1, source1: 1 }),
    ],
    '0100',
  ],
  ['ARITH_OP add', [op('ARITH_OP', { destination: 1 }, [5, -7]), writeRegister(1)], 'feffffff'],
  [
    'ARITH_OP subtract',
    [
      move(1, 9),
      op('ARITH_OP', { useSource1: 1, source1: 1, destination: 1, operation: 1 }, [4]),
      writeRegister(1),
    ],
    '05000000',
  ],
  [
    'ARITH_OP multiply, signed',
    [op('ARITH_OP', { signed: 1, destination: 1, operation: 2 }, [-3, 4]), writeRegister(1, 3)],
    'f4ffffffffffffff',
  ],
  [
    'LOGIC_OP shifts',
    [
      op('LOGIC_OP', { destination: 1 }, [1, 33]),
      writeRegister(1, 3),
      op('LOGIC_OP', { destination: 1, operation: 1, useSource1: 1, source1: 1 }, [32]),
      writeRegister(1, 0),
    ],
    '000000000200000002',
  ],
  [
    'LOGIC_OP or, and, exclusive or, not',
    [
      op('LOGIC_OP', { destination: 1, operation: 2 }, [0x0c, 0x0a]),
      writeRegister(1, 0),
      op('LOGIC_OP', { destination: 1, operation: 3 }, [0x0c, 0x0a]),
      writeRegister(1, 0),
      op('LOGIC_OP', { destination: 1, operation: 4 }, [0x0c, 0x0a]),
      writeRegister(1, 0),
      op('LOGIC_OP', { destination: 1, operation: 5 }, [0x0c]),
      writeRegister(1, 0),
    ],
    '0e0806f3',
  ],
  [
    'GET_RANDOM_NUMBER of all 32 bits (seed 5489: 0xd091bb5c, 0x22ae9ef6, less 2^31)',
    [
      ...uniform(5489, -(2 ** 31), 2 ** 31 - 1),
      drawn(1),
      writeRegister(1),
      drawn(1),
      writeRegister(1),
    ],
    '5cbb9150f69eaea2',
  ],
  [
    'GET_RANDOM_NUMBER from 1.0 to less than 3.0 (0xd091bb5c / 2^32 of 65,536 values, from 0x8000)',
    [...uniform(5489, 0x8000, 0x17fff), drawn(1), writeRegister(1)],
    '91500100',
  ],
  [
    'GET_RANDOM_NUMBER below 0, as 64 bits',
    [...uniform(1, -1, -1), drawn(1), writeRegister(1, 3)],
    'ffffffffffffffff',
  ],
  [
    'WRITE_PARAM_COMPONENT of a register: 3 bits from bit 2, then 8 from bit 6 of 8',
    [
      op('START_STRUCT', { structure: 2 }),
      op('STRUCT_ELEM', { type: 0 }, [0xf0]),
      op('STRUCT_ELEM', { type: 0 }, [0x01]),
      op('END_STRUCT'),
      move(5, 0xfd),
      op('WRITE_PARAM_COMPONENT', { useDestination: 1, destination: 5 }, [component(3, 2, 2, 0)]),
      op('WRITE_PARAM_COMPONENT', { useDestination: 1, destination: 5 }, [component(8, 6, 2, 1)]),
      op('WRITE_STRUCT', { structure: 2, repeats: 1 }),
    ],
    'f441',
  ],
  [
    'WRITE_PARAM_COMPONENT of an element, by numbers and by registers',
    [
      op('START_STRUCT', { structure: 2 }),
      op('STRUCT_ELEM', { type: 2 }, [0x1234]),
      op('STRUCT_ELEM', { type: 2 }, [0xff]),
      op('END_STRUCT'),
      op('WRITE_PARAM_COMPONENT', { source1: 2, element: 0 }, [component(8, 8, 2, 1)]),
      move(1, 2),
      move(2, 0),
      op('WRITE_PARAM_COMPONENT', { useSource1: 1, useSource2: 1, source1: 1, source2: 2 }, [
        component(16, 16, 2, 1),
      ]),
      op('WRITE_STRUCT', { structure: 2, repeats: 1 }),
    ],
    '34120000ff343412',
  ],
  [
    'START_PACKSPEC, which is passed over',
    [
      op('START_PACKSPEC', { id: 3 }),
      op('PACK_PARAM', { highestBit: 7, lowestBit: 0 }, [0x00020100]),
      op('WRITE', { repeats: 1 }, [1]),
      op('END_PACKSPEC'),
      op('WRITE', { repeats: 1 }, [2]),
    ],
    '02',
  ],
];

for (const [name, program, expected] of WRITES) {
  t.test(`${name} writes what was worked out by hand`, async (t) => {
    t.equal(regionOf(...program), expected);
  });
}

const structure = (id: number, ...values: number[]) => [
  op('START_STRUCT', { structure: id }),
  ...values.map((value) => op('STRUCT_ELEM', { type: 0 }, [value])),
  op('END_STRUCT'),
];

t.test('parameters of structures are copied, written and read', async (t) => {
  const program = [
    ...structure(1, 10, 11),
    ...structure(2, 20, 21),
    op('COPY_PARAM', { destination: 2, source1: 1 }, [0x0100]),
    op('COPY_PARAM', { useDestination: 1, destination: 9, source1: 2 }, [0x0000]),
    op('WRITE_PARAM', { structure: 1, element: 1 }, [33]),
    op('WRITE_PARAM', { structure: 1, element: 0, useSource1: 1, source1: 9 }),
    op('READ_PARAM', { destination: 8, structure: 1, element: 1 }),
    op('COPY_STRUCT', { destination: 3, source1: 1 }),
    op('WRITE_PARAM', { structure: 3, element: 0 }, [44]),
    ...[1, 2, 3].map((id) => op('WRITE_STRUCT', { structure: id, repeats: 1 })),
    writeRegister(8, 0),
  ];
  t.equal(regionOf(...program), '1421' + '140a' + '2c21' + '21');
});

t.test('a constructor changes its arguments, but not those that it may only read', async (t) => {
  const program = [
    op('START_CONSTRUCTOR', { id: 4, arguments: 2, readOnly: 0b10 }),
    op('WRITE_PARAM', { structure: 0, element: 0 }, [1]),
    op('WRITE_PARAM', { structure: 1, element: 0 }, [2]),
    op('WRITE_STRUCT', { structure: 0, repeats: 1 }),
    op('WRITE_STRUCT', { structure: 1, repeats: 1 }),
    op('END_CONSTRUCTOR'),
    ...structure(0, 90),
    ...structure(8, 80),
    ...structure(9, 70),
    op('CONSTRUCT', { id: 4 }, [8 | (9 << 6)]),
    ...[0, 8, 9].map((id) => op('WRITE_STRUCT', { structure: id, repeats: 1 })),
  ];
  t.equal(regionOf(...program), '0102' + '5a' + '01' + '46');
});

t.test('conditions compare as signed numbers of 64 bits', async (t) => {
  const outcomes = (left: number, right: number) =>
    [0, 1, 2, 3, 4, 5].map((condition) =>
      regionOf(
        move(1, left, left < 0 ? -1 : 0),
        op('IF', { source1: 1, condition }, [right]),
        op('WRITE', { repeats: 1 }, [1]),
        op('END_IF'),
      ) === '01'
        ? 1
        : 0,
    );
  t.same(outcomes(2, 3), [0, 1, 1, 1, 0, 0]);
  t.same(outcomes(3, 3), [1, 0, 1, 0, 1, 0]);
  t.same(outcomes(-1, 3), [0, 1, 1, 1, 0, 0]);
});

t.test('what a program prints is kept', async (t) => {
  const text = [0x6c6c6568, 0x6f];
  const program = [
    ...structure(1, 10, 11),
    op('PRINT_TXT', { lastCharacter: 4 }, text),
    op('PRINT_VAL', {}, [255]),
    op('PRINT_STRUCT', { structure: 1 }),
    END,
  ];
  const { printed } = executeSpecification(encodeSpecification(program));
  t.same(printed, ['hello', '0xff', 'structure 1: 0xa 0xb']);
});

t.test('regions are reserved, freed and referred to', async (t) => {
  const program = [
    op('RESERVE', { region: 1, unfilled: 1 }, [5]),
    op('RESERVE', { region: 2, referenceable: 1 }, [4, 77]),
    op('RESERVE', { region: 3 }, [4]),
    op('FREE', { region: 3 }),
    op('REFERENCE', { region: 9 }, [78]),
    END,
  ];
  const { regions, references } = executeSpecification(encodeSpecification(program));
  t.same([...regions.keys()], [1, 2]);
  t.match(regions.get(1), { size: 8, isUnfilled: true });
  t.equal(regions.get(2)!.reference, 77);
  t.same([...references], [[9, 78]]);
});

t.test('a binary finds the regions of a specification through its table', async (t) => {
  const program = [
    op('RESERVE', { region: 0 }, [8]),
    op('RESERVE', { region: 2, unfilled: 1 }, [16]),
    op('SWITCH_FOCUS', { region: 0 }),
    op('WRITE', { size: 2, repeats: 1 }, [0xabcd]),
    END,
  ];
  const executed = executeSpecification(encodeSpecification(program));
  const built = buildImage(imageOfSpecification('core', executed, 'plain'), 0x60000000);
  const table = new DataView(built.segments[0]!.bytes.buffer);
  t.equal(table.getUint32(0, true), 0xad130ad6);
  t.equal(table.getUint32(8, true), 0x60000048);
  t.equal(table.getUint32(16, true), 0x60000050);
  t.equal(built.bytes, 72 + 8 + 16);
  t.same(built.segments[1], { address: 0x60000048, bytes: Uint8Array.of(0xcd, 0xab, 0, 0) });
});

const anyInstruction = fc
  .constantFrom(...NAMES.filter((name) => name !== 'END_SPEC'))
  .chain((name) => {
    const { fields, words } = layoutOf(name);
    const numbers = Object.fromEntries(
      Object.entries(fields).map(([key, { bits }]) => [key, fc.nat({ max: 2 ** bits - 1 })]),
    );
    const [least, most] = words === 'array' ? [0, 20] : words;
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    return fc
      .tuple(fc.record(numbers), fc.array(word, { minLength: least, maxLength: most }))
      .map(([values, further]) => op(name, values as never, further));
  });

/** Instructions whose fields share bits cannot be told apart by field, but by word. */
t.test('every program survives encoding and decoding', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(anyInstruction, { maxLength: 40 }), (program) => {
        const words = encodeSpecification([...program, END]);
        const decoded = decodeSpecification(words);
        const again = encodeSpecification(decoded);
        return (
          decoded.length === program.length + 1 &&
          decoded.every(({ name }, index) => name === [...program, END][index]!.name) &&
          Buffer.from(words.buffer).equals(Buffer.from(again.buffer))
        );
      }),
    ),
  );
});

t.test('a listing names instructions, fields and words', async (t) => {
  const program = [
    op('RESERVE', { region: 3, unfilled: 1 }, [100]),
    op('WRITE_ARRAY', {}, [1, 2]),
    END,
  ];
  t.equal(
    disassembleSpecification(encodeSpecification(program)),
    [
      '     0 RESERVE region=3 unfilled=1 0x00000064',
      '     2 WRITE_ARRAY 0x00000001 0x00000002',
      '     6 END_SPEC 0xffffffff',
    ].join('\n'),
  );
});

t.test('mistakes are refused by name, place and reason', async (t) => {
  const run = (...program: Instruction[]) => executeSpecification(encodeSpecification(program));
  const reserve = op('RESERVE', { region: 0 }, [4]);
  const focus = op('SWITCH_FOCUS', { region: 0 });
  const write = op('WRITE', { size: 2, repeats: 1 }, [1]);
  t.throws(() => run(op('NOP')), { name: 'DataSpecificationError', message: /the end at word 1/ });
  t.throws(() => run(op('BREAK')), /BREAK at word 0 stops the program/);
  t.throws(() => run(write, END), /WRITE at word 0 needs a region in focus/);
  t.throws(() => run(reserve, reserve, END), /RESERVE at word 2 uses region 0 again/);
  t.throws(() => run(op('RESERVE', { region: 1 }, [2 ** 31]), END), /wants 2147483648 bytes/);
  t.throws(() => run(reserve, focus, write, write, END), /needs 4 bytes at 4 of a region of 4/);
  t.throws(() => run(op('RESERVE', { region: 0, unfilled: 1 }, [4]), focus, END), /stay unfilled/);
  t.throws(() => run(op('END_LOOP'), END), /is not in a loop/);
  t.throws(() => run(op('LOOP', {}, [0, 1, 0]), op('END_LOOP'), END), /ran after 10000000 steps/);
  t.throws(() => run(op('REFORMAT'), END), /REFORMAT at word 0 .* what it does was never said/);
  t.throws(() => run(op('PACK_PARAM', {}, [0]), END), /is not in a packing specification/);
  const generator = op('DECLARE_RNG', { generator: 1 }, [1]);
  t.throws(() => run(generator, generator, END), /declares generator 1 again/);
  t.throws(() => run(op('DECLARE_RNG', { kind: 2 }, [1]), END), /wants generator kind 2/);
  t.throws(() => run(drawn(0), END), /uses distribution 4, not declared/);
  t.throws(() => run(...uniform(1, 2, 1), END), /a least value of 2 above the greatest, 1/);
  t.throws(() => run(...uniform(1, 1, 2).slice(1), END), /uses generator 1, not declared/);
  const [, ...rest] = uniform(1, 1, 2);
  const short = [generator, ...rest.filter((_, index) => index !== 1)];
  t.throws(() => run(...short, END), /needs 4 parameters of 4 bytes in structure 9/);
  t.throws(() => run(op('END_SPEC', {}, [5])), /must be followed by 0xffffffff/);
  t.throws(() => op('WRITE', { repeats: 256 }, [1]), /WRITE has repeats 256; give .* 0 to 255/);
  t.throws(() => op('NOP', {}, [1]), /NOP has 1 further words; give 0 to 0/);
  t.throws(() => executeSpecification(Uint32Array.of(0x0e000000)), /opcode 0xe0 at word 0/);
  t.throws(() => executeSpecification(Uint32Array.of(0x14300000, 99)), /goes beyond the end/);
});

t.test('random numbers lie in their range, and a seed fixes them', async (t) => {
  const value = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.nat(), value, value, (seed, one, other) => {
        const [least, greatest] = [Math.min(one, other), Math.max(one, other)];
        const draws = [1, 2, 3, 4].flatMap(() => [drawn(1), writeRegister(1)]);
        const program = [...uniform(seed, least, greatest), ...draws];
        const bytes = Buffer.from(regionOf(...program), 'hex');
        const numbers = [0, 4, 8, 12].map((at) => bytes.readInt32LE(at));
        return (
          regionOf(...program) === bytes.toString('hex') &&
          numbers.every((number) => number >= least && number <= greatest)
        );
      }),
    ),
  );
});

const MUTATIONS = env.SPIN_TOOLS_LARGE === '1' ? 100_000 : 4_000;

t.test(`${MUTATIONS} mutated programs are carried out or refused, and nothing else`, async (t) => {
  const seed = 20_26;
  const random = seededRandom(seed);
  const programs = WRITES.map(([, program]) =>
    encodeSpecification([
      op('RESERVE', { region: 0 }, [64]),
      op('SWITCH_FOCUS', { region: 0 }),
      ...structure(1, 2, 3),
      ...program,
      END,
    ]),
  );
  let refused = 0;
  for (let mutation = 0; mutation < MUTATIONS; mutation++) {
    const words = programs[mutation % programs.length]!.slice();
    for (let change = randomIndex(random, 4); change >= 0; change--) {
      const at = randomIndex(random, words.length);
      const kind = randomIndex(random, 3);
      if (kind === 0) words[at]! ^= 1 << randomIndex(random, 32);
      else if (kind === 1) words[at] = random() * 2 ** 32;
      else words[at] = words[randomIndex(random, words.length)]!;
    }
    try {
      executeSpecification(words, { mostSteps: 2_000 });
    } catch (error) {
      if (!(error instanceof DataSpecificationError)) {
        t.fail(`seed ${seed}, mutation ${mutation}: ${error}`);
        return;
      }
      refused++;
    }
  }
  t.ok(refused > MUTATIONS / 4, `${refused} refused`);
});

t.test('every instruction of the table is part of a program above', async (t) => {
  t.same(
    NAMES.filter((name) => !carriedOut.has(name)),
    [],
  );
});

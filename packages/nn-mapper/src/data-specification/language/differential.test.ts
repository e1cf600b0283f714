/**
 * Random programs, carried out here and by the public executor of hosts, DataSpecification 6.0.0, unmodified.
 * It takes part when SPIN_TOOLS_DATA_SPECIFICATION has its folder and those of SpiNNUtils and SpiNNMachine 6.0.0
 * for PYTHONPATH, and SPIN_TOOLS_PYTHON, if need be, the interpreter. SPIN_TOOLS_SEED takes other programs.
 */
import { execFileSync } from 'node:child_process';
import { env } from 'node:process';
import t from 'tap';
import {
  DataSpecificationError,
  encodeSpecification,
  executeSpecification,
  instruction,
} from '../../index.js';
import { randomIndex, seededRandom } from '../../random.js';

const FOLDERS = env.SPIN_TOOLS_DATA_SPECIFICATION;
const SEED = Number(env.SPIN_TOOLS_SEED ?? 1);
const PROGRAMS = 2_000;

/** Prints the regions of each program, without zeros at their ends, or null for one that is refused. */
const EXECUTOR = `
import io, json, struct, sys
from data_specification.data_specification_executor import DataSpecificationExecutor
from data_specification.exceptions import DataSpecificationException
def outcome(words):
    stream = io.BytesIO(struct.pack("<%dI" % len(words), *words))
    executor = DataSpecificationExecutor(stream, 117 * 2 ** 20)
    try:
        executor.execute()
    except DataSpecificationException:
        return None
    return {
        str(index): [region.allocated_size, bytes(region.region_data).rstrip(bytes(1)).hex()]
        for index, region in executor.mem_regions if region is not None
    }
print(json.dumps([outcome(words) for words in json.load(sys.stdin)]))
`;

type Outcome = Readonly<Record<string, readonly [size: number, bytes: string]>> | null;

function here(words: Uint32Array): Outcome {
  try {
    const { regions } = executeSpecification(words);
    return Object.fromEntries(
      [...regions].map(([index, { size, bytes }]) => [
        index,
        [
          size,
          Buffer.from(bytes)
            .toString('hex')
            .replace(/(00)+$/, ''),
        ],
      ]),
    );
  } catch (error) {
    if (error instanceof DataSpecificationError) return null;
    throw error;
  }
}

/**
 * A program of the instructions that the executor of hosts has; some write beyond their region. Pointers stay
 * in it, as hosts look at them no sooner than at the next write.
 */
function randomProgram(random: () => number): Uint32Array {
  const below = (count: number) => randomIndex(random, count);
  const regions = [0, 1].map((first) => ({
    region: 8 * first + below(8),
    size: 1 + below(90),
    pointer: 0,
  }));
  const program = regions.map(({ region, size }) => instruction('RESERVE', { region }, [size]));
  let focus = regions[0]!;
  const setRegister = (value: number) => {
    const destination = below(16);
    program.push(instruction('MV', { useDestination: 1, destination }, [value]));
    return destination;
  };
  const turn = () => {
    focus = regions[below(2)]!;
    program.push(instruction('SWITCH_FOCUS', { region: focus.region }));
  };
  const movePointer = () => {
    const relative = below(2);
    const to = below(focus.size + 1);
    if (to < focus.pointer && relative === 1) return;
    program.push(
      instruction('SET_WR_PTR', { relative }, [relative === 1 ? to - focus.pointer : to]),
    );
    focus.pointer = to;
  };
  const write = () => {
    const size = below(4);
    const bytes = 2 ** size;
    const value = below(2 ** (8 * Math.min(bytes, 4)));
    const repeats = below(4);
    const kind = below(3);
    focus.pointer += bytes * repeats;
    if (kind === 0) {
      const source1 = setRegister(value);
      program.push(instruction('WRITE', { useSource1: 1, source1, size, repeats }));
      return;
    }
    const words = size === 3 ? [value, below(2 ** 32)] : [value];
    const source2 = kind === 1 ? setRegister(repeats) : 0;
    const times = kind === 1 ? { useSource2: 1, source2 } : { repeats };
    program.push(instruction('WRITE', { ...times, size }, words));
  };
  const writeArray = () => {
    const words = Array.from({ length: below(3) }, () => below(2 ** 32));
    focus.pointer += 4 * words.length;
    program.push(instruction('WRITE_ARRAY', { elementBytes: 4 }, words));
  };
  turn();
  for (let left = below(20); left > 0; left--) {
    const choices = [turn, movePointer, write, write, writeArray, () => program.push(NOTHING)];
    choices[below(choices.length)]!();
  }
  return encodeSpecification([...program, instruction('END_SPEC', {}, [0xffffffff])]);
}

const NOTHING = instruction('NOP');

t.test(
  `${PROGRAMS} random programs make the regions that the executor of hosts makes`,
  { skip: FOLDERS === undefined && 'SPIN_TOOLS_DATA_SPECIFICATION is not set' },
  async (t) => {
    const random = seededRandom(SEED);
    const programs = Array.from({ length: PROGRAMS }, () => randomProgram(random));
    const output = execFileSync(env.SPIN_TOOLS_PYTHON ?? 'python3', ['-c', EXECUTOR], {
      env: { ...env, PYTHONPATH: FOLDERS, PYTHONDONTWRITEBYTECODE: '1' },
      input: JSON.stringify(programs.map((words) => [...words])),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const theirs = JSON.parse(output) as Outcome[];
    programs.forEach((words, index) => {
      const ours = here(words);
      const differs = JSON.stringify(ours) !== JSON.stringify(theirs[index]);
      if (differs) t.same(ours, theirs[index], `seed ${SEED}, program ${index}`);
    });
    const refused = theirs.filter((outcome) => outcome === null).length;
    t.ok(refused > PROGRAMS / 20 && refused < PROGRAMS / 2, `${refused} are refused by both`);
  },
);

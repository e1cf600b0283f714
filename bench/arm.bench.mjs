/**
 * Million ARM instructions a second of one core on one host core: hot code translated to WebAssembly, with memory
 * checks and an interrupt budget. The loops are in arm/loops.S and arm/lif.c. Baselines are the interpreter,
 * rp2040js on the same loops in Thumb code, QEMU user mode and Unicorn; the last two are left out, with a
 * note, where they are not installed (Debian packages qemu-user and python3-unicorn).
 */
import { interpreter, qemu, rp2040js, translator, unicorn } from './arm/simulators.mjs';

/** Instructions to execute of each loop, 0.1 s or more, and runs of which the fastest counts. */
const TARGET = {
  translator: 60e6,
  'own interpreter': 6e6,
  rp2040js: 1.5e6,
  'QEMU user mode': 200e6,
  Unicorn: 2e6,
};
const RUNS = 3;

/** Instructions of so many repetitions of a loop, from two counts. */
const counts = new Map();
function countOf(loop) {
  if (!counts.has(loop)) {
    const [one, two] = [1, 2].map((count) => interpreter.run(loop, count, 1)[0].instructions);
    counts.set(loop, { start: 2 * one - two, each: two - one });
  }
  return counts.get(loop);
}

function instructionsOf(loop, repetitions) {
  const { start, each } = countOf(loop);
  return start + each * repetitions;
}

/** Million instructions a second, of the fastest of some runs. What they leave is checked with the translator. */
function speed(simulator, loop) {
  const wanted = Math.ceil(TARGET[simulator.name] / countOf(loop).each);
  const runs = simulator.run(loop, wanted, RUNS);
  if (simulator !== translator && !simulator.isThumb) check(simulator, loop, runs[0]);
  return Math.max(...runs.map(({ instructions, seconds }) => instructions / seconds / 1e6));
}

/** Throws unless a run left what the translator leaves. */
function check(simulator, loop, { result, repetitions }) {
  const expected = translator.run(loop, repetitions, 1)[0].result;
  const mask = simulator.name === 'QEMU user mode' ? 0xff : 0xffffffff;
  if (((result ^ expected) & mask) !== 0) {
    throw new Error(`${simulator.name} computes ${result} in the loop ${loop}, not ${expected}`);
  }
}

/** Million instructions per second. */
export default async function measure() {
  const installed = [
    interpreter,
    await rp2040js(),
    qemu(instructionsOf),
    unicorn(instructionsOf),
  ].filter((simulator) => simulator !== undefined);
  if (installed.length < 4) console.error('  not installed: QEMU user mode or Unicorn');
  const figures = [];
  for (const loop of translator.loops) {
    const value = speed(translator, loop);
    for (const simulator of installed.filter(({ loops }) => loops.includes(loop))) {
      const baseline = speed(simulator, loop);
      figures.push({
        name: `${loop}, translated`,
        value,
        unit: 'million instructions/s',
        baseline,
        against: simulator.isThumb ? `${simulator.name} in Thumb code` : simulator.name,
      });
    }
  }
  return figures;
}

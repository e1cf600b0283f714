/**
 * Million ARM instructions a second of one core on one host core: hot code translated to WebAssembly, with memory
 * checks and an interrupt budget. The loops are in arm/loops.S and arm/lif.c. Baselines are the interpreter,
 * rp2040js on the same loops in Thumb code, QEMU user mode and Unicorn; the last two are left out, with a
 * note, where they are not installed (Debian packages qemu-user and python3-unicorn).
 */
import { interpreter, qemu, rp2040js, translator, unicorn } from './arm/simulators.mjs';

/** Instructions to execute of each loop, and runs of which the fastest counts. */
const TARGET = {
  translator: 400e6,
  'own interpreter': 30e6,
  rp2040js: 10e6,
  'QEMU user mode': 2000e6,
  Unicorn: 20e6,
};
const RUNS = 3;

/** Instructions of so many repetitions of a loop, from two counts. */
const counts = new Map();
function instructionsOf(loop, repetitions) {
  if (!counts.has(loop)) {
    const [one, two] = [1, 2].map((count) => interpreter.run(loop, count).instructions);
    counts.set(loop, { start: 2 * one - two, each: two - one });
  }
  const { start, each } = counts.get(loop);
  return start + each * repetitions;
}

/** Million instructions a second, of the fastest of some runs. */
function speed(simulator, loop) {
  const repetitions = Math.ceil(TARGET[simulator.name] / instructionsOf(loop, 1));
  const speeds = Array.from({ length: RUNS }, () => {
    const { instructions, seconds } = simulator.run(loop, repetitions);
    return instructions / seconds / 1e6;
  });
  return Math.max(...speeds);
}

/** Throws unless a simulator leaves the word that the interpreter leaves. */
function check(simulator, loop) {
  const { result, repetitions = 3 } = simulator.run(loop, 3);
  const expected = interpreter.run(loop, repetitions).result;
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
    check(translator, loop);
    const value = speed(translator, loop);
    for (const simulator of installed.filter(({ loops }) => loops.includes(loop))) {
      if (!simulator.isThumb) check(simulator, loop);
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

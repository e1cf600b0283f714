/**
 * What runs the loops of loops.json: our core both ways, and other people's simulators where they are installed.
 * Each is `{name, loops, run(loop, repetitions, runs)}`; run gives for each of several runs the instructions of ARM
 * code, or of Thumb code where `isThumb`, the processor time that they took in seconds, the word that the loop
 * leaves, or its lowest byte, and after how many repetitions. Other people's programs are started once for all
 * runs: on a busy computer it is starting that takes the time.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArmCore, BusError, Sdram } from '@spin-tools/sim/arm';

const { places, images } = JSON.parse(readFileSync(new URL('./loops.json', import.meta.url)));
const ALL = Object.keys(images.arm);
const image = (kind, loop) => Buffer.from(images[kind][loop], 'base64');

/** Nanoseconds of simulated time that a core runs at once. */
const SPAN_NS = 1_000_000;

/** The bus of a chip that has SDRAM and nothing else. */
function memoryOnly() {
  const sdram = new Sdram();
  const inSdram = (address) => {
    if (address >>> 29 !== 3) throw new BusError(address);
    return address & 0x7ffffff;
  };
  return {
    direct: sdram,
    read: (_, address, size) => sdram.read(inSdram(address), size),
    write: (_, address, value, size) => sdram.write(inSdram(address), value, size),
    readBlock: (address, target) => sdram.readBlock(inSdram(address), target),
    writeBlock: (address, source) => sdram.writeBlock(inSdram(address), source),
    send: () => true,
  };
}

/** Processor time, since others may use the computer too. */
function seconds(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function ourCore(name, translates) {
  return {
    name,
    loops: ALL,
    run: repeated((loop, repetitions) => {
      const core = new ArmCore(1, memoryOnly(), translates);
      core.writeTcm(0, image('arm', loop));
      core.start(0, repetitions);
      const time = seconds(() => {
        while (!core.asleep) core.run(core.time + SPAN_NS);
      });
      const result = new DataView(core.readTcm(places.arm.target, 4).buffer).getUint32(0, true);
      return { instructions: core.statistics.instructions, seconds: time, result, repetitions };
    }),
  };
}

const repeated = (run) => (loop, repetitions, runs) =>
  Array.from({ length: runs }, () => run(loop, repetitions));

export const translator = ourCore('translator', true);
export const interpreter = ourCore('own interpreter', false);

/** The Raspberry Pi Pico in JavaScript. */
export async function rp2040js() {
  const { RP2040 } = await import('rp2040js');
  return {
    name: 'rp2040js',
    loops: Object.keys(images.thumb),
    isThumb: true,
    run: repeated((loop, repetitions) => {
      const chip = new RP2040();
      const { core } = chip;
      const start = 0x20000000;
      chip.sram.set(image('thumb', loop), places.thumb.code - start);
      core.PC = places.thumb.code;
      core.SP = start + 0x40000;
      core.registers[0] = repetitions;
      let isDone = false;
      chip.onBreak = () => {
        isDone = true;
      };
      let instructions = 0;
      const time = seconds(() => {
        for (; !isDone; instructions++) core.executeInstruction();
      });
      const result = chip.sramView.getUint32(places.thumb.target - start, true);
      return { instructions, seconds: time, result, repetitions };
    }),
  };
}

/** Runs a command with each number of arguments, and tells the processor times in seconds and the statuses. */
const TIMED = `
import json, resource, subprocess, sys
used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
runs = []
for count in sys.argv[2:]:
    before = used()
    status = subprocess.call(["qemu-arm", sys.argv[1]] + ["x"] * int(count))
    runs.append([used() - before, status])
print(json.dumps(runs))
`;

/** QEMU user mode: its own processor time, less that of a run of one repetition. Counts nothing itself. */
export function qemu(instructionsOf) {
  if (spawnSync('qemu-arm', ['--version']).error !== undefined) return undefined;
  const PER_ARGUMENT = 4096;
  return {
    name: 'QEMU user mode',
    loops: ALL,
    run(loop, repetitions, runs) {
      const folder = mkdtempSync(join(tmpdir(), 'loops-'));
      const file = join(folder, loop);
      writeFileSync(file, image('linux', loop));
      chmodSync(file, 0o755);
      const more = Math.max(1, Math.round(repetitions / PER_ARGUMENT));
      const counts = [0, ...new Array(runs).fill(more)];
      const output = execFileSync('python3', ['-c', TIMED, file, ...counts.map(String)]);
      rmSync(folder, { recursive: true });
      const [[start], ...timed] = JSON.parse(output.toString());
      const instructions = instructionsOf(loop, PER_ARGUMENT * more);
      return timed.map(([used, result]) => ({
        instructions,
        seconds: used - start,
        result,
        repetitions: PER_ARGUMENT * (more + 1),
      }));
    },
  };
}

const UNICORN = `
import base64, json, sys, time
from unicorn import Uc, UC_ARCH_ARM, UC_MODE_ARM
from unicorn.arm_const import UC_ARM_REG_R0
request = json.load(sys.stdin)
code = base64.b64decode(request["code"])
def run():
    uc = Uc(UC_ARCH_ARM, UC_MODE_ARM)
    for address, size in ((0, 0x8000), (0x00400000, 0x10000), (request["source"], 0x10000)):
        uc.mem_map(address, size)
    uc.mem_write(0, code)
    uc.reg_write(UC_ARM_REG_R0, request["repetitions"])
    start = time.process_time()
    uc.emu_start(0, code.index(bytes.fromhex("900f07ee")))
    seconds = time.process_time() - start
    return [seconds, int.from_bytes(uc.mem_read(request["target"], 4), "little")]
print(json.dumps([run() for _ in range(request["runs"])]))
`;

/** Unicorn by its Python binding; the loop runs inside it. */
export function unicorn(instructionsOf) {
  if (spawnSync('/usr/bin/python3', ['-c', 'import unicorn']).status !== 0) return undefined;
  return {
    name: 'Unicorn',
    loops: ALL,
    run(loop, repetitions, runs) {
      const { source, target } = places.arm;
      const request = { source, target, code: images.arm[loop], repetitions, runs };
      const output = execFileSync('/usr/bin/python3', ['-c', UNICORN], {
        input: JSON.stringify(request),
      });
      const instructions = instructionsOf(loop, repetitions);
      return JSON.parse(output.toString()).map(([time, result]) => ({
        instructions,
        seconds: time,
        result,
        repetitions,
      }));
    },
  };
}

/**
 * Other people's host tools, unmodified, writing and reading memory through their public interfaces. Nothing
 * of them is here: they take part when the environment says where they are.
 *
 * | variable | holds |
 * | --- | --- |
 * | `SPIN_TOOLS_RIG` | folders for PYTHONPATH: rig and what it needs |
 * | `SPIN_TOOLS_SPINNMAN` | the same for SpiNNMan, SpiNNUtils and SpiNNMachine |
 * | `SPIN_TOOLS_RIG_SCP` | the example program `hello` of rig-scp, built |
 * | `SPIN_TOOLS_PYTHON` | the interpreter, by default `python3` |
 */
import { execFile } from 'node:child_process';
import { env } from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Times one call in seconds; data of any period but 256, so that a mixed-up message shows. */
const COMMON = `
import json, sys, time
host, x, y, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
data = bytes(bytearray((i * 7919 >> 8) & 255 for i in range(1 << 16))) * (size >> 16)
address = 0x61000000
def timed(work):
    start = time.time()
    result = work()
    return time.time() - start, result
def report(write, read):
    seconds, _ = timed(write)
    seconds_read, found = timed(read)
    assert bytes(found) == data
    print(json.dumps({"write": size / seconds / 1e6, "read": size / seconds_read / 1e6}))
`;

/** rig was written before Python 3.11 took `getargspec` away. */
const RIG = `${COMMON}
import inspect
if not hasattr(inspect, "getargspec"):
    inspect.getargspec = lambda function: inspect.getfullargspec(function)[:4]
from rig.machine_control import MachineController
controller = MachineController(host)
report(lambda: controller.write(address, data, x, y), lambda: controller.read(address, size, x, y))
`;

const SPINNMAN = `${COMMON}
from spinn_utilities.config_holder import set_config
from spinnman.config_setup import unittest_setup
from spinnman.transceiver import create_transceiver_from_hostname
unittest_setup()
set_config("Machine", "version", "5")
transceiver = create_transceiver_from_hostname(host)
report(lambda: transceiver.write_memory(x, y, address, data),
       lambda: transceiver.read_memory(x, y, address, size))
transceiver.close()
`;

/**
 * The peers that are installed: `name`, requests `atOnce`, and `measure(host, chip, bytes)`, which gives
 * megabytes (10^6 bytes) per second or undefined for what a peer cannot do.
 */
export const peers = [
  ...python('SPIN_TOOLS_RIG', 'rig', 1, RIG),
  ...python('SPIN_TOOLS_SPINNMAN', 'SpiNNMan', 8, SPINNMAN),
  ...rigScp(),
];

function python(variable, name, atOnce, program) {
  const path = env[variable];
  if (!path) return [];
  return [
    {
      name: `${name} as shipped`,
      atOnce,
      async measure(host, { x, y }, bytes) {
        const { stdout } = await run(
          env.SPIN_TOOLS_PYTHON ?? 'python3',
          ['-c', program, host, x, y, bytes].map(String),
          { env: { ...env, PYTHONPATH: path } },
        );
        return JSON.parse(stdout.trim().split('\n').at(-1));
      },
    },
  ];
}

/** Its example writes and reads 10 MiB of chip (0, 0), with 1 to 8 requests at once as it advises. */
function rigScp() {
  const program = env.SPIN_TOOLS_RIG_SCP;
  if (!program) return [];
  return [
    {
      name: 'rig-scp (C), 8 requests at once',
      atOnce: 8,
      async measure(host, { x, y }) {
        if (x !== 0 || y !== 0) return undefined;
        const { stdout } = await run(program, [host, '256', '8']);
        if (!stdout.includes('matched')) throw new Error(`rig-scp failed: ${stdout}`);
        const [write, read] = [...stdout.matchAll(/Throughput = ([\d.]+) Mbit/g)].map(
          ([, megabits]) => Number(megabits) / 8,
        );
        return { write, read };
      },
    },
  ];
}

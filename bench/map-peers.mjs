/**
 * What other place-and-route tools take. rig takes part, unmodified, when the environment says where it
 * is: `SPIN_TOOLS_RIG` holds folders for PYTHONPATH (rig, what it needs, and rig_c_sa for its annealing),
 * `SPIN_TOOLS_PYTHON` the interpreter. Elsewhere stand figures that were measured once, in CPU seconds
 * of the same kind of computer (AMD EPYC, 2 shared virtual cores).
 */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { CHIP_SDRAM, NET_BITS, NETLISTS, VERTEX_SDRAM } from './netlists.mjs';

/** rig 2.4.0: annealing by its C kernel (layers5k, big100k: Hilbert curve), then ordered covering. */
export const RIG_MEASURED = {
  rand1k: { seconds: 17.6, minimiseSeconds: 12.9, hops: 11_745, largest: 239 },
  conv10k: { seconds: 91.4, minimiseSeconds: 2.59, hops: 27_900, largest: 66 },
  layers5k: { seconds: 189, minimiseSeconds: 63.3, hops: 211_627, largest: 194 },
  big100k: { seconds: 359, minimiseSeconds: 11.8, hops: 8_533_128, largest: 1022 },
};

/** PACMAN of August 2026: vertices one by one, its best compressor; layers5k whole layers as groups. */
export const PACMAN_MEASURED = {
  rand1k: { seconds: 1.7, hops: 19_400, largest: 220 },
  conv10k: { seconds: 10.4, hops: 117_982, largest: 68 },
  layers5k: { seconds: 1.5, hops: 222_267, largest: 3 },
};

const RIG = `
import inspect, json, sys, time
from rig.place_and_route import Cores, SDRAM, Machine, allocate, route
from rig.place_and_route.place import sa
from rig.netlist import Net
from rig.routing_table import routing_tree_to_tables, ordered_covering
d = json.load(open(sys.argv[1]))
vertices = list(range(d["vertices"]))
resources = {v: {Cores: 1, SDRAM: d["sdram"]} for v in vertices}
nets = [Net(source, sinks) for source, sinks in enumerate(d["nets"])]
machine = Machine(d["width"], d["height"], {Cores: 17, SDRAM: d["chipSdram"]})
start = time.process_time()
placements = sa.place(resources, nets, machine, [])
placed = time.process_time()
allocations = allocate(resources, nets, machine, [], placements)
routes = route(resources, nets, machine, [], placements, allocations)
shift = d["netBits"]
keys = {net: (net.source << shift, 0xffffffff & ~((1 << shift) - 1)) for net in nets}
tables = routing_tree_to_tables(routes, keys)
routed = time.process_time()
small = [ordered_covering.minimise(table, target_length=None) for table in tables.values()]
done = time.process_time()
def hops(tree):
    count, todo = -1, [tree]
    while todo:
        node = todo.pop()
        count += 1
        todo += [child for _, child in node.children if hasattr(child, "chip")]
    return count
print(json.dumps({
    "seconds": done - start, "minimiseSeconds": done - routed,
    "hops": sum(hops(tree) for tree in routes.values()),
    "largest": max(map(len, small)), "entries": sum(map(len, small)),
}))
`;

/** rig on a netlist, here and now; undefined when it is not here. */
export function runRig(name) {
  if (!env.SPIN_TOOLS_RIG) return undefined;
  const { vertices, width, height, draw } = NETLISTS[name];
  const file = join(tmpdir(), `spin-tools-netlist-${process.pid}.json`);
  const netlist = { vertices, width, height, nets: draw(), netBits: NET_BITS };
  writeFileSync(file, JSON.stringify({ ...netlist, sdram: VERTEX_SDRAM, chipSdram: CHIP_SDRAM }));
  try {
    const output = execFileSync(env.SPIN_TOOLS_PYTHON ?? 'python3', ['-c', RIG, file], {
      env: { ...env, PYTHONPATH: env.SPIN_TOOLS_RIG },
      encoding: 'utf8',
    });
    return JSON.parse(output.trim().split('\n').at(-1));
  } finally {
    rmSync(file);
  }
}

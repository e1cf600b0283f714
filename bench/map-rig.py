"""
Maps one netlist with rig, unmodified, and prints CPU seconds and what came of it as JSON. Arguments: the
netlist as map-peers.mjs writes it, and the placer: sa or hilbert.
"""
import json
import sys
import time

from rig.netlist import Net
from rig.place_and_route import Cores, Machine, SDRAM, allocate, route
from rig.place_and_route.place import hilbert, sa
from rig.routing_table import ordered_covering, routing_tree_to_tables

netlist = json.load(open(sys.argv[1]))
placer = {"sa": sa, "hilbert": hilbert}[sys.argv[2]]
vertices = range(netlist["vertices"])
resources = {vertex: {Cores: 1, SDRAM: netlist["sdram"]} for vertex in vertices}
nets = [Net(source, sinks) for source, sinks in enumerate(netlist["nets"])]
chip = {Cores: 17, SDRAM: netlist["chipSdram"]}
machine = Machine(netlist["width"], netlist["height"], chip)
bits = netlist["netBits"]
keys = {net: (net.source << bits, 0xFFFFFFFF & -(1 << bits)) for net in nets}

start = time.process_time()
placements = placer.place(resources, nets, machine, [])
allocations = allocate(resources, nets, machine, [], placements)
routes = route(resources, nets, machine, [], placements, allocations)
tables = routing_tree_to_tables(routes, keys)
small = [ordered_covering.minimise(table, target_length=None) for table in tables.values()]
seconds = time.process_time() - start


def hops(tree):
    chips, waiting = 0, [tree]
    while waiting:
        node = waiting.pop()
        chips += 1
        waiting += [child for _, child in node.children if hasattr(child, "chip")]
    return chips - 1


print(json.dumps({
    "seconds": seconds,
    "hops": sum(hops(tree) for tree in routes.values()),
    "largest": max(map(len, small)),
}))

"""
Minimises routing tables with rig's ordered covering, unmodified, and prints CPU seconds and the entries of
each table as JSON. The argument is a file of tables: lists of [key, mask, route, arrival], routes with links
in bits 5:0 and core v at bit 6 + v, arrivals 0 to 5 for links and -1 for a core.
"""
import json
import sys
import time

from rig.routing_table import Routes, RoutingTableEntry, ordered_covering


def entry_of(key, mask, route, arrival):
    outs = {Routes(bit) for bit in range(24) if route >> bit & 1}
    return RoutingTableEntry(outs, key, mask, {Routes(arrival) if arrival >= 0 else None})


tables = [[entry_of(*row) for row in table] for table in json.load(open(sys.argv[1]))]
start = time.process_time()
lengths = [len(ordered_covering.minimise(table, None)) if table else 0 for table in tables]
print(json.dumps({"seconds": time.process_time() - start, "lengths": lengths}))

"""
Maps one netlist with PACMAN, unmodified, and prints CPU seconds and what came of it as JSON. Arguments: the
netlist as map-peers.mjs writes it, the vertices of an application vertex (1, or those of a whole layer: all
machine vertices of a target are sinks of every net to it), and the compressor: pair or ordered covering.
"""
import json
import logging
import sys
import time

from pacman.config_setup import unittest_setup
from pacman.data.pacman_data_writer import PacmanDataWriter
from pacman.model.graphs.application import ApplicationEdge, ApplicationVertex
from pacman.model.graphs.common import Slice
from pacman.model.graphs.machine import SimpleMachineVertex
from pacman.model.partitioner_splitters import AbstractSplitterCommon
from pacman.model.placements import Placements
from pacman.model.resources import ConstantSDRAM
from pacman.operations.partition_algorithms import splitter_partitioner
from pacman.operations.placer_algorithms import place_application_graph
from pacman.operations.router_algorithms.application_router import route_application_graph
from pacman.operations.router_compressors import pair_compressor
from pacman.operations.router_compressors.ordered_covering_router_compressor import (
    ordered_covering_compressor,
)
from pacman.operations.routing_info_allocator_algorithms import ZonedRoutingInfoAllocator
from pacman.operations.routing_table_generators import merged_routing_table_generator
from spinn_machine.version import version_5
from spinn_machine.virtual_machine import virtual_machine
from spinn_utilities.config_holder import set_config

PARTITION = "packets"


class Group(ApplicationVertex):
    def __init__(self, label, members, keys, sdram):
        self._atoms, self._keys, self._sdram = members * keys, keys, sdram
        super().__init__(label, max_atoms_per_core=keys, splitter=EachOnACore())

    @property
    def n_atoms(self):
        return self._atoms


class EachOnACore(AbstractSplitterCommon):
    def create_machine_vertices(self, chip_counter):
        group = self.governed_app_vertex
        for first in range(0, group._atoms, group._keys):
            sdram = ConstantSDRAM(group._sdram)
            part = Slice(first, first + group._keys - 1)
            group.remember_machine_vertex(SimpleMachineVertex(sdram, None, group, part))
            chip_counter.add_core(sdram)

    def _all(self, partition_id=None):
        return self.governed_app_vertex.machine_vertices

    get_out_going_vertices = get_in_coming_vertices = _all

    def get_out_going_slices(self):
        return [vertex.vertex_slice for vertex in self._all()]

    get_in_coming_slices = get_out_going_slices

    def machine_vertices_for_recording(self, variable_to_record):
        return []

    def reset_called(self):
        pass


def nets_of(source):
    return len(source.machine_vertices) if isinstance(source, ApplicationVertex) else 1


def main(file, size, compress):
    netlist = json.load(open(file))
    logging.disable(logging.WARNING)
    unittest_setup()
    set_config("Machine", "version", "5")
    set_config("Mapping", "router_table_compress_as_far_as_possible", "True")
    for chip in version_5.CHIPS_PER_BOARD:
        version_5.CHIPS_PER_BOARD[chip] = 18
    writer = PacmanDataWriter.mock()
    writer.set_machine(virtual_machine(netlist["width"], netlist["height"]))
    keys = 2 ** netlist["netBits"]
    groups = [
        Group(f"v{index}", size, keys, netlist["sdram"])
        for index in range(netlist["vertices"] // size)
    ]
    for group in groups:
        writer.add_vertex(group)
    for index in range(0, len(netlist["nets"]), size):
        for target in sorted({sink // size for sink in netlist["nets"][index]}):
            writer.add_edge(ApplicationEdge(groups[index // size], groups[target]), PARTITION)
    splitter_partitioner()

    start = time.process_time()
    writer.set_placements(place_application_graph(Placements()))
    trees = route_application_graph()
    writer.set_routing_table_by_partition(trees)
    writer.set_routing_infos(ZonedRoutingInfoAllocator().allocate())
    tables = merged_routing_table_generator()
    writer.set_uncompressed(tables)
    writer.set_precompressed(tables)
    small = compress()
    seconds = time.process_time() - start

    sizes = [table.number_of_entries for table in small]
    hops = sum(
        len(entry.link_ids) * nets_of(source)
        for x, y in trees.get_routers()
        for (source, _), entry in trees.get_entries_for_router(x, y).items()
    )
    print(json.dumps({
        "seconds": seconds, "hops": hops, "largest": max(sizes),
    }))


COMPRESSORS = {"pair": pair_compressor, "ordered covering": ordered_covering_compressor}
main(sys.argv[1], int(sys.argv[2]), COMPRESSORS[sys.argv[3]])

/** The netlists as graphs and machines of the mapper. */
import { graphFromColumns } from '@spin-tools/nn-mapper';
import { CHIP_SDRAM, NET_BITS, NETLISTS, VERTEX_SDRAM } from './netlists.mjs';

/**
 * The graph of a netlist.
 * @param choosesKeys whether the mapper chooses keys, instead of taking those of the netlist
 */
export function graphOf(name, choosesKeys = false) {
  const { vertices, draw } = NETLISTS[name];
  const nets = draw();
  const sinkStart = new Int32Array(nets.length + 1);
  nets.forEach((sinks, net) => {
    sinkStart[net + 1] = sinkStart[net] + sinks.length;
  });
  const sinks = new Int32Array(sinkStart.at(-1));
  nets.forEach((list, net) => {
    sinks.set(list, sinkStart[net]);
  });
  const offset = Uint32Array.from(nets.keys(), (net) => net * 2 ** NET_BITS);
  return graphFromColumns({
    vertices,
    sdramBytes: new Float64Array(vertices).fill(VERTEX_SDRAM),
    source: Int32Array.from(nets.keys()),
    sinkStart,
    sinks,
    netBits: NET_BITS,
    ...(!choosesKeys && { offset }),
  });
}

/** The torus that a netlist is mapped to. */
export function torusOf(name) {
  const { width, height } = NETLISTS[name];
  const chips = Array.from({ length: width * height }, (_, place) => ({
    x: place % width,
    y: Math.floor(place / width),
    links: [0, 1, 2, 3, 4, 5],
    cores: 18,
    sdramBytes: CHIP_SDRAM,
  }));
  return { width, height, wrapX: true, wrapY: true, chips };
}

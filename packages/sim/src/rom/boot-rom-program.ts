/** What the monitor of a chip does in the boot ROM: it waits for an image from its neighbours. */
import type { Packet } from '../core/core.js';
import { PacketKind } from '../core/core.js';
import type { CoreProgram } from '../core/program-core.js';
import { NeighbourBoot } from './neighbour-boot.js';

/** Time for one packet, ns. Estimate: some 150 instructions at the ROM's 160 MHz. */
const PACKET_NS = 1000;

/**
 * @param takesImages whether the chip boots at all
 * @param start called with an image that is complete and the address at which it starts
 */
export function bootRomProgram(
  takesImages: () => boolean,
  start: (image: Uint8Array, entry: number) => void,
): CoreProgram {
  const boot = new NeighbourBoot(start);
  return {
    packet({ control, key, payload }: Packet, route: number): number {
      const isNeighbours = control >>> 6 === PacketKind.NearestNeighbour;
      if (isNeighbours && payload !== undefined && takesImages()) {
        boot.receive(key, payload, route);
      }
      return PACKET_NS;
    },
  };
}

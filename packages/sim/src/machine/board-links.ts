/**
 * The links between boards as the FPGAs of a SpiNN-5 see them. Each FPGA joins the board to two others,
 * by eight links of chips each. Source: rig, `machine_control/common.py`; spalloc_server, `links.py`.
 */
import { isOnBoard, LINK_VECTORS } from '@spin-tools/machine-model';
import type { ChipAddress } from '@spin-tools/scp';

/** By FPGA and serial link: where the neighbouring board's ethernet chip is, relative to the board's own. */
const NEIGHBOUR_BOARDS: readonly (readonly ChipAddress[])[] = [
  [
    { x: 4, y: -4 },
    { x: -4, y: -8 },
  ],
  [
    { x: -8, y: -4 },
    { x: -4, y: 4 },
  ],
  [
    { x: 4, y: 8 },
    { x: 8, y: 4 },
  ],
];

/** Links of chips, by their place on the board, that an FPGA carries over one of its serial links. */
export function linksThrough(
  places: readonly ChipAddress[],
  fpga: number,
  serialLink: number,
): readonly { readonly index: number; readonly link: number }[] {
  const offset = NEIGHBOUR_BOARDS[fpga]?.[serialLink];
  if (offset === undefined) return [];
  return places.flatMap(({ x, y }, index) =>
    LINK_VECTORS.flatMap(({ dx, dy }, link) =>
      isOnBoard(x + dx - offset.x, y + dy - offset.y) ? [{ index, link }] : [],
    ),
  );
}

/** A heat map of the packets that went over each link, one line for each direction of a link. */
import { LINK_VECTORS } from '@spin-tools/machine-model';
import type { ChipPlace } from './board-picture.js';
import { centre, hexagon, type Point, SPACING, viewBox } from './hexagons.js';
import { element, type Markup } from './markup.js';
import { heatColour } from './style.js';

/** The packets that a chip sent over one of its links. */
export interface LinkTraffic extends Point {
  /** 0 to 5. */
  readonly link: number;
  readonly packets: number;
}

/** Where each link leads, links 0 to 5. */
export const DIRECTIONS = ['east', 'north-east', 'north', 'west', 'south-west', 'south'] as const;

/** Share of the way to the neighbour that a line leaves free at each end. */
const GAP = 0.2;

/** Pixels by which the two directions of a link are drawn apart. */
const SIDESTEP = 4;

/** Draws chips and links; the busiest link has the full colour and the thickest line. */
export function linkTrafficPicture(
  chips: readonly ChipPlace[],
  links: readonly LinkTraffic[],
): Markup {
  const most = Math.max(...links.map(({ packets }) => packets), 1);
  const used = links.filter(({ packets }) => packets > 0).sort((a, b) => a.packets - b.packets);
  return element(
    'svg',
    { viewBox: viewBox(chips), role: 'img', 'aria-label': 'Packets on each link' },
    ...chips.map((chip) => element('polygon', { class: 'chip', points: hexagon(centre(chip)) })),
    ...used.map((link) => linkLine(link, link.packets / most)),
  );
}

function linkLine({ x, y, link, packets }: LinkTraffic, share: number): Markup {
  const from = centre({ x, y });
  const { dx, dy } = LINK_VECTORS[link] as (typeof LINK_VECTORS)[number];
  const step = centre({ x: dx, y: dy });
  const side = { x: (-step.y / SPACING) * SIDESTEP, y: (step.x / SPACING) * SIDESTEP };
  const at = (part: number) =>
    `${(from.x + side.x + step.x * part).toFixed(1)} ${(from.y + side.y + step.y * part).toFixed(1)}`;
  return element(
    'path',
    {
      d: `M${at(GAP)}L${at(1 - GAP)}`,
      'stroke-width': 1.5 + 5 * share,
      'stroke-linecap': 'round',
      style: `stroke: ${heatColour(share)}`,
    },
    element(
      'title',
      {},
      `(${x}, ${y}) ${DIRECTIONS[link]}: ${packets.toLocaleString('en')} packets`,
    ),
  );
}

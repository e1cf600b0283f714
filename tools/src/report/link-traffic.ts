/** A heat map of the packets that went over each link, one line for each direction of a link. */
import type { ChipPlace } from './board-picture.js';
import { centre, hexagon, LINK_STEPS, type Point, SPACING, viewBox } from './hexagons.js';
import { element, type Markup } from './markup.js';
import { heatColour } from './style.js';

/** The packets that a chip sent over one of its links. */
export interface LinkTraffic extends Point {
  /** 0 to 5. */
  readonly link: number;
  readonly direction: string;
  readonly packets: number;
}

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

function linkLine({ x, y, link, direction, packets }: LinkTraffic, share: number): Markup {
  const from = centre({ x, y });
  const step = centre(LINK_STEPS[link] as Point);
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
    element('title', {}, `(${x}, ${y}) ${direction}: ${packets.toLocaleString('en')} packets`),
  );
}

/** A picture of the chips of a machine, with a dot for every core that is used, in its layer's colour. */
import { centre, hexagon, type Point, SPACING, viewBox } from './hexagons.js';
import { element, type Markup } from './markup.js';
import { layerColour } from './style.js';

/** A chip to draw. */
export interface ChipPlace extends Point {
  /** Cores that work, the monitor included. */
  readonly cores: number;
}

/** The cores that hold a layer. */
export interface LayerPlacement {
  readonly name: string;
  /** What the layer is, for example `Dense 784 to 128, relu`. */
  readonly description: string;
  readonly cores: readonly { readonly x: number; readonly y: number; readonly core: number }[];
}

/** Cores in a row inside a hexagon, from the top: 18 in all, as many as a chip has. */
const CORE_ROWS = [4, 5, 5, 4] as const;

/** Draws the chips and marks the cores of each layer. */
export function boardPicture(
  chips: readonly ChipPlace[],
  layers: readonly LayerPlacement[],
): Markup {
  const owners = coreOwners(layers);
  return element(
    'svg',
    { viewBox: viewBox(chips), role: 'img', 'aria-label': 'Layers placed on the machine' },
    ...chips.map((chip) => chipPicture(chip, owners.get(`${chip.x},${chip.y}`), layers)),
  );
}

function coreOwners(layers: readonly LayerPlacement[]): Map<string, Map<number, number>> {
  const owners = new Map<string, Map<number, number>>();
  layers.forEach(({ cores }, layer) => {
    for (const { x, y, core } of cores) {
      const chip = owners.get(`${x},${y}`) ?? new Map<number, number>();
      owners.set(`${x},${y}`, chip.set(core, layer));
    }
  });
  return owners;
}

function chipPicture(
  chip: ChipPlace,
  owners: ReadonlyMap<number, number> | undefined,
  layers: readonly LayerPlacement[],
): Markup {
  const middle = centre(chip);
  const names = new Set([...(owners?.values() ?? [])].map((layer) => layers[layer]?.name ?? ''));
  const title = `chip (${chip.x}, ${chip.y}), ${chip.cores} cores: ${[...names].join(', ') || 'free'}`;
  return element(
    'g',
    {},
    element('title', {}, title),
    element('polygon', { class: 'chip', points: hexagon(middle) }),
    ...corePlaces(middle)
      .slice(0, chip.cores)
      .map((place, core) => coreDot(place, owners?.get(core))),
    element(
      'text',
      { class: 'small', x: middle.x, y: middle.y + SPACING * 0.42, 'text-anchor': 'middle' },
      `${chip.x},${chip.y}`,
    ),
  );
}

function coreDot({ x, y }: Point, layer: number | undefined): Markup {
  if (layer === undefined) return element('circle', { class: 'idle', cx: x, cy: y, r: 1.6 });
  return element('circle', { cx: x, cy: y, r: 3.6, fill: layerColour(layer) });
}

function corePlaces(middle: Point): Point[] {
  const gap = SPACING / 7;
  return CORE_ROWS.flatMap((count, row) =>
    Array.from({ length: count }, (_, column) => ({
      x: middle.x + (column - (count - 1) / 2) * gap,
      y: middle.y - gap * 0.4 + (row - (CORE_ROWS.length - 1) / 2) * gap,
    })),
  );
}

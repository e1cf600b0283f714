/** What a picture of a machine depends on, and how near one has to be to see what. */
import { LINK_VECTORS } from '@spin-tools/machine-model';
import type { MachineMessage } from '../../src/view/messages.js';
import type { Camera } from './camera.js';
import type { Mode } from './colouring.js';
import { type Layout, type Place, placeOf } from './geometry.js';
import type { Nets, Tree } from './nets.js';
import type { Store } from './store.js';
import type { Theme } from './theme.js';

/** All that a picture depends on. */
export interface Scene {
  readonly store: Store;
  readonly machine: MachineMessage;
  readonly layout: Layout;
  readonly nets: Nets;
  readonly mode: Mode;
  readonly theme: Theme;
  readonly camera: Camera;
  readonly width: number;
  readonly height: number;
  /** Pixels of the canvas in one of the page. */
  readonly ratio: number;
  readonly selected: number;
  readonly core: number;
  readonly tree: { readonly from: number; readonly tree: Tree } | undefined;
  /** Drops of each chip that the user has taken note of. */
  readonly noted: Uint32Array;
  /** Seconds, for what moves; 0 where nothing is to move. */
  readonly clock: number;
}

/** Distance between chips from which on single cores are drawn, page pixels. */
export const CORES_FROM = 26;
/** The same for links and signs. */
export const LINKS_FROM = 12;
/** The same for the shapes of chips. */
export const SHAPES_FROM = 7;
/** The same for text. */
export const LABELS_FROM = 54;

/** Cores are drawn that much above the middle of a chip, whose place is written below them; shares of a step. */
export const CORES_UP = 0.035;

/** Whether single cores are drawn, at a distance between chips, page pixels. */
export const showsCores = ({ mode }: Scene, size: number): boolean =>
  size >= CORES_FROM && (mode === 'states' || mode === 'programs');

/**
 * Ends of a line along a link, moved to its left and free of the chips' middles by shares of a step; links around
 * the edge end half-way.
 */
export function linkEnds(
  { layout, camera, nets }: Scene,
  chip: number,
  link: number,
  { side = 0, free = 0 }: { readonly side?: number; readonly free?: number },
): [Place, Place] {
  const step = LINK_VECTORS[link] as (typeof LINK_VECTORS)[number];
  const towards = placeOf(layout.shape, step.dx, step.dy);
  const [x, y] = [layout.x[chip] as number, layout.y[chip] as number];
  const next = nets.behind(chip, link);
  const way =
    next < 0 ? towards : { x: (layout.x[next] as number) - x, y: (layout.y[next] as number) - y };
  const isNear = Math.hypot(way.x - towards.x, way.y - towards.y) < 0.9;
  const used = isNear ? way : { x: towards.x * 0.62, y: towards.y * 0.62 };
  const length = Math.hypot(used.x, used.y);
  const offset = { x: (-used.y / length) * side, y: (used.x / length) * side };
  const at = (share: number): Place => ({
    x: camera.x(x + offset.x + used.x * share),
    y: camera.y(y + offset.y + used.y * share),
  });
  return [at(free), at(isNear ? 1 - free : 1)];
}

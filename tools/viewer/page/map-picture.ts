/** Draws a machine on a canvas: near with every core, farther with chips only, farthest as single pixels. */
import { LINK_VECTORS } from '@spin-tools/machine-model';
import { CORES_OF_CHIP, LINKS_OF_CHIP, type MachineMessage } from '../../src/view/messages.js';
import type { Camera } from './camera.js';
import { Colouring, type Mode } from './colouring.js';
import { kindOf } from './core-kinds.js';
import { drawCore } from './core-signs.js';
import { corePlaces, cornersOf, type Layout, type Place, placeOf } from './geometry.js';
import type { Nets, Tree } from './nets.js';
import { short } from './numbers.js';
import type { Store } from './store.js';
import { heatOf, mix, rgb, type Theme } from './theme.js';

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

/** Distances between chips, page pixels, from which on there is room for single cores, for links, for shapes. */
const CORES_FROM = 26;
const LINKS_FROM = 12;
const SHAPES_FROM = 7;
const LABELS_FROM = 54;

/** Cores are drawn that much above the middle of a chip, whose place is written below them; shares of a step. */
const CORES_UP = 0.035;

/** Draws everything; gives the colouring, for the legend. */
export function drawMachine(pen: CanvasRenderingContext2D, scene: Scene): Colouring {
  const colouring = new Colouring(scene.store, scene.mode, scene.theme);
  const size = scene.camera.scale / scene.ratio;
  pen.clearRect(0, 0, scene.width, scene.height);
  if (size < SHAPES_FROM) drawPixels(pen, scene, colouring);
  else {
    const chips = visibleChips(scene);
    drawChips(pen, scene, colouring, chips, size);
    if (scene.mode === 'traffic' && size >= LINKS_FROM) drawLinks(pen, scene, colouring, chips);
  }
  if (scene.tree) drawTree(pen, scene, scene.tree.from, scene.tree.tree, size);
  drawDrops(pen, scene, size);
  drawSelection(pen, scene);
  return colouring;
}

function visibleChips({ layout, camera, width, height }: Scene): number[] {
  const visible: number[] = [];
  const { scale } = camera;
  layout.x.forEach((x, chip) => {
    const [a, b] = [camera.x(x), camera.y(layout.y[chip] as number)];
    if (a > -scale && b > -scale && a < width + scale && b < height + scale) visible.push(chip);
  });
  return visible;
}

/** A block of pixels a chip, written directly: tens of thousands of chips in some milliseconds. */
function drawPixels(pen: CanvasRenderingContext2D, scene: Scene, colouring: Colouring): void {
  const { layout, camera, width, height, theme } = scene;
  const image = pen.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const numbers = new Map<string, number>();
  const numberOf = (colour: string): number => {
    const known = numbers.get(colour);
    if (known !== undefined) return known;
    const [red, green, blue] = rgb(colour);
    const number = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
    numbers.set(colour, number);
    return number;
  };
  const gap = camera.scale > 3.5 ? 0.86 : 1;
  const wide = Math.max(1, camera.scale * gap);
  const high = Math.max(1, camera.scale * gap * (layout.shape === 'hexagons' ? 0.87 : 1));
  const idle = mix(theme.chip, theme.line, 0.6);
  layout.x.forEach((x, chip) => {
    const [a, b] = [camera.x(x), camera.y(layout.y[chip] as number)];
    const [left, right] = [Math.round(a - wide / 2), Math.round(a + wide / 2)];
    const [top, bottom] = [Math.round(b - high / 2), Math.round(b + high / 2)];
    if (right <= 0 || left >= width || bottom <= 0 || top >= height) return;
    const colour = colouring.chip(chip, true);
    const number = numberOf(colour === theme.chip ? idle : colour);
    for (let row = Math.max(0, top); row < Math.min(height, bottom); row++) {
      pixels.fill(number, row * width + Math.max(0, left), row * width + Math.min(width, right));
    }
  });
  pen.putImageData(image, 0, 0);
}

function drawChips(
  pen: CanvasRenderingContext2D,
  scene: Scene,
  colouring: Colouring,
  chips: readonly number[],
  size: number,
): void {
  const { layout, camera, theme, machine, ratio } = scene;
  const corners = cornersOf(layout.shape, camera.scale);
  const showsCores = size >= CORES_FROM && (scene.mode === 'states' || scene.mode === 'programs');
  const isAlone = scene.mode === 'traffic' ? size < LINKS_FROM : !showsCores;
  pen.lineWidth = ratio;
  for (const chip of chips) {
    const [x, y] = [camera.x(layout.x[chip] as number), camera.y(layout.y[chip] as number)];
    trace(pen, corners, x, y);
    pen.fillStyle = colouring.chip(chip, isAlone);
    pen.fill();
    pen.strokeStyle = theme.line;
    pen.stroke();
  }
  if (showsCores) {
    const places = corePlaces(layout.shape);
    for (const chip of chips) drawCores(pen, scene, colouring, chip, places);
  }
  if (size < LABELS_FROM) return;
  pen.font = `${Math.round(Math.min(12, size * 0.12) * ratio)}px system-ui, sans-serif`;
  pen.textAlign = 'center';
  for (const chip of chips) {
    const [x, y] = [camera.x(layout.x[chip] as number), camera.y(layout.y[chip] as number)];
    pen.fillStyle = labelColour(scene, colouring.chip(chip, isAlone));
    pen.fillText(`${machine.x[chip]},${machine.y[chip]}`, x, y + camera.scale * 0.43);
    const figure = figureOf(scene, chip);
    if (figure !== '') pen.fillText(figure, x, y + camera.scale * 0.04);
  }
}

function figureOf({ mode, store: { shown }, machine }: Scene, chip: number): string {
  if (mode === 'tables') return String(shown.entries[chip]);
  if (mode === 'traffic') return '';
  if (mode === 'boards') return String(machine.board[chip]);
  return '';
}

/** Dark on light areas, light on dark ones. */
function labelColour({ theme, mode }: Scene, area: string): string {
  if (mode === 'states' || mode === 'programs') return theme.faint;
  const [red, green, blue] = rgb(area);
  return red * 0.299 + green * 0.587 + blue * 0.114 > 140 ? '#111418' : '#f5f7f9';
}

function drawCores(
  pen: CanvasRenderingContext2D,
  { layout, camera, theme, machine, store, mode, selected, core: chosen, ratio }: Scene,
  colouring: Colouring,
  chip: number,
  places: readonly Place[],
): void {
  const [x, y] = [camera.x(layout.x[chip] as number), camera.y(layout.y[chip] as number)];
  const radius = camera.scale * 0.062;
  for (let core = 0; core < (machine.cores[chip] as number); core++) {
    const { x: dx, y: dy } = places[core] as Place;
    const [a, b] = [x + dx * camera.scale, y + (dy - CORES_UP) * camera.scale];
    const kind = kindOf(store.shown.states[chip * CORES_OF_CHIP + core] as number);
    const program = mode === 'programs' ? colouring.core(chip, core) : undefined;
    drawCore(pen, { x: a, y: b, radius }, kind, theme, { isMonitor: core === 0, program });
    if (chip === selected && core === chosen) {
      pen.strokeStyle = theme.focus;
      pen.lineWidth = 2 * ratio;
      pen.beginPath();
      pen.arc(a, b, radius * 1.55, 0, 2 * Math.PI);
      pen.stroke();
    }
  }
}

function drawLinks(
  pen: CanvasRenderingContext2D,
  scene: Scene,
  colouring: Colouring,
  chips: readonly number[],
): void {
  const { store, theme, camera, clock, ratio } = scene;
  if (!store.shown.hasLinks) return;
  pen.lineCap = 'round';
  for (const chip of chips) {
    for (let link = 0; link < LINKS_OF_CHIP; link++) {
      const perSecond = store.shown.linkRate[chip * LINKS_OF_CHIP + link] as number;
      if (perSecond <= 0) continue;
      const share = colouring.heat(perSecond);
      const [from, to] = linkEnds(scene, chip, link, { side: 0.055, free: 0.14 });
      pen.lineWidth = camera.scale * (0.02 + 0.055 * share);
      pen.strokeStyle = theme.paper;
      line(pen, from, to);
      pen.lineWidth = Math.max(ratio, camera.scale * (0.012 + 0.05 * share));
      pen.strokeStyle = heatOf(theme, 0.25 + 0.75 * share);
      if (clock > 0) {
        pen.setLineDash([camera.scale * 0.11, camera.scale * 0.1]);
        pen.lineDashOffset = -clock * camera.scale * (0.12 + 0.5 * share);
      }
      line(pen, from, to);
      pen.setLineDash([]);
    }
  }
}

/**
 * Ends of a line along a link, moved to its left and free of the chips' middles by shares of a step; links around
 * the edge end half-way.
 */
function linkEnds(
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

function drawTree(
  pen: CanvasRenderingContext2D,
  scene: Scene,
  source: number,
  { hops, sinks, broken }: Tree,
  size: number,
): void {
  const { theme, camera, layout, ratio, clock } = scene;
  const width = Math.max(2 * ratio, camera.scale * 0.05);
  pen.lineCap = 'round';
  const ends = hops.map(({ chip, link }) => linkEnds(scene, chip, link, {}));
  for (const [colour, wide] of [
    [theme.paper, width + 3 * ratio],
    [theme.net, width],
  ] as const) {
    pen.strokeStyle = colour;
    pen.lineWidth = wide;
    for (const [from, to] of ends) line(pen, from, to);
  }
  if (clock > 0 && size >= CORES_FROM) {
    pen.strokeStyle = theme.paper;
    pen.lineWidth = width * 0.45;
    pen.setLineDash([width * 0.1, camera.scale * 0.33]);
    pen.lineDashOffset = -clock * camera.scale * 0.6;
    for (const [from, to] of ends) line(pen, from, to);
    pen.setLineDash([]);
  }
  const dot = Math.max(3 * ratio, camera.scale * 0.1);
  const showsCores = size >= CORES_FROM && (scene.mode === 'states' || scene.mode === 'programs');
  for (const { chip, cores } of sinks) {
    const [x, y] = [camera.x(layout.x[chip] as number), camera.y(layout.y[chip] as number)];
    if (showsCores) markCores(pen, scene, x, y, cores);
    diamond(pen, x, y, dot * 1.25);
    pen.fillStyle = theme.net;
    pen.strokeStyle = theme.paper;
    pen.lineWidth = 1.5 * ratio;
    pen.fill();
    pen.stroke();
  }
  for (const { chip, link } of broken) {
    const [, to] = linkEnds(scene, chip, link, {});
    cross(pen, to.x, to.y, dot, theme.alarm, width);
  }
  const [x, y] = [camera.x(layout.x[source] as number), camera.y(layout.y[source] as number)];
  pen.beginPath();
  pen.arc(x, y, dot * 1.2, 0, 2 * Math.PI);
  pen.fillStyle = theme.paper;
  pen.fill();
  pen.strokeStyle = theme.net;
  pen.lineWidth = width;
  pen.stroke();
}

/** Rings around the cores that a net leads to. */
function markCores(
  pen: CanvasRenderingContext2D,
  { layout, camera, theme, ratio }: Scene,
  x: number,
  y: number,
  cores: number,
): void {
  pen.strokeStyle = theme.net;
  pen.lineWidth = 2 * ratio;
  corePlaces(layout.shape).forEach((place, core) => {
    if (((cores >>> core) & 1) === 0) return;
    pen.beginPath();
    pen.arc(
      x + place.x * camera.scale,
      y + (place.y - CORES_UP) * camera.scale,
      camera.scale * 0.085,
      0,
      2 * Math.PI,
    );
    pen.stroke();
  });
}

/** Chips that dropped packets: a thick edge and a sign, whatever else is shown; links with a cross. */
function drawDrops(pen: CanvasRenderingContext2D, scene: Scene, size: number): void {
  const { store, layout, camera, theme, noted, ratio, machine } = scene;
  const corners = cornersOf(layout.shape, camera.scale * 0.95);
  for (let chip = 0; chip < machine.x.length; chip++) {
    const drops = store.shown.droppedBy(chip) - (noted[chip] ?? 0);
    if (drops <= 0) continue;
    const [x, y] = [camera.x(layout.x[chip] as number), camera.y(layout.y[chip] as number)];
    trace(pen, corners, x, y);
    pen.strokeStyle = theme.alarm;
    pen.lineWidth = Math.max(2 * ratio, camera.scale * 0.035);
    pen.stroke();
    for (let link = 0; link < LINKS_OF_CHIP; link++) {
      if ((store.shown.linkDrops[chip * LINKS_OF_CHIP + link] as number) === 0) continue;
      const [from, to] = linkEnds(scene, chip, link, {});
      const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
      cross(
        pen,
        middle.x,
        middle.y,
        Math.max(3 * ratio, camera.scale * 0.1),
        theme.alarm,
        3 * ratio,
      );
    }
    if (size >= LINKS_FROM) {
      const text = size >= LABELS_FROM ? `! ${short(drops).replace(' ', '')}` : '!';
      drawBadge(pen, scene, text, { x, y: y - camera.scale * 0.36 });
    }
  }
}

function drawBadge(
  pen: CanvasRenderingContext2D,
  { theme, ratio }: Scene,
  text: string,
  { x, y }: Place,
): void {
  pen.font = `600 ${Math.round(11 * ratio)}px system-ui, sans-serif`;
  pen.textAlign = 'center';
  const wide = pen.measureText(text).width + 10 * ratio;
  const high = 15 * ratio;
  pen.fillStyle = theme.alarm;
  pen.beginPath();
  pen.roundRect(x - wide / 2, y - high / 2, wide, high, high / 2);
  pen.fill();
  pen.fillStyle = theme.onAlarm;
  pen.fillText(text, x, y + 4 * ratio);
}

function drawSelection(pen: CanvasRenderingContext2D, scene: Scene): void {
  const { selected, layout, camera, theme, ratio } = scene;
  if (selected < 0) return;
  const corners = cornersOf(layout.shape, camera.scale * 1.02);
  trace(
    pen,
    corners,
    camera.x(layout.x[selected] as number),
    camera.y(layout.y[selected] as number),
  );
  pen.strokeStyle = theme.paper;
  pen.lineWidth = 5 * ratio;
  pen.stroke();
  pen.strokeStyle = theme.focus;
  pen.lineWidth = 2.5 * ratio;
  pen.stroke();
}

function trace(
  pen: CanvasRenderingContext2D,
  corners: readonly Place[],
  x: number,
  y: number,
): void {
  pen.beginPath();
  for (const corner of corners) pen.lineTo(x + corner.x, y + corner.y);
  pen.closePath();
}

function line(pen: CanvasRenderingContext2D, from: Place, to: Place): void {
  pen.beginPath();
  pen.moveTo(from.x, from.y);
  pen.lineTo(to.x, to.y);
  pen.stroke();
}

function diamond(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  pen.beginPath();
  pen.moveTo(x, y - radius);
  pen.lineTo(x + radius, y);
  pen.lineTo(x, y + radius);
  pen.lineTo(x - radius, y);
  pen.closePath();
}

function cross(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  colour: string,
  width: number,
): void {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  line(pen, { x: x - radius, y: y - radius }, { x: x + radius, y: y + radius });
  line(pen, { x: x - radius, y: y + radius }, { x: x + radius, y: y - radius });
}

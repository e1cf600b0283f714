/** Draws a machine on a canvas: near with every core, farther with chips only, farthest as single pixels. */
import { CORES_OF_CHIP, LINKS_OF_CHIP } from '../../src/view/messages.js';
import { Colouring } from './colouring.js';
import { kindOf } from './core-kinds.js';
import { drawCore } from './core-signs.js';
import { corePlaces, cornersOf, type Place } from './geometry.js';
import { drawOverlays } from './overlays.js';
import {
  CORES_UP,
  LABELS_FROM,
  LINKS_FROM,
  linkEnds,
  type Scene,
  SHAPES_FROM,
  showsCores,
} from './scene.js';
import { line, trace } from './strokes.js';
import { heatOf, mix, rgb } from './theme.js';

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
  drawOverlays(pen, scene, size);
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
  const hasCores = showsCores(scene, size);
  const isAlone = scene.mode === 'traffic' ? size < LINKS_FROM : !hasCores;
  pen.lineWidth = ratio;
  for (const chip of chips) {
    const [x, y] = [camera.x(layout.x[chip] as number), camera.y(layout.y[chip] as number)];
    trace(pen, corners, x, y);
    pen.fillStyle = colouring.chip(chip, isAlone);
    pen.fill();
    pen.strokeStyle = theme.line;
    pen.stroke();
  }
  if (hasCores) {
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

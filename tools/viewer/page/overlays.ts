/** What is drawn over the chips, whatever their colours stand for: the chosen net, drops, the selection. */
import { LINKS_OF_CHIP } from '../../src/view/messages.js';
import { corePlaces, cornersOf, type Place } from './geometry.js';
import type { Tree } from './nets.js';
import { short } from './numbers.js';
import {
  CORES_FROM,
  CORES_UP,
  LABELS_FROM,
  LINKS_FROM,
  linkEnds,
  type Scene,
  showsCores,
} from './scene.js';
import { cross, diamond, line, trace } from './strokes.js';

/** Draws them. `size` is the distance between chips, page pixels. */
export function drawOverlays(pen: CanvasRenderingContext2D, scene: Scene, size: number): void {
  if (scene.tree) drawTree(pen, scene, scene.tree.from, scene.tree.tree, size);
  drawDrops(pen, scene, size);
  drawSelection(pen, scene);
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
  for (const { chip, cores } of sinks) {
    const [x, y] = [camera.x(layout.x[chip] as number), camera.y(layout.y[chip] as number)];
    if (showsCores(scene, size)) markCores(pen, scene, x, y, cores);
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

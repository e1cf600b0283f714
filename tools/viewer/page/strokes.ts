/** Shapes that several pictures on the canvas have in common. Places are canvas pixels. */
import type { Place } from './geometry.js';

/** Makes corners around a place the path. */
export function trace(
  pen: CanvasRenderingContext2D,
  corners: readonly Place[],
  x: number,
  y: number,
): void {
  pen.beginPath();
  for (const corner of corners) pen.lineTo(x + corner.x, y + corner.y);
  pen.closePath();
}

/** Draws a line. */
export function line(pen: CanvasRenderingContext2D, from: Place, to: Place): void {
  pen.beginPath();
  pen.moveTo(from.x, from.y);
  pen.lineTo(to.x, to.y);
  pen.stroke();
}

/** Makes a diamond the path. */
export function diamond(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  pen.beginPath();
  pen.moveTo(x, y - radius);
  pen.lineTo(x + radius, y);
  pen.lineTo(x, y + radius);
  pen.lineTo(x - radius, y);
  pen.closePath();
}

/** Draws a cross. */
export function cross(
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

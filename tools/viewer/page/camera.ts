/** Which part of the machine the canvas shows. */
import type { Layout, Place } from './geometry.js';

/** Pixels of a canvas between the centres of neighbours, at least and at most. */
const LEAST_SCALE = 0.5;
const MOST_SCALE = 600;
/** A machine of few chips is not made larger than that. */
const MOST_FITTED = 220;
/** Left free around the middles of the outer chips: distances between neighbours, and a share of the height for the legend. */
const MARGIN = 0.75;
const LEGEND_SHARE = 0.06;

/** Turns places of a layout into pixels of a canvas. */
export class Camera {
  /** Pixels between the centres of neighbouring chips. */
  scale = 1;
  private originX = 0;
  private originY = 0;

  /** Shows a whole layout. */
  fit({ left, right, top, bottom }: Layout, width: number, height: number): void {
    const wide = right - left + 2 * MARGIN;
    const high = bottom - top + 2 * MARGIN;
    const free = height * (1 - LEGEND_SHARE);
    this.scale = Math.max(LEAST_SCALE, Math.min(width / wide, free / high, MOST_FITTED));
    this.originX = width / 2 - ((left + right) / 2) * this.scale;
    this.originY = free / 2 - ((top + bottom) / 2) * this.scale;
  }

  x(x: number): number {
    return this.originX + x * this.scale;
  }

  y(y: number): number {
    return this.originY + y * this.scale;
  }

  /** The place under a pixel. */
  placeAt(x: number, y: number): Place {
    return { x: (x - this.originX) / this.scale, y: (y - this.originY) / this.scale };
  }

  pan(dx: number, dy: number): void {
    this.originX += dx;
    this.originY += dy;
  }

  /** Zooms, and leaves what is at a pixel where it is. */
  zoom(factor: number, x: number, y: number): void {
    const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, this.scale * factor));
    this.originX = x - ((x - this.originX) * scale) / this.scale;
    this.originY = y - ((y - this.originY) * scale) / this.scale;
    this.scale = scale;
  }

  /** Moves as little as needed to have a place inside, away from the edge. */
  reveal({ x, y }: Place, width: number, height: number): void {
    const margin = Math.min(this.scale, width / 4, height / 4);
    const [a, b] = [this.x(x), this.y(y)];
    this.pan(
      Math.max(0, margin - a) - Math.max(0, a - (width - margin)),
      Math.max(0, margin - b) - Math.max(0, b - (height - margin)),
    );
  }
}

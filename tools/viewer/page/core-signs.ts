/** The sign of a core: each kind of state differs in shape as well as in colour. */
import type { Kind } from './core-kinds.js';
import type { Theme } from './theme.js';

/** Where a sign goes, canvas pixels. */
export interface SignPlace {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** What else there is to say about a core. */
export interface SignOptions {
  readonly isMonitor?: boolean;
  /** Colour in place of that of its state, as long as nothing is wrong with it. */
  readonly program?: string | undefined;
}

/** Draws a core. */
export function drawCore(
  pen: CanvasRenderingContext2D,
  { x, y, radius }: SignPlace,
  kind: Kind,
  theme: Theme,
  { isMonitor = false, program }: SignOptions = {},
): void {
  const isWell = kind !== 'error' && kind !== 'silent';
  const colour = isWell && program !== undefined ? program : theme.kinds[kind];
  pen.fillStyle = colour;
  pen.strokeStyle = colour;
  pen.lineWidth = radius * 0.5;
  pen.beginPath();
  if (isMonitor && isWell) {
    // The monitor always runs: it is there, but does not draw the eye.
    pen.fillStyle = theme.faint;
    pen.rect(x - radius * 0.42, y - radius * 0.42, radius * 0.84, radius * 0.84);
    pen.fill();
    return;
  }
  if (program !== undefined && isWell) {
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fill();
    return;
  }
  switch (kind) {
    case 'error':
    case 'silent':
      pen.moveTo(x - radius * 0.8, y - radius * 0.8);
      pen.lineTo(x + radius * 0.8, y + radius * 0.8);
      pen.moveTo(x - radius * 0.8, y + radius * 0.8);
      pen.lineTo(x + radius * 0.8, y - radius * 0.8);
      pen.lineWidth = radius * (kind === 'error' ? 0.75 : 0.35);
      pen.stroke();
      return;
    case 'starting':
      pen.moveTo(x, y - radius);
      pen.lineTo(x + radius * 0.95, y + radius * 0.75);
      pen.lineTo(x - radius * 0.95, y + radius * 0.75);
      pen.closePath();
      pen.fill();
      return;
    case 'sync':
      pen.arc(x, y, radius * 0.72, 0, 2 * Math.PI);
      pen.stroke();
      return;
    case 'pause':
      pen.rect(x - radius * 0.75, y - radius * 0.8, radius * 0.5, radius * 1.6);
      pen.rect(x + radius * 0.25, y - radius * 0.8, radius * 0.5, radius * 1.6);
      pen.fill();
      return;
    case 'run':
      pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.fill();
      return;
    case 'exit':
      pen.moveTo(x - radius * 0.8, y + radius * 0.05);
      pen.lineTo(x - radius * 0.15, y + radius * 0.7);
      pen.lineTo(x + radius * 0.85, y - radius * 0.65);
      pen.stroke();
      return;
    case 'idle':
      pen.arc(x, y, radius * 0.42, 0, 2 * Math.PI);
      pen.fill();
      return;
    case 'off':
      pen.arc(x, y, radius * 0.3, 0, 2 * Math.PI);
      pen.lineWidth = radius * 0.2;
      pen.stroke();
      return;
  }
}

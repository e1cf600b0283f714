/** A square to draw a digit in, and what the network gets of it: 14 x 14 grey values, centred as in MNIST. */
import { EDGE, PIXELS } from './jobs.js';

/** Share of the edge that the digit fills. Source: MNIST, 20 of 28 pixels. */
const FILLED = 20 / 28;
/** Of a line, as a share of the edge. */
const LINE = 0.075;

type Point = readonly [x: number, y: number];

/** Lines that the user draws, in units of the edge. */
export class Drawing {
  private lines: Point[][] = [];
  private readonly pen: CanvasRenderingContext2D;

  /** @param changed called when a line is finished */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    changed: () => void,
  ) {
    const pen = canvas.getContext('2d');
    if (pen === null) throw new Error('this browser cannot draw on a canvas');
    this.pen = pen;
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.lines.push([this.pointOf(event)]);
      this.paint();
    });
    canvas.addEventListener('pointermove', (event) => {
      if (event.buttons === 0) return;
      this.lines.at(-1)?.push(this.pointOf(event));
      this.paint();
    });
    canvas.addEventListener('pointerup', changed);
    this.paint();
  }

  get isEmpty(): boolean {
    return this.lines.length === 0;
  }

  clear(): void {
    this.lines = [];
    this.paint();
  }

  /** The digit, 0 to 1 a pixel. */
  pixels(): Float32Array {
    const points = this.lines.flat();
    const least = (axis: 0 | 1) => Math.min(...points.map((point) => point[axis]));
    const most = (axis: 0 | 1) => Math.max(...points.map((point) => point[axis]));
    const [left, right, top, bottom] = [least(0), most(0), least(1), most(1)];
    const scale = (FILLED - 2 * LINE) / Math.max(right - left, bottom - top, 0.1);
    const centred = ([x, y]: Point): Point => [
      (x - (left + right) / 2) * scale + 0.5,
      (y - (top + bottom) / 2) * scale + 0.5,
    ];
    const picture = new OffscreenCanvas(EDGE * 4, EDGE * 4);
    const pen = picture.getContext('2d', { willReadFrequently: true });
    if (pen === null) return new Float32Array(PIXELS);
    drawLines(
      pen,
      this.lines.map((line) => line.map(centred)),
      picture.width,
      '#fff',
    );
    const { data } = pen.getImageData(0, 0, picture.width, picture.height);
    return Float32Array.from({ length: PIXELS }, (_, pixel) => {
      let sum = 0;
      for (let row = 0; row < 4; row++) {
        for (let column = 0; column < 4; column++) {
          const y = Math.floor(pixel / EDGE) * 4 + row;
          const x = (pixel % EDGE) * 4 + column;
          sum += data[(y * picture.width + x) * 4 + 3] as number;
        }
      }
      return sum / 16 / 255;
    });
  }

  /** Draws what there is, in the colours of the page. */
  paint(): void {
    const { canvas, pen } = this;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    drawLines(pen, this.lines, canvas.width, getComputedStyle(canvas).color);
  }

  private pointOf({ clientX, clientY }: PointerEvent): Point {
    const box = this.canvas.getBoundingClientRect();
    return [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
  }
}

function drawLines(
  pen: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  lines: readonly (readonly Point[])[],
  edge: number,
  colour: string,
): void {
  pen.strokeStyle = colour;
  pen.lineWidth = LINE * edge;
  pen.lineCap = 'round';
  pen.lineJoin = 'round';
  for (const line of lines) {
    pen.beginPath();
    for (const [x, y] of line) pen.lineTo(x * edge, y * edge);
    const [x, y] = line[0] as Point;
    if (line.length === 1) pen.lineTo(x * edge + 0.1, y * edge);
    pen.stroke();
  }
}

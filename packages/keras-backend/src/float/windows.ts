/** How windows lie over images and sequences. */
import type { WindowAxis } from '../layers/kinds/spatial.js';

/** How windows lie over images; a sequence has one row. */
export interface Windows {
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
  readonly channels: number;
}

const ONE_ROW: WindowAxis = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, before: 0 };

/** Rows and columns of the axes of an image or a sequence. */
export function windowsOf(axes: readonly WindowAxis[], channels: number): Windows {
  const [rows, columns] = axes.length === 1 ? [ONE_ROW, axes[0]] : axes;
  return { rows: rows as WindowAxis, columns: columns as WindowAxis, channels };
}

/** Calls `visit` for each window position that lies inside: where it is in the image, and in the row of the window. */
function eachPosition(
  { rows, columns, channels }: Windows,
  visit: (imageAt: number, windowAt: number) => void,
): void {
  const size = rows.kernel * columns.kernel * channels;
  let windowAt = 0;
  for (let r = 0; r < rows.output; r++) {
    for (let c = 0; c < columns.output; c++, windowAt += size) {
      let at = windowAt;
      for (let i = 0; i < rows.kernel; i++) {
        const row = r * rows.stride - rows.before + i * rows.dilation;
        for (let j = 0; j < columns.kernel; j++, at += channels) {
          const column = c * columns.stride - columns.before + j * columns.dilation;
          if (row < 0 || row >= rows.input || column < 0 || column >= columns.input) continue;
          visit((row * columns.input + column) * channels, at);
        }
      }
    }
  }
}

/** Sizes of one sample. */
export function sizesOf({ rows, columns, channels }: Windows) {
  const positions = rows.output * columns.output;
  const window = rows.kernel * columns.kernel * channels;
  return { image: rows.input * columns.input * channels, positions, window };
}

/** The places of a window in an image and in its row, in pairs; computed once for all samples. */
export function placesOf(windows: Windows): Int32Array {
  const places: number[] = [];
  eachPosition(windows, (imageAt, windowAt) => places.push(imageAt, windowAt));
  return Int32Array.from(places);
}

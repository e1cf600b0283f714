/** Convolutions in float32: windows are multiplied where they lie, in images that have got borders of zeros. */
import { correlate, multiply } from './products';

/** Windows that are added up before they join the sum of a gradient: keeps rounding small. */
const BLOCK: i32 = 256;

/** How windows lie over images; src/float/window-products.ts writes it. */
@unmanaged
class Windows {
  /** Rows of an image as it lies, and bytes of one. */
  imageRows: i32;
  imageRow: i32;
  /** Bytes of a row with its borders, of the whole image with them, and from its start to what is inside. */
  paddedRow: i32;
  paddedSize: i32;
  inside: i32;
  /** Windows, and the bytes from one to the next. */
  rows: i32;
  columns: i32;
  rowStep: i32;
  columnStep: i32;
  /** Runs of values that lie together in a window, how many values they have, and where each of them begins. */
  runs: i32;
  run: i32;
  offsets: i32;
}

function pad(windows: Windows, image: usize, padded: usize): void {
  const size = <usize>windows.imageRow;
  let to = padded + windows.inside;
  for (let row = 0; row < windows.imageRows; row++) {
    memory.copy(to, image, size);
    image += size;
    to += windows.paddedRow;
  }
}

/** Multiplies each window of each image by a packed matrix of `filters` columns. `padded` has room for one image. */
export function convolve(
  windows: Windows,
  images: usize,
  padded: usize,
  kernel: usize,
  start: usize,
  out: usize,
  samples: i32,
  filters: i32,
): void {
  memory.fill(padded, 0, windows.paddedSize);
  const outStep = (<usize>filters) << 2;
  for (let s = 0; s < samples; s++) {
    pad(windows, images, padded);
    images += windows.imageRows * windows.imageRow;
    let from = padded;
    for (let row = 0; row < windows.rows; row++) {
      multiply(
        from,
        windows.columnStep,
        windows.offsets,
        windows.runs,
        windows.run,
        kernel,
        start,
        out,
        outStep,
        windows.columns,
        filters,
      );
      from += windows.rowStep;
      out += <usize>windows.columns * outStep;
    }
  }
}

/** Adds what `gradient`, of `filters` values for each window, makes of the kernel to `byKernel`. */
export function convolveByKernel(
  windows: Windows,
  images: usize,
  padded: usize,
  gradient: usize,
  byKernel: usize,
  samples: i32,
  filters: i32,
): void {
  memory.fill(padded, 0, windows.paddedSize);
  const together = max(1, BLOCK / windows.columns);
  const runSize = (<usize>(windows.run * filters)) << 2;
  for (let s = 0; s < samples; s++) {
    pad(windows, images, padded);
    images += windows.imageRows * windows.imageRow;
    for (let row = 0; row < windows.rows; row += together) {
      const height = min(together, windows.rows - row);
      let sums = byKernel;
      for (let r = 0; r < windows.runs; r++) {
        correlate(
          padded + row * windows.rowStep + load<i32>(windows.offsets + (r << 2)),
          windows.rowStep,
          windows.columnStep,
          gradient,
          sums,
          height,
          windows.columns,
          windows.run,
          filters,
        );
        sums += runSize;
      }
      gradient += (height * windows.columns * filters) << 2;
    }
  }
}

/** Adds each run of a window to where it lies in an image with its borders. */
function addWindow(windows: Windows, values: usize, padded: usize): void {
  for (let r = 0; r < windows.runs; r++) {
    let to = padded + load<i32>(windows.offsets + (r << 2));
    const end = values + (windows.run << 2);
    for (; values + 16 <= end; values += 16) {
      v128.store(to, f32x4.add(v128.load(to), v128.load(values)));
      to += 16;
    }
    for (; values < end; values += 4) {
      store<f32>(to, load<f32>(to) + load<f32>(values));
      to += 4;
    }
  }
}

/**
 * What `gradient`, of `filters` values for each window, makes of the images. `kernel` is packed with a column for each
 * value of a window; `start` is zeros for these, and `room` takes the windows of one row.
 */
export function convolveByImages(
  windows: Windows,
  gradient: usize,
  kernel: usize,
  start: usize,
  room: usize,
  padded: usize,
  images: usize,
  samples: i32,
  filters: i32,
): void {
  const size = windows.runs * windows.run;
  const step = (<usize>filters) << 2;
  for (let s = 0; s < samples; s++) {
    memory.fill(padded, 0, windows.paddedSize);
    for (let row = 0; row < windows.rows; row++) {
      multiply(
        gradient,
        step,
        start,
        1,
        filters,
        kernel,
        start,
        room,
        size << 2,
        windows.columns,
        size,
      );
      gradient += <usize>windows.columns * step;
      let to = padded + row * windows.rowStep;
      for (let column = 0; column < windows.columns; column++) {
        addWindow(windows, room + ((column * size) << 2), to);
        to += windows.columnStep;
      }
    }
    let from = padded + windows.inside;
    for (let row = 0; row < windows.imageRows; row++) {
      memory.copy(images, from, windows.imageRow);
      images += windows.imageRow;
      from += windows.paddedRow;
    }
  }
}

/**
 * Products of matrices and of windows, in AssemblyScript with 128-bit vectors of float32.
 *
 * The order of the additions depends on the sizes only, so results are the same on every host. Addresses and steps are
 * in bytes. Vectors may be read up to 28 bytes beyond the end of an operand: what they hold there is never stored.
 */

/** Columns of a packed matrix that lie together: two vectors. */
const PANEL: i32 = 8;
/** Gradients that are added up before they join the sum: keeps rounding small. */
const BLOCK: i32 = 256;
/** Rows of a tile, whose sums stay in registers. */
const TILE: i32 = 4;

/**
 * Writes a matrix of `rows` and `columns` in panels of eight columns, the last of them filled up with zeros: all rows of
 * the first panel, then those of the next.
 */
export function pack(
  from: usize,
  rowStep: usize,
  columnStep: usize,
  to: usize,
  rows: i32,
  columns: i32,
): void {
  for (let j = 0; j < columns; j += PANEL) {
    const width = min(PANEL, columns - j);
    let source = from + <usize>j * columnStep;
    for (let p = 0; p < rows; p++) {
      if (width === PANEL && columnStep === 4) {
        v128.store(to, v128.load(source));
        v128.store(to, v128.load(source, 16), 16);
      } else {
        for (let c = 0; c < PANEL; c++) {
          const value = c < width ? load<f32>(source + <usize>c * columnStep) : <f32>0;
          store<f32>(to + ((<usize>c) << 2), value);
        }
      }
      source += rowStep;
      to += PANEL << 2;
    }
  }
}

/** Stores the first `width` of eight values. */
function storeLanes(target: usize, low: v128, high: v128, width: i32): void {
  if (width >= PANEL) {
    v128.store(target, low);
    v128.store(target, high, 16);
    return;
  }
  let rest = low;
  let count = width;
  if (width >= 4) {
    v128.store(target, low);
    target += 16;
    rest = high;
    count -= 4;
  }
  if (count & 2) {
    v128.store64_lane(target, rest, 0);
    if (count & 1) v128.store32_lane(target, rest, 2, 8);
  } else if (count & 1) v128.store32_lane(target, rest, 0);
}

function addLanes(target: usize, low: v128, high: v128, width: i32): void {
  const first = f32x4.add(v128.load(target), low);
  const second = f32x4.add(v128.load(target, 16), high);
  storeLanes(target, first, second, width);
}

/**
 * out[i][j] = start[j] + sum over r and p of rows[i * step + offsets[r] + p] * b[r * run + p][j]
 *
 * for `m` rows and `n` columns. A row of the first operand is `runs` runs of `run` values; `b` is packed, and `start` has
 * a value for each of its columns.
 */
export function multiply(
  rows: usize,
  step: usize,
  offsets: usize,
  runs: i32,
  run: i32,
  b: usize,
  start: usize,
  out: usize,
  outStep: usize,
  m: i32,
  n: i32,
): void {
  const panel = <usize>(runs * run) * (PANEL << 2);
  for (let j = 0; j < n; j += PANEL) {
    const width = n - j;
    const low = v128.load(start);
    const high = v128.load(start, 16);
    let from = rows;
    let to = out + ((<usize>j) << 2);
    let i = 0;
    for (; i + TILE <= m; i += TILE) {
      multiplyTile(from, step, offsets, runs, run, b, low, high, to, outStep, width);
      from += step << 2;
      to += outStep << 2;
    }
    for (; i < m; i++) {
      multiplyRow(from, offsets, runs, run, b, low, high, to, width);
      from += step;
      to += outStep;
    }
    b += panel;
    start += PANEL << 2;
  }
}

function multiplyTile(
  rows: usize,
  step: usize,
  offsets: usize,
  runs: i32,
  run: i32,
  b: usize,
  low: v128,
  high: v128,
  out: usize,
  outStep: usize,
  width: i32,
): void {
  let c00 = low;
  let c01 = high;
  let c10 = low;
  let c11 = high;
  let c20 = low;
  let c21 = high;
  let c30 = low;
  let c31 = high;
  const second = step * 2;
  const third = step * 3;
  for (let r = 0; r < runs; r++) {
    let left = rows + <usize>load<i32>(offsets + ((<usize>r) << 2));
    const end = left + ((<usize>run) << 2);
    for (; left < end; left += 4) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let x = v128.load32_splat(left);
      c00 = f32x4.add(c00, f32x4.mul(x, b0));
      c01 = f32x4.add(c01, f32x4.mul(x, b1));
      x = v128.load32_splat(left + step);
      c10 = f32x4.add(c10, f32x4.mul(x, b0));
      c11 = f32x4.add(c11, f32x4.mul(x, b1));
      x = v128.load32_splat(left + second);
      c20 = f32x4.add(c20, f32x4.mul(x, b0));
      c21 = f32x4.add(c21, f32x4.mul(x, b1));
      x = v128.load32_splat(left + third);
      c30 = f32x4.add(c30, f32x4.mul(x, b0));
      c31 = f32x4.add(c31, f32x4.mul(x, b1));
      b += PANEL << 2;
    }
  }
  storeLanes(out, c00, c01, width);
  storeLanes(out + outStep, c10, c11, width);
  storeLanes(out + outStep * 2, c20, c21, width);
  storeLanes(out + outStep * 3, c30, c31, width);
}

function multiplyRow(
  row: usize,
  offsets: usize,
  runs: i32,
  run: i32,
  b: usize,
  low: v128,
  high: v128,
  out: usize,
  width: i32,
): void {
  for (let r = 0; r < runs; r++) {
    let left = row + <usize>load<i32>(offsets + ((<usize>r) << 2));
    const end = left + ((<usize>run) << 2);
    for (; left < end; left += 4) {
      const x = v128.load32_splat(left);
      low = f32x4.add(low, f32x4.mul(x, v128.load(b)));
      high = f32x4.add(high, f32x4.mul(x, v128.load(b, 16)));
      b += PANEL << 2;
    }
  }
  storeLanes(out, low, high, width);
}

/**
 * sums[p][j] += sum over y and x of a[y * aRow + x * aStep + p] * b[y * width + x][j]
 *
 * for `k` values of p and `n` columns; y counts `height` rows and x `width` columns of both operands.
 */
export function correlate(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  sums: usize,
  height: i32,
  width: i32,
  k: i32,
  n: i32,
): void {
  for (let j = 0; j < n; j += PANEL) {
    let p = 0;
    let left = a;
    let to = sums;
    for (; p + TILE <= k; p += TILE) {
      correlateTile(left, aRow, aStep, b, (<usize>n) << 2, to, height, width, n - j);
      left += TILE << 2;
      to += ((<usize>n) << 2) * TILE;
    }
    for (; p < k; p++) {
      correlateRow(left, aRow, aStep, b, (<usize>n) << 2, to, height, width, n - j);
      left += 4;
      to += (<usize>n) << 2;
    }
    b += PANEL << 2;
    sums += PANEL << 2;
  }
}

function correlateTile(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  sums: usize,
  height: i32,
  width: i32,
  lanes: i32,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let y = 0; y < height; y++) {
    let left = a;
    for (let x = 0; x < width; x++) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let value = v128.load32_splat(left);
      c00 = f32x4.add(c00, f32x4.mul(value, b0));
      c01 = f32x4.add(c01, f32x4.mul(value, b1));
      value = v128.load32_splat(left, 4);
      c10 = f32x4.add(c10, f32x4.mul(value, b0));
      c11 = f32x4.add(c11, f32x4.mul(value, b1));
      value = v128.load32_splat(left, 8);
      c20 = f32x4.add(c20, f32x4.mul(value, b0));
      c21 = f32x4.add(c21, f32x4.mul(value, b1));
      value = v128.load32_splat(left, 12);
      c30 = f32x4.add(c30, f32x4.mul(value, b0));
      c31 = f32x4.add(c31, f32x4.mul(value, b1));
      left += aStep;
      b += bStep;
    }
    a += aRow;
  }
  addLanes(sums, c00, c01, lanes);
  addLanes(sums + bStep, c10, c11, lanes);
  addLanes(sums + bStep * 2, c20, c21, lanes);
  addLanes(sums + bStep * 3, c30, c31, lanes);
}

function correlateRow(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  sums: usize,
  height: i32,
  width: i32,
  lanes: i32,
): void {
  let low = f32x4.splat(0);
  let high = low;
  for (let y = 0; y < height; y++) {
    let left = a;
    for (let x = 0; x < width; x++) {
      const value = v128.load32_splat(left);
      low = f32x4.add(low, f32x4.mul(value, v128.load(b)));
      high = f32x4.add(high, f32x4.mul(value, v128.load(b, 16)));
      left += aStep;
      b += bStep;
    }
    a += aRow;
  }
  addLanes(sums, low, high, lanes);
}

/** How windows lie over images; src/float/windows.ts writes it. */
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

/**
 * Products of matrices, in AssemblyScript with 128-bit vectors of float32.
 *
 * The order of the additions depends on the sizes only, so results are the same on every host. Addresses and steps are
 * in bytes. Vectors may be read up to 28 bytes beyond the end of an operand: what they hold there is never stored.
 */

/** Columns of a packed matrix that lie together: two vectors. */
const PANEL: i32 = 8;
/** Rows of a tile, whose sums stay in registers. */
const TILE: i32 = 4;
/** Bytes of values whose products are added up before they join a sum: 256, so that long sums are rounded less. */
const BLOCK: usize = 256 << 2;

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
  const zero = f32x4.splat(0);
  let t00 = zero;
  let t01 = zero;
  let t10 = zero;
  let t11 = zero;
  let t20 = zero;
  let t21 = zero;
  let t30 = zero;
  let t31 = zero;
  const second = step * 2;
  const third = step * 3;
  for (let r = 0; r < runs; r++) {
    let left = rows + <usize>load<i32>(offsets + ((<usize>r) << 2));
    const end = left + ((<usize>run) << 2);
    while (left < end) {
      const stop = min(left + BLOCK, end);
      let c00 = zero;
      let c01 = zero;
      let c10 = zero;
      let c11 = zero;
      let c20 = zero;
      let c21 = zero;
      let c30 = zero;
      let c31 = zero;
      for (; left < stop; left += 4) {
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
      t00 = f32x4.add(t00, c00);
      t01 = f32x4.add(t01, c01);
      t10 = f32x4.add(t10, c10);
      t11 = f32x4.add(t11, c11);
      t20 = f32x4.add(t20, c20);
      t21 = f32x4.add(t21, c21);
      t30 = f32x4.add(t30, c30);
      t31 = f32x4.add(t31, c31);
    }
  }
  storeLanes(out, f32x4.add(t00, low), f32x4.add(t01, high), width);
  storeLanes(out + outStep, f32x4.add(t10, low), f32x4.add(t11, high), width);
  storeLanes(out + outStep * 2, f32x4.add(t20, low), f32x4.add(t21, high), width);
  storeLanes(out + outStep * 3, f32x4.add(t30, low), f32x4.add(t31, high), width);
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
  const zero = f32x4.splat(0);
  let t0 = zero;
  let t1 = zero;
  for (let r = 0; r < runs; r++) {
    let left = row + <usize>load<i32>(offsets + ((<usize>r) << 2));
    const end = left + ((<usize>run) << 2);
    while (left < end) {
      const stop = min(left + BLOCK, end);
      let s0 = zero;
      let s1 = zero;
      for (; left < stop; left += 4) {
        const x = v128.load32_splat(left);
        s0 = f32x4.add(s0, f32x4.mul(x, v128.load(b)));
        s1 = f32x4.add(s1, f32x4.mul(x, v128.load(b, 16)));
        b += PANEL << 2;
      }
      t0 = f32x4.add(t0, s0);
      t1 = f32x4.add(t1, s1);
    }
  }
  storeLanes(out, f32x4.add(t0, low), f32x4.add(t1, high), width);
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

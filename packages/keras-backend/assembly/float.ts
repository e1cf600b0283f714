/**
 * Matrix product of the float engine, in AssemblyScript with 128-bit vectors of float32.
 *
 * Rows of `b` and `c` have a multiple of 4 columns and are 16-byte aligned. The order of the
 * additions depends on the sizes only, so results are the same on every host.
 */

/** Products that are added up before they join the sum: keeps rounding small and `b` in the cache. */
const BLOCK: i32 = 256;

/** First address that the caller may use. */
export function firstFreeAddress(): usize {
  return (__heap_base + 15) & ~15;
}

/**
 * c[i][j] += sum over p of a[i][p] * b[p][j] for m rows, n columns and k products.
 * `aRow`, `aColumn`, `bRow` and `cRow` are the bytes from one element of a row or column to the next.
 */
export function multiplyAdd(
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  m: i32,
  n: i32,
  k: i32,
): void {
  for (let from = 0; from < k; from += BLOCK) {
    const count = min(BLOCK, k - from);
    const aBlock = a + <usize>from * aColumn;
    const bBlock = b + <usize>from * bRow;
    let i = 0;
    for (; i + 4 <= m; i += 4) {
      fourRows(
        aBlock + <usize>i * aRow,
        aRow,
        aColumn,
        bBlock,
        bRow,
        c + <usize>i * cRow,
        cRow,
        n,
        count,
      );
    }
    for (; i < m; i++) {
      oneRow(aBlock + <usize>i * aRow, aColumn, bBlock, bRow, c + <usize>i * cRow, n, count);
    }
  }
}

function add(target: usize, value: v128): void {
  v128.store(target, f32x4.add(v128.load(target), value));
}

function fourRows(
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  n: i32,
  k: i32,
): void {
  const a1 = aRow;
  const a2 = aRow * 2;
  const a3 = aRow * 3;
  let j = 0;
  for (; j + 8 <= n; j += 8) {
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    let left = a;
    let right = b + ((<usize>j) << 2);
    for (let p = 0; p < k; p++) {
      const b0 = v128.load(right);
      const b1 = v128.load(right, 16);
      let x = v128.load32_splat(left);
      c00 = f32x4.add(c00, f32x4.mul(x, b0));
      c01 = f32x4.add(c01, f32x4.mul(x, b1));
      x = v128.load32_splat(left + a1);
      c10 = f32x4.add(c10, f32x4.mul(x, b0));
      c11 = f32x4.add(c11, f32x4.mul(x, b1));
      x = v128.load32_splat(left + a2);
      c20 = f32x4.add(c20, f32x4.mul(x, b0));
      c21 = f32x4.add(c21, f32x4.mul(x, b1));
      x = v128.load32_splat(left + a3);
      c30 = f32x4.add(c30, f32x4.mul(x, b0));
      c31 = f32x4.add(c31, f32x4.mul(x, b1));
      left += aColumn;
      right += bRow;
    }
    let target = c + ((<usize>j) << 2);
    add(target, c00);
    add(target + 16, c01);
    target += cRow;
    add(target, c10);
    add(target + 16, c11);
    target += cRow;
    add(target, c20);
    add(target + 16, c21);
    target += cRow;
    add(target, c30);
    add(target + 16, c31);
  }
  for (; j < n; j += 4) {
    let c0 = f32x4.splat(0);
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    let left = a;
    let right = b + ((<usize>j) << 2);
    for (let p = 0; p < k; p++) {
      const b0 = v128.load(right);
      c0 = f32x4.add(c0, f32x4.mul(v128.load32_splat(left), b0));
      c1 = f32x4.add(c1, f32x4.mul(v128.load32_splat(left + a1), b0));
      c2 = f32x4.add(c2, f32x4.mul(v128.load32_splat(left + a2), b0));
      c3 = f32x4.add(c3, f32x4.mul(v128.load32_splat(left + a3), b0));
      left += aColumn;
      right += bRow;
    }
    let target = c + ((<usize>j) << 2);
    add(target, c0);
    target += cRow;
    add(target, c1);
    target += cRow;
    add(target, c2);
    target += cRow;
    add(target, c3);
  }
}

function oneRow(a: usize, aColumn: usize, b: usize, bRow: usize, c: usize, n: i32, k: i32): void {
  for (let j = 0; j < n; j += 4) {
    let sum = f32x4.splat(0);
    let left = a;
    let right = b + ((<usize>j) << 2);
    for (let p = 0; p < k; p++) {
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(left), v128.load(right)));
      left += aColumn;
      right += bRow;
    }
    add(c + ((<usize>j) << 2), sum);
  }
}

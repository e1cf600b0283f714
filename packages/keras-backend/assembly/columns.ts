/**
 * Columns of matrices of float32, whose rows lie together: sums in float64, and what normalisation makes of them.
 *
 * A matrix is `count` values. Columns are dealt with `period` at a time, a multiple of 4 that the values of each column
 * come back after; sums and factors have one value for each of them. Up to three values behind the last one may be read
 * and written to.
 */

function addSums(sums: usize, low: v128, high: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), low));
  v128.store(sums, f64x2.add(v128.load(sums, 16), high), 16);
}

function high(values: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(values, values, 2, 3, 2, 3));
}

/** The first values of four, and zeros. */
function firstOf(values: v128, count: i32): v128 {
  const lanes = i32x4(0, 1, 2, 3);
  return v128.and(values, i32x4.lt_s(lanes, i32x4.splat(count)));
}

/** sums[c] += x[c] over all rows, in float64. */
export function columnSums(x: usize, count: i32, period: i32, sums: usize): void {
  for (let c = 0; c < period; c += 4) {
    let s0 = f64x2.splat(0);
    let s1 = s0;
    for (let i = c; i < count; i += period) {
      let value = v128.load(x + ((<usize>i) << 2));
      if (i + 4 > count) value = firstOf(value, count - i);
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(value));
      s1 = f64x2.add(s1, high(value));
    }
    addSums(sums + ((<usize>c) << 3), s0, s1);
  }
}

/** sums[c] += (x[c] - mean[c]) squared over all rows; `mean` is float64 too. */
export function columnSquares(x: usize, count: i32, period: i32, mean: usize, sums: usize): void {
  for (let c = 0; c < period; c += 4) {
    let s0 = f64x2.splat(0);
    let s1 = s0;
    const m0 = v128.load(mean + ((<usize>c) << 3));
    const m1 = v128.load(mean + ((<usize>c) << 3), 16);
    let i = c;
    for (; i + 4 <= count; i += period) {
      const value = v128.load(x + ((<usize>i) << 2));
      const d0 = f64x2.sub(f64x2.promote_low_f32x4(value), m0);
      const d1 = f64x2.sub(high(value), m1);
      s0 = f64x2.add(s0, f64x2.mul(d0, d0));
      s1 = f64x2.add(s1, f64x2.mul(d1, d1));
    }
    const to = sums + ((<usize>c) << 3);
    addSums(to, s0, s1);
    for (let lane = 0; i + lane < count; lane++) {
      const d =
        <f64>load<f32>(x + ((<usize>(i + lane)) << 2)) -
        load<f64>(mean + ((<usize>(c + lane)) << 3));
      store<f64>(to + (lane << 3), load<f64>(to + (lane << 3)) + d * d);
    }
  }
}

/** sums[c] += gradient[c] * (x[c] - mean[c]) over all rows; `mean` is float64. */
export function columnProducts(
  gradient: usize,
  x: usize,
  count: i32,
  period: i32,
  mean: usize,
  sums: usize,
): void {
  for (let c = 0; c < period; c += 4) {
    let s0 = f64x2.splat(0);
    let s1 = s0;
    const m0 = v128.load(mean + ((<usize>c) << 3));
    const m1 = v128.load(mean + ((<usize>c) << 3), 16);
    for (let i = c; i < count; i += period) {
      const value = v128.load(x + ((<usize>i) << 2));
      let slope = v128.load(gradient + ((<usize>i) << 2));
      if (i + 4 > count) slope = firstOf(slope, count - i);
      const d0 = f64x2.sub(f64x2.promote_low_f32x4(value), m0);
      const d1 = f64x2.sub(high(value), m1);
      s0 = f64x2.add(s0, f64x2.mul(f64x2.promote_low_f32x4(slope), d0));
      s1 = f64x2.add(s1, f64x2.mul(high(slope), d1));
    }
    addSums(sums + ((<usize>c) << 3), s0, s1);
  }
}

/** out[c] = (x[c] - mean[c]) * factor[c] + offset[c] in all rows, all float32. */
export function normalise(
  x: usize,
  count: i32,
  period: i32,
  mean: usize,
  factor: usize,
  offset: usize,
  out: usize,
): void {
  for (let c = 0; c < period; c += 4) {
    const at = (<usize>c) << 2;
    const m = v128.load(mean + at);
    const f = v128.load(factor + at);
    const o = v128.load(offset + at);
    for (let i = c; i < count; i += period) {
      const place = (<usize>i) << 2;
      const distance = f32x4.sub(v128.load(x + place), m);
      v128.store(out + place, f32x4.add(f32x4.mul(distance, f), o));
    }
  }
}

/** out[c] = (gradient[c] - common[c]) * factor[c] - (x[c] - mean[c]) * share[c] in all rows, all float32. */
export function normalisedGradient(
  gradient: usize,
  x: usize,
  count: i32,
  period: i32,
  common: usize,
  factor: usize,
  mean: usize,
  share: usize,
  out: usize,
): void {
  for (let c = 0; c < period; c += 4) {
    const at = (<usize>c) << 2;
    const b = v128.load(common + at);
    const f = v128.load(factor + at);
    const m = v128.load(mean + at);
    const s = v128.load(share + at);
    for (let i = c; i < count; i += period) {
      const place = (<usize>i) << 2;
      const own = f32x4.mul(f32x4.sub(v128.load(gradient + place), b), f);
      const distance = f32x4.sub(v128.load(x + place), m);
      v128.store(out + place, f32x4.sub(own, f32x4.mul(distance, s)));
    }
  }
}

/** Matrix products and updates of `fast` mode: int16 operands, sums of 32 bits that wrap. */
import { clamped32, countSaturations, rounded, subtractScaled } from './arithmetic';

/** Samples whose gradient is summed in 32 bits before it is added in 64. */
const GROUP: i32 = 32;

/** The sums of the lanes of four vectors. */
function laneSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 1, 4, 5), v128.shuffle<i32>(a, b, 2, 3, 6, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 1, 4, 5), v128.shuffle<i32>(c, d, 2, 3, 6, 7));
  return i32x4.add(v128.shuffle<i32>(ab, cd, 0, 2, 4, 6), v128.shuffle<i32>(ab, cd, 1, 3, 5, 7));
}

function storeRounded32(target: usize, sums: v128, shift: i32): void {
  store<i32>(target, clamped32(rounded(<i64>i32x4.extract_lane(sums, 0), shift)));
  store<i32>(target, clamped32(rounded(<i64>i32x4.extract_lane(sums, 1), shift)), 4);
  store<i32>(target, clamped32(rounded(<i64>i32x4.extract_lane(sums, 2), shift)), 8);
  store<i32>(target, clamped32(rounded(<i64>i32x4.extract_lane(sums, 3), shift)), 12);
}

/**
 * z[s][u] = round(sum over c of w[u][c] * x[s][c] + bias[u], shift), sums wrapping at 32 bits.
 * Operands are int16, `bias` and `z` int32; rows of `z` have `zStride` values.
 */
export function forwardFast(
  x: usize,
  w: usize,
  bias: usize,
  z: usize,
  samples: i32,
  units: i32,
  stride: i32,
  zStride: i32,
  shift: i32,
): void {
  const row = (<usize>stride) << 1;
  for (let u = 0; u < units; u += 4) {
    const weights = w + <usize>u * row;
    const biases = v128.load(bias + ((<usize>u) << 2));
    for (let s = 0; s < samples; s += 2) {
      const first = x + <usize>s * row;
      let a0 = i32x4.splat(0);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let b0 = a0;
      let b1 = a0;
      let b2 = a0;
      let b3 = a0;
      for (let offset: usize = 0; offset < row; offset += 16) {
        const xa = v128.load(first + offset);
        const xb = v128.load(first + row + offset);
        let weight = v128.load(weights + offset);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(weight, xa));
        b0 = i32x4.add(b0, i32x4.dot_i16x8_s(weight, xb));
        weight = v128.load(weights + row + offset);
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(weight, xa));
        b1 = i32x4.add(b1, i32x4.dot_i16x8_s(weight, xb));
        weight = v128.load(weights + 2 * row + offset);
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(weight, xa));
        b2 = i32x4.add(b2, i32x4.dot_i16x8_s(weight, xb));
        weight = v128.load(weights + 3 * row + offset);
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(weight, xa));
        b3 = i32x4.add(b3, i32x4.dot_i16x8_s(weight, xb));
      }
      const target = z + ((<usize>s * <usize>zStride + <usize>u) << 2);
      storeRounded32(target, i32x4.add(laneSums(a0, a1, a2, a3), biases), shift);
      const next = target + ((<usize>zStride) << 2);
      storeRounded32(next, i32x4.add(laneSums(b0, b1, b2, b3), biases), shift);
    }
  }
}

/**
 * g[s][c] = round(sum over u of w[u][c] * d[s][u], shift), sums wrapping at 32 bits.
 * Operands are int16; rows of `d` have `dStride` values, those of `g` (int32) `stride`.
 */
export function backwardFast(
  w: usize,
  d: usize,
  g: usize,
  samples: i32,
  units: i32,
  stride: i32,
  dStride: i32,
  shift: i32,
): void {
  const row = (<usize>stride) << 1;
  const dRow = (<usize>dStride) << 1;
  for (let c = 0; c < stride; c += 8) {
    for (let s = 0; s < samples; s += 4) {
      let a0 = i32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      let weights = w + ((<usize>c) << 1);
      let deltas = d + <usize>s * dRow;
      for (let u = 0; u < units; u += 2) {
        const even = v128.load(weights);
        const odd = v128.load(weights + row);
        const low = v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11);
        const high = v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15);
        let pair = v128.load32_splat(deltas);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(low, pair));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(high, pair));
        pair = v128.load32_splat(deltas + dRow);
        b0 = i32x4.add(b0, i32x4.dot_i16x8_s(low, pair));
        b1 = i32x4.add(b1, i32x4.dot_i16x8_s(high, pair));
        pair = v128.load32_splat(deltas + 2 * dRow);
        c0 = i32x4.add(c0, i32x4.dot_i16x8_s(low, pair));
        c1 = i32x4.add(c1, i32x4.dot_i16x8_s(high, pair));
        pair = v128.load32_splat(deltas + 3 * dRow);
        d0 = i32x4.add(d0, i32x4.dot_i16x8_s(low, pair));
        d1 = i32x4.add(d1, i32x4.dot_i16x8_s(high, pair));
        weights += 2 * row;
        deltas += 4;
      }
      const gRow = (<usize>stride) << 2;
      const target = g + <usize>s * gRow + ((<usize>c) << 2);
      storeRounded32(target, a0, shift);
      storeRounded32(target + 16, a1, shift);
      storeRounded32(target + gRow, b0, shift);
      storeRounded32(target + gRow + 16, b1, shift);
      storeRounded32(target + 2 * gRow, c0, shift);
      storeRounded32(target + 2 * gRow + 16, c1, shift);
      storeRounded32(target + 3 * gRow, d0, shift);
      storeRounded32(target + 3 * gRow + 16, d1, shift);
    }
  }
}

/** Row pairs of an int16 matrix value by value: (row 0, row 1) of every column, then (row 2, row 3). `samples` is even. */
export function interleavePairs(from: usize, to: usize, samples: i32, stride: i32): void {
  const row = (<usize>stride) << 1;
  for (let s = 0; s < samples; s += 2) {
    for (let offset: usize = 0; offset < row; offset += 16) {
      const even = v128.load(from + offset);
      const odd = v128.load(from + row + offset);
      v128.store(to, v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
      v128.store(to + 16, v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15));
      to += 32;
    }
    from += 2 * row;
  }
}

/** Subtracts a clamped step from four master weights. */
function stepDown(master: usize, step: v128): void {
  const before = v128.load(master);
  const after = i32x4.sub(before, step);
  const overflow = v128.and(v128.xor(before, step), v128.xor(before, after));
  const lanes = i32x4.bitmask(overflow);
  if (lanes === 0) {
    v128.store(master, after);
    return;
  }
  countSaturations(popcnt<u32>(<u32>lanes));
  const limit = v128.xor(i32x4.shr_s(before, 31), i32x4.splat(i32.MAX_VALUE));
  v128.store(master, v128.bitselect(limit, after, i32x4.shr_s(overflow, 31)));
}

/** The steps of four 32-bit gradients, for shifts of 33 to 62, where none can be clamped. */
function steps(gradient: v128, mantissa: v128, half: v128, shift: i32): v128 {
  const low = i64x2.add(i64x2.extmul_low_i32x4_s(gradient, mantissa), half);
  const high = i64x2.add(i64x2.extmul_high_i32x4_s(gradient, mantissa), half);
  return i32x4.shr_s(v128.shuffle<i32>(low, high, 1, 3, 5, 7), shift - 32);
}

function addWide(sums: usize, group: v128): void {
  v128.store(sums, i64x2.add(v128.load(sums), i64x2.extend_low_i32x4_s(group)));
  v128.store(sums + 16, i64x2.add(v128.load(sums + 16), i64x2.extend_high_i32x4_s(group)));
}

/**
 * Subtracts from the int32 master weights the scaled gradient, sum over s of d[s][u] * x[s][c].
 *
 * @param xPairs,dPairs int16 operands of a batch after {@link interleavePairs}
 * @param sums room for 4 * stride 64-bit sums
 * @param pairs sample pairs of the batch
 */
export function updateFast(
  xPairs: usize,
  dPairs: usize,
  master: usize,
  sums: usize,
  pairs: i32,
  units: i32,
  stride: i32,
  dStride: i32,
  mantissa: i32,
  shift: i32,
): void {
  const oneGroup = pairs <= GROUP / 2 && shift > 32 && shift <= 62;
  const xRow = (<usize>stride) << 2;
  const dRow = (<usize>dStride) << 2;
  const mantissas = i32x4.splat(mantissa);
  const half = i64x2.splat((<i64>1) << ((shift - 1) & 63));
  for (let u = 0; u < units; u += 4) {
    const rows = master + <usize>u * xRow;
    if (!oneGroup) memory.fill(sums, 0, xRow << 3);
    for (let from = 0; from < pairs; from += GROUP / 2) {
      const until = min(pairs, from + GROUP / 2);
      for (let c = 0; c < stride; c += 8) {
        let a0 = i32x4.splat(0);
        let a1 = a0;
        let b0 = a0;
        let b1 = a0;
        let c0 = a0;
        let c1 = a0;
        let d0 = a0;
        let d1 = a0;
        let x = xPairs + <usize>from * xRow + ((<usize>c) << 2);
        let d = dPairs + <usize>from * dRow + ((<usize>u) << 2);
        for (let p = from; p < until; p++) {
          const low = v128.load(x);
          const high = v128.load(x + 16);
          let pair = v128.load32_splat(d);
          a0 = i32x4.add(a0, i32x4.dot_i16x8_s(low, pair));
          a1 = i32x4.add(a1, i32x4.dot_i16x8_s(high, pair));
          pair = v128.load32_splat(d + 4);
          b0 = i32x4.add(b0, i32x4.dot_i16x8_s(low, pair));
          b1 = i32x4.add(b1, i32x4.dot_i16x8_s(high, pair));
          pair = v128.load32_splat(d + 8);
          c0 = i32x4.add(c0, i32x4.dot_i16x8_s(low, pair));
          c1 = i32x4.add(c1, i32x4.dot_i16x8_s(high, pair));
          pair = v128.load32_splat(d + 12);
          d0 = i32x4.add(d0, i32x4.dot_i16x8_s(low, pair));
          d1 = i32x4.add(d1, i32x4.dot_i16x8_s(high, pair));
          x += xRow;
          d += dRow;
        }
        if (oneGroup) {
          const target = rows + ((<usize>c) << 2);
          stepDown(target, steps(a0, mantissas, half, shift));
          stepDown(target + 16, steps(a1, mantissas, half, shift));
          stepDown(target + xRow, steps(b0, mantissas, half, shift));
          stepDown(target + xRow + 16, steps(b1, mantissas, half, shift));
          stepDown(target + 2 * xRow, steps(c0, mantissas, half, shift));
          stepDown(target + 2 * xRow + 16, steps(c1, mantissas, half, shift));
          stepDown(target + 3 * xRow, steps(d0, mantissas, half, shift));
          stepDown(target + 3 * xRow + 16, steps(d1, mantissas, half, shift));
        } else {
          const target = sums + ((<usize>c) << 3);
          addWide(target, a0);
          addWide(target + 32, a1);
          addWide(target + 2 * xRow, b0);
          addWide(target + 2 * xRow + 32, b1);
          addWide(target + 4 * xRow, c0);
          addWide(target + 4 * xRow + 32, c1);
          addWide(target + 6 * xRow, d0);
          addWide(target + 6 * xRow + 32, d1);
        }
      }
    }
    if (!oneGroup) subtractScaled(rows, sums, 4 * stride, mantissa, shift);
  }
}

/** operand = int16 of round(master, shift), clamped; shift >= 2. */
export function refreshOperands(master: usize, operand: usize, count: i32, shift: i32): void {
  const lowest = i32x4.splat(i16.MIN_VALUE);
  const highest = i32x4.splat(i16.MAX_VALUE);
  const one = i32x4.splat(1);
  for (let i = 0; i < count; i += 8) {
    const low = i32x4.shr_s(i32x4.add(i32x4.shr_s(v128.load(master), shift - 1), one), 1);
    const high = i32x4.shr_s(i32x4.add(i32x4.shr_s(v128.load(master + 16), shift - 1), one), 1);
    const outsideLow = v128.or(i32x4.lt_s(low, lowest), i32x4.gt_s(low, highest));
    const outsideHigh = v128.or(i32x4.lt_s(high, lowest), i32x4.gt_s(high, highest));
    if (v128.any_true(v128.or(outsideLow, outsideHigh))) {
      const lanes = i32x4.bitmask(outsideLow) | (i32x4.bitmask(outsideHigh) << 4);
      countSaturations(popcnt<u32>(<u32>lanes));
    }
    v128.store(operand, i16x8.narrow_i32x4_s(low, high));
    master += 32;
    operand += 16;
  }
}

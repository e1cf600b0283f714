/** Matrix products and updates of `exact` mode: int32 operands, sums of 64 bits. */
import { clamped32, rounded, subtractScaled } from './arithmetic';

function laneSum64(value: v128): i64 {
  return i64x2.extract_lane(value, 0) + i64x2.extract_lane(value, 1);
}

function multiplyAdd64(sum: v128, a: v128, b: v128): v128 {
  return i64x2.add(i64x2.add(sum, i64x2.extmul_low_i32x4_s(a, b)), i64x2.extmul_high_i32x4_s(a, b));
}

/** {@link forwardFast} with int32 operands and 64-bit sums. `bias` is the master, to be shifted left by `biasShift`. */
export function forwardExact(
  x: usize,
  w: usize,
  bias: usize,
  z: usize,
  samples: i32,
  units: i32,
  stride: i32,
  zStride: i32,
  shift: i32,
  biasShift: i32,
): void {
  const row = (<usize>stride) << 2;
  for (let u = 0; u < units; u += 2) {
    const weights = w + <usize>u * row;
    const bias0 = (<i64>load<i32>(bias + ((<usize>u) << 2))) << biasShift;
    const bias1 = (<i64>load<i32>(bias + ((<usize>u) << 2), 4)) << biasShift;
    for (let s = 0; s < samples; s += 2) {
      const first = x + <usize>s * row;
      let a0 = i64x2.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      for (let offset: usize = 0; offset < row; offset += 16) {
        const xa = v128.load(first + offset);
        const xb = v128.load(first + row + offset);
        let weight = v128.load(weights + offset);
        a0 = multiplyAdd64(a0, weight, xa);
        b0 = multiplyAdd64(b0, weight, xb);
        weight = v128.load(weights + row + offset);
        a1 = multiplyAdd64(a1, weight, xa);
        b1 = multiplyAdd64(b1, weight, xb);
      }
      const target = z + ((<usize>s * <usize>zStride + <usize>u) << 2);
      store<i32>(target, clamped32(rounded(laneSum64(a0) + bias0, shift)));
      store<i32>(target, clamped32(rounded(laneSum64(a1) + bias1, shift)), 4);
      const next = target + ((<usize>zStride) << 2);
      store<i32>(next, clamped32(rounded(laneSum64(b0) + bias0, shift)));
      store<i32>(next, clamped32(rounded(laneSum64(b1) + bias1, shift)), 4);
    }
  }
}

function storeRounded64(target: usize, low: v128, high: v128, shift: i32): void {
  store<i32>(target, clamped32(rounded(i64x2.extract_lane(low, 0), shift)));
  store<i32>(target, clamped32(rounded(i64x2.extract_lane(low, 1), shift)), 4);
  store<i32>(target, clamped32(rounded(i64x2.extract_lane(high, 0), shift)), 8);
  store<i32>(target, clamped32(rounded(i64x2.extract_lane(high, 1), shift)), 12);
}

/** {@link backwardFast} with int32 operands and 64-bit sums. */
export function backwardExact(
  w: usize,
  d: usize,
  g: usize,
  samples: i32,
  units: i32,
  stride: i32,
  dStride: i32,
  shift: i32,
): void {
  const row = (<usize>stride) << 2;
  const dRow = (<usize>dStride) << 2;
  for (let c = 0; c < stride; c += 4) {
    for (let s = 0; s < samples; s += 2) {
      let a0 = i64x2.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let weights = w + ((<usize>c) << 2);
      let deltas = d + <usize>s * dRow;
      for (let u = 0; u < units; u++) {
        const weight = v128.load(weights);
        let delta = v128.load32_splat(deltas);
        a0 = i64x2.add(a0, i64x2.extmul_low_i32x4_s(weight, delta));
        a1 = i64x2.add(a1, i64x2.extmul_high_i32x4_s(weight, delta));
        delta = v128.load32_splat(deltas + dRow);
        b0 = i64x2.add(b0, i64x2.extmul_low_i32x4_s(weight, delta));
        b1 = i64x2.add(b1, i64x2.extmul_high_i32x4_s(weight, delta));
        weights += row;
        deltas += 4;
      }
      const target = g + <usize>s * row + ((<usize>c) << 2);
      storeRounded64(target, a0, a1, shift);
      storeRounded64(target + row, b0, b1, shift);
    }
  }
}

/** {@link updateFast} with int32 operands as they lie, and 64-bit sums. */
export function updateExact(
  x: usize,
  d: usize,
  master: usize,
  sums: usize,
  samples: i32,
  units: i32,
  stride: i32,
  dStride: i32,
  mantissa: i32,
  shift: i32,
): void {
  const row = (<usize>stride) << 2;
  const dRow = (<usize>dStride) << 2;
  for (let u = 0; u < units; u += 2) {
    for (let c = 0; c < stride; c += 4) {
      let a0 = i64x2.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let inputs = x + ((<usize>c) << 2);
      let deltas = d + ((<usize>u) << 2);
      for (let s = 0; s < samples; s++) {
        const value = v128.load(inputs);
        let delta = v128.load32_splat(deltas);
        a0 = i64x2.add(a0, i64x2.extmul_low_i32x4_s(value, delta));
        a1 = i64x2.add(a1, i64x2.extmul_high_i32x4_s(value, delta));
        delta = v128.load32_splat(deltas + 4);
        b0 = i64x2.add(b0, i64x2.extmul_low_i32x4_s(value, delta));
        b1 = i64x2.add(b1, i64x2.extmul_high_i32x4_s(value, delta));
        inputs += row;
        deltas += dRow;
      }
      const target = sums + ((<usize>c) << 3);
      v128.store(target, a0);
      v128.store(target + 16, a1);
      v128.store(target + 2 * row, b0);
      v128.store(target + 2 * row + 16, b1);
    }
    subtractScaled(master + <usize>u * row, sums, 2 * stride, mantissa, shift);
  }
}

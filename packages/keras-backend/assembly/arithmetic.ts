/** Rounding, clamping and scaling of single values; docs/on-core-programs.md, section 1. */

let saturations: u32 = 0;

/** Number of values clamped since the last call. */
export function takeSaturations(): u32 {
  const count = saturations;
  saturations = 0;
  return count;
}

/** Adds values that were clamped elsewhere. */
export function countSaturations(count: u32): void {
  saturations += count;
}

/** To nearest with halves up, without overflow on the way; shifts left for a negative shift. */
export function rounded(value: i64, shift: i32): i64 {
  if (shift <= 0) return value << -shift;
  return ((value >> (shift - 1)) + 1) >> 1;
}

export function clamped32(value: i64): i32 {
  const result = <i32>value;
  if (<i64>result === value) return result;
  saturations++;
  return value > 0 ? i32.MAX_VALUE : i32.MIN_VALUE;
}

/** floor((g * mantissa + 2^(shift - 1)) / 2^shift), clamped to 32 bits; 1 <= shift <= 95. */
export function scaled(g: i64, mantissa: i64, shift: i32): i32 {
  if (shift <= 62 && <i64>(<i32>g) === g) return clamped32(rounded(g * mantissa, shift));
  const high = (g >> 32) * mantissa;
  const low = (g & 0xffffffff) * mantissa;
  if (shift > 32) return clamped32(rounded(high + (low >> 32), shift - 32));
  const lowRounded = <u64>low + ((<u64>1) << (shift - 1));
  const top = high + <i64>(lowRounded >> 32);
  if (<i64>(<i32>top) !== top) return clamped32(top);
  return clamped32((top << (32 - shift)) + <i64>((lowRounded & 0xffffffff) >> shift));
}

export function subtractScaled(
  master: usize,
  sums: usize,
  count: i32,
  mantissa: i64,
  shift: i32,
): void {
  for (let i: usize = 0; i < <usize>count; i++) {
    const weight = master + (i << 2);
    const step = scaled(load<i64>(sums + (i << 3)), mantissa, shift);
    store<i32>(weight, clamped32(<i64>load<i32>(weight) - <i64>step));
  }
}

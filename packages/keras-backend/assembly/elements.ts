/**
 * Values one by one in float32, four at a time. Up to three values behind the last one may be read and written to.
 */

/** Values above 0. */
export function rectify(x: usize, out: usize, count: i32): void {
  const zero = f32x4.splat(0);
  const end = out + ((<usize>count) << 2);
  for (; out < end; out += 16) {
    v128.store(out, f32x4.max(v128.load(x), zero));
    x += 16;
  }
}

/** The gradient where values are above 0. */
export function rectifiedGradient(values: usize, gradient: usize, out: usize, count: i32): void {
  const zero = f32x4.splat(0);
  const end = out + ((<usize>count) << 2);
  for (; out < end; out += 16) {
    v128.store(out, v128.and(f32x4.gt(v128.load(values), zero), v128.load(gradient)));
    values += 16;
    gradient += 16;
  }
}

/** out[i] += x[i] */
export function addTo(out: usize, x: usize, count: i32): void {
  const end = out + ((<usize>count) << 2);
  for (; out < end; out += 16) {
    v128.store(out, f32x4.add(v128.load(out), v128.load(x)));
    x += 16;
  }
}

/**
 * Largest values of the windows of images, and the places among all values that they come from; of equals, the first.
 * What lies outside of an image does not count.
 */
export function poolMaximum(
  images: usize,
  out: usize,
  places: usize,
  samples: i32,
  rows: i32,
  columns: i32,
  channels: i32,
  outRows: i32,
  outColumns: i32,
  height: i32,
  width: i32,
  rowStride: i32,
  columnStride: i32,
  above: i32,
  left: i32,
): void {
  const ascending = i32x4(0, 1, 2, 3);
  for (let s = 0; s < samples; s++) {
    for (let r = 0; r < outRows; r++) {
      const top = r * rowStride - above;
      const bottom = min(rows, top + height);
      for (let c = 0; c < outColumns; c++) {
        const start = c * columnStride - left;
        const end = min(columns, start + width);
        for (let channel = 0; channel < channels; channel += 4) {
          let largest = f32x4.splat(-Infinity);
          let from = i32x4.splat(0);
          for (let row = max(0, top); row < bottom; row++) {
            for (let column = max(0, start); column < end; column++) {
              const place = ((s * rows + row) * columns + column) * channels + channel;
              const value = v128.load(images + ((<usize>place) << 2));
              const above = f32x4.gt(value, largest);
              largest = v128.bitselect(value, largest, above);
              from = v128.bitselect(i32x4.add(i32x4.splat(place), ascending), from, above);
            }
          }
          const to = (((s * outRows + r) * outColumns + c) * channels + channel) << 2;
          v128.store(out + to, largest);
          v128.store(places + to, from);
        }
      }
    }
  }
}

/** Adds each value of a gradient to the place that it belongs to. */
export function pooledGradient(gradient: usize, places: usize, sums: usize, count: i32): void {
  const end = gradient + ((<usize>count) << 2);
  for (; gradient < end; gradient += 4) {
    const to = sums + ((<usize>load<i32>(places)) << 2);
    store<f32>(to, load<f32>(to) + load<f32>(gradient));
    places += 4;
  }
}

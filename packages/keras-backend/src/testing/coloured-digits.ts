/**
 * A colour-image task that is made from a seed: handwritten digits, moved and enlarged, in colours of their own over
 * coloured textures, 32 x 32 x 3. Neither colour nor brightness tells the digit.
 */
import { randomWord } from '@spin-tools/sim/fixed';

/** Digits of 28 x 28 grey values of 0 to 1, and one-hot labels. */
export interface GreyDigits {
  readonly x: { readonly data: Float32Array; readonly shape: readonly number[] };
  readonly y: { readonly data: Float32Array; readonly shape: readonly number[] };
}

/** Images of 32 x 32 x 3 with values of 0 to 1, and one-hot labels. */
export interface ColouredDigits {
  readonly x: { readonly data: Float32Array; readonly shape: readonly [number, 32, 32, 3] };
  readonly y: GreyDigits['y'];
}

const SIDE = 32;
const DIGIT_SIDE = 28;
const CHANNELS = 3;
/** Positions that a digit may be moved by in each direction. */
const MOVES = 5;
/** Smallest distance between the brightness of a digit and that of what is behind it. */
const CONTRAST = 0.5;

/** Makes one image of each digit. The same seed gives the same images. */
export function colouredDigits({ x, y }: GreyDigits, seed: number): ColouredDigits {
  const samples = x.data.length / DIGIT_SIDE ** 2;
  const data = new Float32Array(samples * SIDE * SIDE * CHANNELS);
  for (let s = 0; s < samples; s++) {
    const digit = x.data.subarray(s * DIGIT_SIDE ** 2, (s + 1) * DIGIT_SIDE ** 2);
    paint(digit, data.subarray(s * SIDE * SIDE * CHANNELS), randomWord(seed, s));
  }
  return { x: { data, shape: [samples, SIDE, SIDE, CHANNELS] }, y };
}

function paint(digit: Float32Array, image: Float32Array, seed: number): void {
  const random = (index: number) => randomWord(seed, index) / 2 ** 32;
  const [ink, paper] = colours(random);
  const [right, down] = [Math.floor(random(10) * MOVES), Math.floor(random(11) * MOVES)];
  const [waveX, waveY, phase] = [random(12) * 1.2, random(13) * 1.2, random(14) * 2 * Math.PI];
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const texture = 0.06 * Math.sin(waveX * column + waveY * row + phase);
      const noise = 0.05 * (random(20 + row * SIDE + column) - 0.5);
      const [y, x] = [row - down, column - right];
      const inside = y >= 0 && y < DIGIT_SIDE && x >= 0 && x < DIGIT_SIDE;
      const share = inside ? (digit[y * DIGIT_SIDE + x] as number) : 0;
      for (let c = 0; c < CHANNELS; c++) {
        const colour = share * (ink[c] as number) + (1 - share) * ((paper[c] as number) + texture);
        image[(row * SIDE + column) * CHANNELS + c] = Math.min(1, Math.max(0, colour + noise));
      }
    }
  }
}

/** Two colours that differ enough in every channel, either of them the brighter. */
function colours(random: (index: number) => number): [ink: number[], paper: number[]] {
  const paper = [0, 1, 2].map((c) => random(c));
  const ink = paper.map((value, c) => {
    const distance = CONTRAST + random(3 + c) * (0.95 - CONTRAST);
    const up = value < 0.5;
    return up ? Math.min(1, value + distance) : Math.max(0, value - distance);
  });
  return [ink, paper];
}

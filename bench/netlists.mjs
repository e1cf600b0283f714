/**
 * The netlists on which place-and-route tools were compared, drawn with the generator of Python's
 * `random`, so that they are those of the published figures number for number.
 */

/** Mersenne Twister as CPython seeds and uses it. Matsumoto and Nishimura, 1998. */
class PythonRandom {
  #state = new Uint32Array(624);
  #index = 624;

  constructor(seed) {
    const state = this.#state;
    state[0] = 19650218;
    for (let i = 1; i < 624; i++) {
      state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
    let i = 1;
    for (let k = 0; k < 624; k++) {
      state[i] = (state[i] ^ Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), 1664525)) + seed;
      if (++i === 624) {
        state[0] = state[623];
        i = 1;
      }
    }
    for (let k = 0; k < 623; k++) {
      state[i] = (state[i] ^ Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), 1566083941)) - i;
      if (++i === 624) {
        state[0] = state[623];
        i = 1;
      }
    }
    state[0] = 0x80000000;
  }

  /** 32 random bits. */
  #word() {
    const state = this.#state;
    if (this.#index === 624) {
      for (let i = 0; i < 624; i++) {
        const both = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
        state[i] = state[(i + 397) % 624] ^ (both >>> 1) ^ (both & 1 ? 0x9908b0df : 0);
      }
      this.#index = 0;
    }
    let word = state[this.#index++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** `random()` */
  random() {
    return ((this.#word() >>> 5) * 2 ** 26 + (this.#word() >>> 6)) / 2 ** 53;
  }

  /** `randrange(count)` */
  below(count) {
    const bits = 32 - Math.clz32(count);
    for (;;) {
      const number = this.#word() >>> (32 - bits);
      if (number < count) return number;
    }
  }
}

/** Python's `round`: halves go to the even neighbour. */
function round(value) {
  const whole = Math.round(value);
  return whole - value === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
}

const modulo = (value, size) => ((value % size) + size) % size;
const ascending = (numbers) => [...numbers].sort((a, b) => a - b);

function rand1k() {
  const random = new PythonRandom(1001);
  return Array.from({ length: 1000 }, (_, source) => {
    const sinks = new Set();
    while (sinks.size < 8) {
      const vertex = random.below(1000);
      if (vertex !== source) sinks.add(vertex);
    }
    return ascending(sinks);
  });
}

function conv10k() {
  const side = 100;
  const isInside = ([x, y]) => x >= 0 && y >= 0 && x < side && y < side;
  return Array.from({ length: side * side }, (_, source) => {
    const [x, y] = [source % side, Math.floor(source / side)];
    const around = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [x + dx, y + dy]));
    const sinks = around.filter(isInside).map(([a, b]) => b * side + a);
    return sinks.filter((sink) => sink !== source);
  });
}

function layers5k() {
  const layer = 800;
  const sinksOf = Array.from({ length: 5 }, (_, above) =>
    Array.from({ length: layer }, (__, unit) => (above + 1) * layer + unit),
  );
  return Array.from({ length: 5 * layer }, (_, source) => sinksOf[Math.floor(source / layer)]);
}

function torus(width, height, seed) {
  const random = new PythonRandom(seed);
  return Array.from({ length: width * height }, (_, source) => {
    const [x, y] = [source % width, Math.floor(source / width)];
    const sinks = new Set();
    while (sinks.size < 16) {
      const distance = 1 - Math.log(1 - random.random()) * 6;
      const angle = 2 * Math.PI * random.random();
      const across = modulo(round(x + distance * Math.cos(angle)), width);
      const up = modulo(round(y + distance * Math.sin(angle)), height);
      const vertex = up * width + across;
      if (vertex !== source) sinks.add(vertex);
    }
    return ascending(sinks);
  });
}

/** Vertices, chips of the torus, and how the sinks of each net are drawn; net n starts at vertex n. */
export const NETLISTS = {
  rand1k: { vertices: 1000, width: 12, height: 12, draw: rand1k },
  conv10k: { vertices: 10_000, width: 36, height: 36, draw: conv10k },
  layers5k: { vertices: 4800, width: 24, height: 24, draw: layers5k },
  big100k: { vertices: 100_000, width: 96, height: 96, draw: () => torus(400, 250, 4004) },
  torus1k: { vertices: 1000, width: 12, height: 12, draw: () => torus(40, 25, 1) },
  torus10k: { vertices: 10_000, width: 36, height: 36, draw: () => torus(125, 80, 2) },
  /** 57,600 chips have 979,200 application cores: 60,480 are the least that hold a million. */
  torus1m: { vertices: 1_000_000, width: 252, height: 240, draw: () => torus(1250, 800, 3) },
};

/** SDRAM of a vertex and of a chip, bytes; key of net n: n * 2^11, 2^11 keys each. */
export const VERTEX_SDRAM = 2 ** 20;
export const CHIP_SDRAM = 117 * 2 ** 20;
export const NET_BITS = 11;

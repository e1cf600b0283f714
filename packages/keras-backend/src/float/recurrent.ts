/** SimpleRNN, LSTM and GRU in float32: step by step forwards, and backwards through time. */
import type { KINDS } from '../layers/kinds/index.js';
import type { LayerOf } from '../layers/kinds/kind.js';
import { type Activated, activate } from './activations.js';
import { columnSums } from './columns.js';
import { type BatchTensor, type Compute, type Computed, only } from './compute.js';
import type { Matrices } from './matrices.js';

type Of<Name extends keyof typeof KINDS> = LayerOf<(typeof KINDS)[Name]>;
type Recurrent = Of<'SimpleRNN' | 'LSTM' | 'GRU'>;

/** What a step hands on: the outputs and, for an LSTM, the memory. */
interface State {
  readonly h: Float32Array;
  readonly c: Float32Array;
}

/** Gradients of one step. */
interface StepGradients {
  /** By `x * kernel` as it was added up. */
  readonly byInputSums: Float32Array;
  /** By `h * recurrentKernel` as it was added up. */
  readonly byStateSums: Float32Array;
  /** By the state before, without what went through the recurrent kernel. */
  readonly state: State;
}

/** One step of a cell, from the sums of inputs and of the state. */
type Step = (
  inputSums: Float32Array,
  stateSums: Float32Array,
  before: State,
) => {
  readonly state: State;
  backward(gradient: State): StepGradients;
};

/** Values of one gate among interleaved ones: `[samples][gates][units]`. */
function gate(sums: Float32Array, gates: number, index: number, units: number): Float32Array {
  const samples = sums.length / (gates * units);
  const values = new Float32Array(samples * units);
  for (let s = 0; s < samples; s++) {
    const from = (s * gates + index) * units;
    values.set(sums.subarray(from, from + units), s * units);
  }
  return values;
}

/** The opposite of {@link gate} for all gates. */
function gatesTogether(values: readonly Float32Array[], units: number): Float32Array {
  const samples = (values[0] as Float32Array).length / units;
  const sums = new Float32Array(samples * units * values.length);
  for (let s = 0; s < samples; s++) {
    for (const [index, each] of values.entries()) {
      sums.set(each.subarray(s * units, (s + 1) * units), (s * values.length + index) * units);
    }
  }
  return sums;
}

function zip(
  a: Float32Array,
  b: Float32Array,
  combine: (a: number, b: number, i: number) => number,
): Float32Array {
  return a.map((value, i) => combine(value, b[i] as number, i));
}

const sum = (a: Float32Array, b: Float32Array) => zip(a, b, (x, y) => x + y);
const product = (a: Float32Array, b: Float32Array) => zip(a, b, (x, y) => x * y);

function simpleStep({ units, activation }: Recurrent): Step {
  return (inputSums, stateSums, { c }) => {
    const { values, gradient } = activate(activation, sum(inputSums, stateSums), units);
    return {
      state: { h: values, c },
      backward: ({ h }) => {
        const bySums = gradient(h);
        return {
          byInputSums: bySums,
          byStateSums: bySums,
          state: { h: new Float32Array(h.length), c },
        };
      },
    };
  };
}

function lstmStep({ units, activation, recurrentActivation }: Of<'LSTM'>): Step {
  return (inputSums, stateSums, before) => {
    const sums = sum(inputSums, stateSums);
    const at = (index: number) => gate(sums, 4, index, units);
    const [input, forget, candidate, output] = [
      activate(recurrentActivation, at(0), units),
      activate(recurrentActivation, at(1), units),
      activate(activation, at(2), units),
      activate(recurrentActivation, at(3), units),
    ] as [Activated, Activated, Activated, Activated];
    const c = sum(product(forget.values, before.c), product(input.values, candidate.values));
    const memory = activate(activation, c, units);
    return {
      state: { h: product(output.values, memory.values), c },
      backward: (gradient) => {
        const byMemory = memory.gradient(product(gradient.h, output.values));
        const byC = sum(gradient.c, byMemory);
        const bySums = gatesTogether(
          [
            input.gradient(product(byC, candidate.values)),
            forget.gradient(product(byC, before.c)),
            candidate.gradient(product(byC, input.values)),
            output.gradient(product(gradient.h, memory.values)),
          ],
          units,
        );
        return {
          byInputSums: bySums,
          byStateSums: bySums,
          state: { h: new Float32Array(byC.length), c: product(byC, forget.values) },
        };
      },
    };
  };
}

/** GRU whose reset gate acts on the sums of the state (`resetAfter`). */
function gruStep({ units, activation, recurrentActivation }: Of<'GRU'>): Step {
  return (inputSums, stateSums, before) => {
    const fromInput = (index: number) => gate(inputSums, 3, index, units);
    const fromState = (index: number) => gate(stateSums, 3, index, units);
    const update = activate(recurrentActivation, sum(fromInput(0), fromState(0)), units);
    const reset = activate(recurrentActivation, sum(fromInput(1), fromState(1)), units);
    const stateCandidate = fromState(2);
    const candidate = activate(
      activation,
      sum(fromInput(2), product(reset.values, stateCandidate)),
      units,
    );
    const h = zip(before.h, candidate.values, (old, fresh, i) => {
      const keep = update.values[i] as number;
      return keep * old + (1 - keep) * fresh;
    });
    return {
      state: { h, c: before.c },
      backward: (gradient) => {
        const byCandidate = candidate.gradient(
          zip(gradient.h, update.values, (slope, keep) => slope * (1 - keep)),
        );
        const byUpdate = update.gradient(
          zip(
            gradient.h,
            zip(before.h, candidate.values, (a, b) => a - b),
            (a, b) => a * b,
          ),
        );
        const byReset = reset.gradient(product(byCandidate, stateCandidate));
        return {
          byInputSums: gatesTogether([byUpdate, byReset, byCandidate], units),
          byStateSums: gatesTogether(
            [byUpdate, byReset, product(byCandidate, reset.values)],
            units,
          ),
          state: { h: product(gradient.h, update.values), c: gradient.c },
        };
      },
    };
  };
}

/** Adds a bias of one row to sums of many. */
function withBias(sums: Float32Array, bias: Float32Array | undefined): Float32Array {
  return bias ? sums.map((value, i) => value + (bias[i % bias.length] as number)) : sums;
}

/** Inputs of one step of all samples, and the opposite. */
function stepOf({ data, shape }: BatchTensor, step: number): Float32Array {
  const [samples = 0, steps = 0, channels = 0] = shape;
  const values = new Float32Array(samples * channels);
  for (let s = 0; s < samples; s++) {
    const from = (s * steps + step) * channels;
    values.set(data.subarray(from, from + channels), s * channels);
  }
  return values;
}

function putStep(
  target: Float32Array,
  values: Float32Array,
  samples: number,
  steps: number,
  step: number,
): void {
  const size = values.length / samples;
  for (let s = 0; s < samples; s++) {
    target.set(values.subarray(s * size, (s + 1) * size), (s * steps + step) * size);
  }
}

function addInto(target: Float32Array, values: Float32Array): void {
  for (const [i, value] of values.entries()) target[i] = (target[i] as number) + value;
}

/** Biases of the sums of inputs and of the state: a GRU with `resetAfter` has one of each. */
function biasesOf(bias: Float32Array | undefined, columns: number) {
  if (bias === undefined || bias.length === columns)
    return { inputBias: bias, stateBias: undefined };
  return { inputBias: bias.subarray(0, columns), stateBias: bias.subarray(columns) };
}

function run(
  layer: Recurrent,
  step: Step,
  input: BatchTensor,
  weights: readonly Float32Array[],
  matrices: Matrices,
): Computed {
  const [samples = 0, steps = 0, channels = 0] = input.shape;
  const { units, goBackwards, returnSequences } = layer;
  const [kernel, recurrent, bias] = weights as [Float32Array, Float32Array, Float32Array?];
  const columns = kernel.length / channels;
  const { inputBias, stateBias } = biasesOf(bias, columns);
  const order = Array.from({ length: steps }, (_, i) => (goBackwards ? steps - 1 - i : i));
  let state: State = {
    h: new Float32Array(samples * units),
    c: new Float32Array(samples * units),
  };
  const made = order.map((place) => {
    const x = stepOf(input, place);
    const before = state;
    const xSums = matrices.multiply({ a: x, b: kernel, m: samples, n: columns, k: channels });
    const hSums = matrices.multiply({
      a: before.h,
      b: recurrent,
      m: samples,
      n: columns,
      k: units,
    });
    const result = step(withBias(xSums, inputBias), withBias(hSums, stateBias), before);
    state = result.state;
    return { place, x, before, result };
  });
  const outputs = new Float32Array(samples * (returnSequences ? steps : 1) * units);
  if (returnSequences) {
    for (const [i, { result }] of made.entries())
      putStep(outputs, result.state.h, samples, steps, i);
  } else outputs.set(state.h);
  const shape = returnSequences ? [samples, steps, units] : [samples, units];
  const backward = (gradient: Float32Array) => {
    const byInput = new Float32Array(input.data.length);
    const byWeights = weights.map((weight) => new Float32Array(weight.length));
    const [byKernel, byRecurrent, byBias] = byWeights as [
      Float32Array,
      Float32Array,
      Float32Array?,
    ];
    const zero = new Float32Array(samples * units);
    let flowing: State = { h: returnSequences ? zero : gradient, c: zero };
    for (let i = made.length - 1; i >= 0; i--) {
      const { place, x, before, result } = made[i] as (typeof made)[number];
      const own = returnSequences
        ? stepOf({ data: gradient, shape: [samples, steps, units] }, i)
        : zero;
      const back = result.backward({ h: sum(flowing.h, own), c: flowing.c });
      const { byInputSums, byStateSums } = back;
      const [m, k] = [samples, columns];
      matrices.addCorrelation(x, byInputSums, byKernel, m);
      matrices.addCorrelation(before.h, byStateSums, byRecurrent, m);
      const byX = matrices.multiply({
        a: byInputSums,
        b: kernel,
        bTransposed: true,
        m,
        n: channels,
        k,
      });
      putStep(byInput, byX, samples, steps, place);
      if (byBias) {
        addInto(byBias.subarray(0, columns), columnSums(matrices.kernels, byInputSums, columns));
        if (stateBias)
          addInto(byBias.subarray(columns), columnSums(matrices.kernels, byStateSums, columns));
      }
      const throughKernel = matrices.multiply({
        a: byStateSums,
        b: recurrent,
        bTransposed: true,
        m,
        n: units,
        k,
      });
      flowing = { h: sum(back.state.h, throughKernel), c: back.state.c };
    }
    return { inputs: [byInput], weights: byWeights };
  };
  return { output: { data: outputs, shape }, backward };
}

/** SimpleRNN. */
export const simpleRNN: Compute<Of<'SimpleRNN'>> = (layer, inputs, weights, { matrices }) =>
  run(layer, simpleStep(layer), only(inputs), weights, matrices);

/** LSTM. */
export const lstm: Compute<Of<'LSTM'>> = (layer, inputs, weights, { matrices }) =>
  run(layer, lstmStep(layer), only(inputs), weights, matrices);

/** GRU. */
export const gru: Compute<Of<'GRU'>> = (layer, inputs, weights, { matrices }) =>
  run(layer, gruStep(layer), only(inputs), weights, matrices);

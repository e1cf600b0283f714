/** Activations by the names of Keras. */

/**
 * Activations that a layer can have. `hard_sigmoid` is Keras 3's, `relu6(x + 3) / 6`; Keras 2 and
 * TensorFlow.js mean `0.2 x + 0.5` by that name, which is `hard_sigmoid_keras2` here.
 */
export type ActivationName =
  | 'linear'
  | 'relu'
  | 'relu6'
  | 'sigmoid'
  | 'hard_sigmoid'
  | 'hard_sigmoid_keras2'
  | 'tanh'
  | 'elu'
  | 'selu'
  | 'softplus'
  | 'softsign'
  | 'swish'
  | 'gelu'
  | 'softmax'
  | 'exponential';

/** All of them, in the order of messages. */
export const ACTIVATIONS: readonly ActivationName[] = [
  'linear',
  'relu',
  'sigmoid',
  'tanh',
  'softmax',
  'relu6',
  'hard_sigmoid',
  'hard_sigmoid_keras2',
  'elu',
  'selu',
  'softplus',
  'softsign',
  'swish',
  'gelu',
  'exponential',
];

/** Other names of the same functions: of Keras 3, and of TensorFlow.js. */
const ALIASES: Readonly<Record<string, ActivationName>> = {
  silu: 'swish',
  hardSigmoid: 'hard_sigmoid_keras2',
};

/** The activation of a name of Keras or TensorFlow.js, or undefined. */
export function activationNamed(name: unknown): ActivationName | undefined {
  if (typeof name !== 'string') return undefined;
  return (
    (Object.hasOwn(ALIASES, name) && ALIASES[name]) || ACTIVATIONS.find((each) => each === name)
  );
}

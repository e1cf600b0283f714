/** What can be wrong with a model, its configuration or its data, as errors that a caller can tell apart. */

/** Something of Keras that is not supported here. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';

  /**
   * @param kind what it is, for example `activation`
   * @param given its name
   * @param supported the names that could be used
   */
  constructor(
    readonly kind: string,
    readonly given: string,
    readonly supported: readonly string[],
  ) {
    super(`${kind} ${given} is not supported: use ${supported.join(', ')}`);
  }
}

/** A layer or a model that makes no sense. */
export class ModelDefinitionError extends Error {
  override readonly name = 'ModelDefinitionError';

  /** @param subject name of the layer, or `model` */
  constructor(
    readonly subject: string,
    readonly reason: string,
  ) {
    super(`${subject} ${reason}`);
  }
}

/** An option of compile, fit, evaluate or predict that cannot be used. */
export class OptionError extends RangeError {
  override readonly name = 'OptionError';

  constructor(
    readonly option: string,
    readonly given: unknown,
    expected: string,
  ) {
    super(`${option} is ${String(given)}: ${expected}`);
  }
}

/** Data whose shape or values cannot be used. */
export class DataError extends RangeError {
  override readonly name = 'DataError';

  /**
   * @param field which data: `x`, `y`, `validationData.x` ...
   * @param sample index of the sample at fault, where it is one
   * @param value the value at fault, where it is one
   */
  constructor(
    readonly field: string,
    reason: string,
    readonly sample?: number,
    readonly value?: number,
  ) {
    super(`${field} ${reason}`);
  }
}

/** A model that is used before `compile`, or after `close`. */
export class ModelStateError extends Error {
  override readonly name = 'ModelStateError';
}

/** A model file that cannot be read. */
export class ModelFileError extends Error {
  override readonly name = 'ModelFileError';

  /** @param field path of the field at fault, for example `layers[1].units` */
  constructor(
    readonly field: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`model file: ${field} ${reason}`, options);
  }
}

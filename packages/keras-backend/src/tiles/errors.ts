/** What a network can ask for that no set of tiles can give. */

/** A tile, or a head, needs more memory than a core has. */
export class TileTooLargeError extends Error {
  override readonly name = 'TileTooLargeError';
  /** Name of the layer. */
  readonly layer: string;
  /** DTCM that the smallest tile possible, or the one asked for, takes, bytes. */
  readonly bytes: number;
  /** DTCM that a core has for it, bytes. */
  readonly capacity: number;
  readonly batchSize: number;

  constructor(details: {
    layer: string;
    what: string;
    bytes: number;
    capacity: number;
    batchSize: number;
  }) {
    super(
      `layer "${details.layer}": ${details.what} takes ${details.bytes} bytes of a core's memory at ` +
        `batch size ${details.batchSize}, and a core has ${details.capacity}. ` +
        'Use a smaller batch size, smaller tiles, or fewer units in a softmax layer.',
    );
    this.layer = details.layer;
    this.bytes = details.bytes;
    this.capacity = details.capacity;
    this.batchSize = details.batchSize;
  }
}

/** A tile shape that the user asked for breaks a rule. */
export class InvalidTilingError extends Error {
  override readonly name = 'InvalidTilingError';
  readonly layer: string;

  constructor(layer: string, problem: string) {
    super(`layer "${layer}" cannot be cut so: ${problem}`);
    this.layer = layer;
  }
}

/** The network needs more cores than there are. */
export class NetworkTooLargeError extends Error {
  override readonly name = 'NetworkTooLargeError';
  /** Fewest cores found for the network, the sequencer among them. */
  readonly coresNeeded: number;
  readonly coresAvailable: number;
  readonly batchSize: number;

  constructor(details: {
    layers: readonly { readonly name: string; readonly cores: number }[];
    coresNeeded: number;
    coresAvailable: number;
    batchSize: number;
    /** What sets `coresAvailable`. */
    limit: string;
  }) {
    const layers = details.layers.map(({ name, cores }) => `"${name}" ${cores}`).join(', ');
    super(
      `the network needs ${details.coresNeeded} cores (${layers}, one to run batches) at batch size ` +
        `${details.batchSize}; ${details.limit} ${details.coresAvailable}. ` +
        'Use a larger machine, a smaller batch size or smaller layers.',
    );
    this.coresNeeded = details.coresNeeded;
    this.coresAvailable = details.coresAvailable;
    this.batchSize = details.batchSize;
  }
}

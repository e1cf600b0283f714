/** What a file said of a model besides what we understand of it, so that it can be written back. */
import type { Model } from '../model/model.js';
import type { JsonObject } from './checked.js';
import type { Dialect } from './keras-objects.js';

/** Where a model came from. */
export interface Origin {
  readonly format: 'keras' | 'h5' | 'tfjs';
  readonly dialect: Dialect;
  /** The model's configuration, as it was. */
  readonly topology: JsonObject;
  /** Names of layers in the order of the configuration. */
  readonly order: readonly string[];
  readonly kerasVersion: string | undefined;
}

const origins = new WeakMap<Model, Origin>();

/** Remembers where a model came from. */
export function setOrigin(model: Model, origin: Origin): void {
  origins.set(model, origin);
}

/** Where a model came from, if it was from a file of that format and is still the same model. */
export function originOf(model: Model, format: Origin['format']): Origin | undefined {
  const origin = origins.get(model);
  const names = model.graph.layers.map(({ name }) => name);
  const same = origin?.order.every((name) => names.includes(name));
  return origin?.format === format && same ? origin : undefined;
}

/** What a file said of a model besides what we understand of it, so that it can be written back. */
import type { LayerGraph } from '../graph/graph.js';
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

/** By model, with the graph that it had then: a layer that is added makes another. */
const origins = new WeakMap<Model, { readonly origin: Origin; readonly graph: LayerGraph }>();

/** Remembers where a model came from. */
export function setOrigin(model: Model, origin: Origin): void {
  origins.set(model, { origin, graph: model.graph });
}

/** Where a model came from, if it was from a file of that format and is still the same model. */
export function originOf(model: Model, format: Origin['format']): Origin | undefined {
  const known = origins.get(model);
  if (known?.graph !== model.graph) return undefined;
  return known.origin.format === format ? known.origin : undefined;
}

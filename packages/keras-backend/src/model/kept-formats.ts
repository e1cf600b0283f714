/** Number formats that weights were trained with: with them predictions, and training that goes on, have the same bits. */
import type { LayerFractions, NumberMode } from '../engine.js';
import type { NodeFormats } from '../schedule/formats.js';
import type { SessionNeeds } from './session.js';

/** Formats of a model. */
export type KeptFormats = KeptStack | KeptSchedule;

/** Of a stack of Dense layers whose weights stay in the cores. */
export interface KeptStack {
  readonly kind: 'stack';
  readonly mode: NumberMode;
  /** What the formats have room for. */
  readonly needs: Required<SessionNeeds>;
  /** Of each layer. */
  readonly layers: readonly LayerFractions[];
  readonly targetFraction: number;
}

/** Of a schedule. */
export interface KeptSchedule {
  readonly kind: 'schedule';
  readonly mode: NumberMode;
  /** Of each call of its lowered graph. */
  readonly calls: readonly NodeFormats[];
}

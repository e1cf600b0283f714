/** The engine of a model while it is open: made at first use, and again when its number formats no longer fit. */
import type { Engine, LayerWeights, Loss, NetworkPlan, NumberMode } from '../engine.js';
import type { DenseInPlace } from '../graph/dense-stack.js';
import type { MachineEngineOptions } from '../machine/index.js';
import { planNetwork } from '../plan/plan.js';
import { DEFAULT_BATCH } from './checks.js';
import { createEngine, type FixedEngineChoice } from './engines.js';
import type { KeptFormats } from './kept-formats.js';
import { floatLayers } from './weights.js';

/** What stays the same from `compile` on. */
export interface SessionConfig {
  readonly dense: readonly DenseInPlace[];
  readonly loss: Loss;
  readonly mode: NumberMode;
  readonly engine: FixedEngineChoice;
  readonly machine: MachineEngineOptions;
}

/** What the next run needs. */
export interface SessionNeeds {
  /** Largest magnitudes in inputs and targets. */
  readonly inputPeak: number;
  readonly targetPeak: number;
  /** Batch size to train with; absent when nothing is trained. */
  readonly trainingBatch?: number;
}

/** An engine with the plan that it was made for. */
export interface OpenEngine {
  readonly engine: Engine;
  readonly plan: NetworkPlan;
}

/** Holds at most one engine. */
export class EngineSession {
  readonly #config: SessionConfig;
  #open: (OpenEngine & { readonly needs: Required<SessionNeeds> }) | undefined;

  constructor(config: SessionConfig) {
    this.#config = config;
  }

  get openEngine(): Engine | undefined {
    return this.#open?.engine;
  }

  /** The plan that `needs` would get, were there no engine yet. */
  plan(weights: readonly LayerWeights[], needs: SessionNeeds): NetworkPlan {
    const { dense, loss, mode } = this.#config;
    return planNetwork({
      mode,
      loss,
      layers: floatLayers(dense, weights),
      batchSize: needs.trainingBatch ?? DEFAULT_BATCH,
      inputPeak: powerOfTwo(needs.inputPeak),
      targetPeak: powerOfTwo(needs.targetPeak),
    });
  }

  /** The formats of the engine that is open. */
  get formats(): KeptFormats | undefined {
    if (this.#open === undefined) return undefined;
    const { plan, needs } = this.#open;
    const layers = plan.layers.map(({ fractions }) => fractions);
    return { kind: 'stack', mode: plan.mode, needs, layers, targetFraction: plan.targetFraction };
  }

  /**
   * The engine that is open if it can do what is needed, else a new one that holds `weights`.
   *
   * @param kept formats to take where they have room for what is needed, so that training goes on bit for bit
   */
  async engine(
    weights: readonly LayerWeights[],
    needs: SessionNeeds,
    kept?: KeptFormats,
  ): Promise<OpenEngine> {
    const open = this.#open;
    if (open !== undefined && isEnough(open.needs, needs)) return open;
    await this.close();
    const restored = this.#restored(weights, needs, kept);
    const wanted = restored?.needs ?? {
      inputPeak: Math.max(needs.inputPeak, open?.needs.inputPeak ?? 0),
      targetPeak: Math.max(needs.targetPeak, open?.needs.targetPeak ?? 0),
      trainingBatch: needs.trainingBatch ?? open?.needs.trainingBatch ?? DEFAULT_BATCH,
    };
    const plan = restored?.plan ?? this.plan(weights, wanted);
    const engine = await createEngine(this.#config.engine, plan, this.#config.machine);
    this.#open = { engine, plan, needs: wanted };
    await engine.setWeights(weights);
    return this.#open;
  }

  #restored(
    weights: readonly LayerWeights[],
    needs: SessionNeeds,
    kept: KeptFormats | undefined,
  ): { plan: NetworkPlan; needs: Required<SessionNeeds> } | undefined {
    const { dense, mode } = this.#config;
    if (kept?.kind !== 'stack' || kept.mode !== mode || kept.layers.length !== dense.length) {
      return undefined;
    }
    if (!isEnough(kept.needs, needs)) return undefined;
    const plan = this.plan(weights, kept.needs);
    const layers = plan.layers.map((layer, index) => ({
      ...layer,
      fractions: kept.layers[index] ?? layer.fractions,
    }));
    return { plan: { ...plan, layers, targetFraction: kept.targetFraction }, needs: kept.needs };
  }

  /** Closes the engine; the next use opens another. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.engine.close();
  }
}

function isEnough(has: Required<SessionNeeds>, needs: SessionNeeds): boolean {
  return (
    powerOfTwo(needs.inputPeak) <= powerOfTwo(has.inputPeak) &&
    powerOfTwo(needs.targetPeak) <= powerOfTwo(has.targetPeak) &&
    (needs.trainingBatch === undefined || needs.trainingBatch === has.trainingBatch)
  );
}

/** The next power of two, so that slightly larger data do not need another plan; 1 for 0. */
function powerOfTwo(peak: number): number {
  return peak > 0 ? 2 ** Math.ceil(Math.log2(peak)) : 1;
}

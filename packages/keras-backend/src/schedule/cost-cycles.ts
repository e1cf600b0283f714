/**
 * Core cycles of units of work, by kind of operations and, after it, the number of the function, loss or optimiser.
 *
 * Measured on the instruction-level machine and written by kernels/scripts/measure-operations.mjs: least squares over
 * branches exact with 16 workers,
 * branches fast with 16 workers,
 * branches fast with 3 workers,
 * convolutions exact with 16 workers,
 * convolutions fast with 16 workers,
 * convolutions fast with 3 workers,
 * dense exact with 3 workers,
 * dense fast with 16 workers,
 * dense fast with 3 workers,
 * normalised exact with 16 workers,
 * normalised fast with 16 workers,
 * normalised fast with 3 workers.
 */
import type { Work } from './cost.js';

/** Cycles of an operation whatever its size, and of each unit of {@link Work}. */
export type UnitCycles = { readonly [Unit in keyof Work | 'operation']?: number };

/** Cycles of units of work. What was not measured is taken to cost what most do. */
export const CYCLES: Readonly<Record<string, UnitCycles>> = {
  take: {
    operation: 1090,
    items: 2550,
    values: 8.38,
    gathered: 354,
  },
  'matrix, exact': {
    operation: 2840,
    values: 167,
    products: 12.8,
    gathered: 6.72,
    runs: 158,
    fetches: 1360,
  },
  'activate 0': {
    items: 5150,
    values: 163,
  },
  'activate 9': {
    items: 3310,
    values: 764,
  },
  'merge 2': {
    items: 6190,
    values: 462,
  },
  'merge 0': {
    items: 5940,
    values: 401,
  },
  map: {
    operation: 13100,
    values: 308,
  },
  drop: {
    items: 2250,
    values: 334,
  },
  'pool 1': {
    operation: 7930,
    values: 770,
    products: 47.3,
  },
  'activate 4': {
    operation: 1460,
    items: 1790,
    values: 322,
  },
  put: {
    operation: 951,
  },
  'lose 0': {
    operation: 2510,
    items: 5800,
  },
  'activateBack 4': {
    operation: 1820,
    items: 3510,
  },
  'gradient, exact': {
    operation: 3190,
    items: 2310,
    values: 69.3,
    products: 9.82,
    gathered: 34.8,
    weights: 48.6,
  },
  'poolBack 1': {
    items: 50000,
    values: 119,
  },
  mapBack: {
    operation: 1520,
    values: 449,
  },
  'mergeBack 0': {
    items: 3280,
    values: 311,
  },
  'mergeBack 2': {
    items: 7260,
    values: 548,
  },
  'activateBack 9': {
    items: 3540,
    values: 1040,
  },
  combine: {
    operation: 968,
    items: 439,
    values: 21.7,
  },
  'activateBack 0': {
    items: 17600,
    values: 290,
  },
  'update 1': {
    operation: 2900,
    values: 2440,
  },
  refresh: {
    operation: 2430,
    items: 118,
    values: 172,
  },
  refreshBias: {
    operation: 1150,
    values: 302,
  },
  matrix: {
    operation: 7100,
    values: 24.5,
    products: 1.86,
    gathered: 1.69,
    runs: 271,
    fetches: 901,
  },
  'activate 0, narrow': {
    operation: 1460,
    items: 1910,
    values: 23.3,
  },
  gradient: {
    operation: 3400,
    items: 2910,
    values: 30.4,
    products: 1.59,
    gathered: 2.54,
    runs: 250,
    weights: 28.8,
  },
  'activateBack 0, narrow': {
    operation: 1340,
    items: 2870,
    values: 27.7,
  },
  'activate 1': {
    operation: 26600,
    values: 184,
  },
  'pool 0': {
    items: 13500,
    values: 411,
  },
  'activate 2': {
    items: 30500,
    values: 697,
  },
  'lose 13': {
    operation: 2050,
    items: 3980,
    values: 2290,
  },
  'activateBack 2': {
    items: 17800,
    values: 335,
  },
  'poolBack 0': {
    operation: 18100,
    items: 30800,
    values: 158,
  },
  'activateBack 1': {
    operation: 38800,
    values: 349,
  },
  'update 3': {
    operation: 10600,
    values: 2340,
  },
  'activate 1, narrow': {
    operation: 2400,
    items: 1750,
    values: 23.5,
  },
  'activateBack 1, narrow': {
    operation: 2520,
    items: 2640,
    values: 26.5,
  },
  'activate 5': {
    operation: 1770,
    items: 10700,
  },
  'activateBack 5': {
    operation: 2230,
    items: 16600,
  },
  'update 0': {
    operation: 1140,
    values: 471,
  },
  statistics: {
    operation: 24100,
    items: 18200,
  },
  moments: {
    operation: 1230,
    values: 5480,
  },
  normalise: {
    operation: 15400,
    values: 159,
  },
  depthwise: {
    operation: 82300,
    values: 2610,
  },
  'activate 3': {
    operation: 13700,
    values: 746,
  },
  'activateBack 3': {
    operation: 14200,
    values: 380,
  },
  statisticsBack: {
    operation: 31300,
    items: 29200,
  },
  momentsBack: {
    operation: 1220,
    values: 2700,
  },
  normaliseBack: {
    operation: 16200,
    values: 352,
  },
  depthwiseGradient: {
    operation: 170000,
    items: 131000,
  },
  depthwiseBack: {
    operation: 78600,
    values: 2890,
  },
  'update 2': {
    operation: 2450,
    values: 2580,
  },
  activate: {
    items: 3310,
    values: 764,
  },
  merge: {
    items: 6190,
    values: 462,
  },
  pool: {
    operation: 7930,
    values: 770,
    products: 47.3,
  },
  lose: {
    operation: 2050,
    items: 3980,
    values: 2290,
  },
  activateBack: {
    items: 3540,
    values: 1040,
  },
  poolBack: {
    operation: 18100,
    items: 30800,
    values: 158,
  },
  mergeBack: {
    items: 7260,
    values: 548,
  },
  update: {
    operation: 2450,
    values: 2580,
  },
  other: {
    operation: 800,
    values: 40,
  },
};

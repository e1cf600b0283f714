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
    operation: 1130,
    items: 2500,
    values: 13.3,
    gathered: 348,
  },
  'matrix, exact': {
    items: 7930,
    values: 188,
    products: 12.8,
    gathered: 7.05,
    runs: 323,
  },
  'activate 0': {
    items: 5440,
    values: 162,
  },
  'activate 9': {
    items: 3240,
    values: 762,
  },
  'merge 2': {
    items: 6190,
    values: 464,
  },
  'merge 0': {
    items: 5950,
    values: 403,
  },
  map: {
    operation: 12900,
    values: 309,
  },
  drop: {
    items: 2290,
    values: 334,
  },
  'pool 1': {
    operation: 6990,
    values: 748,
    products: 224,
  },
  'activate 4': {
    operation: 1420,
    items: 1870,
    values: 311,
  },
  put: {
    operation: 944,
  },
  'lose 0': {
    operation: 2470,
    items: 5850,
  },
  'activateBack 4': {
    operation: 1820,
    items: 3520,
  },
  'gradient, exact': {
    operation: 9120,
    items: 747,
    values: 165,
    products: 9.83,
    gathered: 66.2,
    runs: 33.5,
    weights: 24.9,
  },
  'poolBack 1': {
    items: 91800,
    values: 1370,
    products: 19.7,
  },
  mapBack: {
    operation: 1550,
    values: 449,
  },
  'mergeBack 0': {
    items: 3240,
    values: 313,
  },
  'mergeBack 2': {
    items: 7300,
    values: 551,
  },
  'activateBack 9': {
    items: 3490,
    values: 1040,
  },
  combine: {
    operation: 957,
    items: 440,
    values: 21.7,
  },
  'activateBack 0': {
    items: 17700,
    values: 290,
  },
  'update 1': {
    operation: 2910,
    values: 2330,
  },
  refresh: {
    operation: 2480,
    items: 117,
    values: 172,
  },
  refreshBias: {
    operation: 1140,
    values: 301,
  },
  matrix: {
    operation: 6530,
    values: 179,
    products: 1.41,
    runs: 825,
    weights: 9.63,
  },
  'activate 0, narrow': {
    operation: 1670,
    items: 1820,
    values: 37.2,
  },
  gradient: {
    operation: 1880,
    items: 2300,
    values: 74.8,
    products: 4.53,
    gathered: 3.77,
    runs: 991,
    weights: 45.7,
  },
  'activateBack 0, narrow': {
    operation: 1170,
    items: 2910,
    values: 44.5,
  },
  'activate 1': {
    operation: 26600,
    values: 184,
  },
  'pool 0': {
    items: 25800,
    values: 1050,
  },
  'activate 2': {
    items: 30500,
    values: 695,
  },
  'lose 13': {
    items: 6620,
    values: 2030,
  },
  'activateBack 2': {
    items: 17800,
    values: 336,
  },
  'poolBack 0': {
    items: 152000,
    values: 1810,
  },
  'activateBack 1': {
    operation: 38900,
    values: 349,
  },
  'update 3': {
    operation: 10400,
    values: 2250,
  },
  'activate 1, narrow': {
    operation: 2510,
    items: 1720,
    values: 37.6,
  },
  'activateBack 1, narrow': {
    operation: 2370,
    items: 2610,
    values: 47.6,
  },
  'activate 5': {
    operation: 1580,
    items: 10700,
  },
  'activateBack 5': {
    operation: 1990,
    items: 16600,
  },
  'update 0': {
    operation: 1210,
    values: 471,
  },
  statistics: {
    operation: 24100,
    items: 18200,
  },
  moments: {
    operation: 1190,
    values: 5400,
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
    operation: 13600,
    values: 742,
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
    operation: 1210,
    values: 2690,
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
    operation: 78500,
    values: 2890,
  },
  'update 2': {
    operation: 2470,
    values: 2500,
  },
  activate: {
    items: 3240,
    values: 762,
  },
  merge: {
    items: 6190,
    values: 464,
  },
  pool: {
    items: 25800,
    values: 1050,
  },
  lose: {
    items: 6620,
    values: 2030,
  },
  activateBack: {
    items: 3490,
    values: 1040,
  },
  poolBack: {
    items: 152000,
    values: 1810,
  },
  mergeBack: {
    items: 7300,
    values: 551,
  },
  update: {
    operation: 2470,
    values: 2500,
  },
  other: {
    operation: 800,
    values: 40,
  },
};

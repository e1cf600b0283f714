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
    items: 2940,
    values: 13.3,
    gathered: 314,
  },
  'matrix, exact': {
    operation: 5220,
    items: 2720,
    values: 148,
    products: 16.4,
    gathered: 3,
    runs: 411,
  },
  'activate 0': {
    items: 5040,
    values: 163,
  },
  'activate 9': {
    items: 3000,
    values: 762,
  },
  'merge 2': {
    items: 5610,
    values: 464,
  },
  'merge 0': {
    items: 5560,
    values: 403,
  },
  map: {
    operation: 9010,
    values: 309,
  },
  drop: {
    items: 1960,
    values: 333,
  },
  'pool 1': {
    operation: 6600,
    values: 743,
    products: 224,
  },
  'activate 4': {
    operation: 1290,
    items: 1800,
    values: 298,
  },
  put: {
    operation: 952,
  },
  'lose 0': {
    operation: 1940,
    items: 5340,
  },
  'activateBack 4': {
    operation: 1380,
    items: 3420,
  },
  'gradient, exact': {
    operation: 8470,
    items: 852,
    values: 159,
    products: 16.6,
    gathered: 56.4,
    weights: 23.3,
  },
  'poolBack 1': {
    items: 91400,
    values: 1370,
    products: 19.7,
  },
  mapBack: {
    operation: 1350,
    values: 423,
  },
  'mergeBack 0': {
    items: 2930,
    values: 313,
  },
  'mergeBack 2': {
    items: 6670,
    values: 551,
  },
  'activateBack 9': {
    items: 3030,
    values: 990,
  },
  combine: {
    operation: 726,
    items: 335,
    values: 21.7,
  },
  'activateBack 0': {
    items: 16000,
    values: 249,
  },
  'update 1': {
    operation: 2390,
    values: 2310,
  },
  refresh: {
    operation: 1990,
    items: 115,
    values: 170,
  },
  refreshBias: {
    operation: 1010,
    values: 285,
  },
  matrix: {
    operation: 5240,
    values: 186,
    products: 1.14,
    gathered: 0.662,
    runs: 828,
    weights: 7.88,
  },
  'activate 0, narrow': {
    operation: 1250,
    items: 1690,
    values: 37.3,
  },
  gradient: {
    operation: 4010,
    items: 1940,
    values: 63.7,
    products: 6.48,
    gathered: 4.45,
    runs: 1030,
    weights: 40.5,
  },
  'activateBack 0, narrow': {
    operation: 1410,
    items: 2470,
    values: 44.5,
  },
  'activate 1': {
    operation: 10400,
    values: 193,
  },
  'pool 0': {
    items: 25500,
    values: 1050,
  },
  'activate 2': {
    items: 30100,
    values: 695,
  },
  'lose 13': {
    items: 6850,
    values: 1800,
  },
  'activateBack 2': {
    items: 15700,
    values: 293,
  },
  'poolBack 0': {
    items: 152000,
    values: 1810,
  },
  'activateBack 1': {
    operation: 12600,
    values: 313,
  },
  'update 3': {
    operation: 9370,
    values: 2240,
  },
  'activate 1, narrow': {
    operation: 3950,
    items: 672,
    values: 37.8,
  },
  'activateBack 1, narrow': {
    operation: 4880,
    items: 1130,
    values: 47.8,
  },
  'activate 5': {
    operation: 1270,
    items: 10600,
  },
  'activateBack 5': {
    operation: 1870,
    items: 14800,
  },
  'update 0': {
    operation: 927,
    values: 437,
  },
  statistics: {
    operation: 23700,
    items: 18100,
  },
  moments: {
    operation: 1050,
    values: 5260,
  },
  normalise: {
    operation: 14100,
    values: 159,
  },
  depthwise: {
    operation: 78900,
    values: 2610,
  },
  'activate 3': {
    operation: 12800,
    values: 742,
  },
  'activateBack 3': {
    operation: 13100,
    values: 332,
  },
  statisticsBack: {
    operation: 30800,
    items: 29000,
  },
  momentsBack: {
    operation: 1050,
    values: 2580,
  },
  normaliseBack: {
    operation: 14700,
    values: 353,
  },
  depthwiseGradient: {
    operation: 169000,
    items: 130000,
  },
  depthwiseBack: {
    operation: 66000,
    values: 2910,
  },
  'update 2': {
    operation: 1930,
    values: 2480,
  },
  activate: {
    items: 3000,
    values: 762,
  },
  merge: {
    items: 5610,
    values: 464,
  },
  pool: {
    items: 25500,
    values: 1050,
  },
  lose: {
    items: 6850,
    values: 1800,
  },
  activateBack: {
    items: 3030,
    values: 990,
  },
  poolBack: {
    items: 152000,
    values: 1810,
  },
  mergeBack: {
    items: 6670,
    values: 551,
  },
  update: {
    operation: 1930,
    values: 2480,
  },
  other: {
    operation: 800,
    values: 40,
  },
};

/**
 * Programs for schedules. All operations together need more than the 32 KiB that a core has for code, so each program
 * leaves some groups out. kernels/scripts/build.mjs builds them by this table.
 */
import { LossFunctionNumber, type Operation, type OperationKind } from '../schedule/operations.js';

/** Kinds of operations that programs have, or have not, together. */
export const OPERATION_GROUPS = {
  DEPTHWISE: ['depthwise', 'depthwiseBack', 'depthwiseGradient'],
  NORMALISE: [
    'statistics',
    'moments',
    'normalise',
    'statisticsBack',
    'momentsBack',
    'normaliseBack',
  ],
  MERGE: ['merge', 'mergeBack'],
  MAP: ['map', 'mapBack'],
  LIMITS: ['norms', 'addUp', 'penalty', 'constrain'],
  /** `lose` with others than mean squares and plain crossentropies. */
  OTHER_LOSSES: [],
  /** Rounding by chance, which gives activateBack a number of its own. */
  CHANCE: [],
} as const satisfies Readonly<Record<string, readonly OperationKind[]>>;

/** A name of {@link OPERATION_GROUPS}. */
export type OperationGroup = keyof typeof OPERATION_GROUPS;

/** What each program leaves out; the first that has all that a schedule needs is taken. */
export const LAYERS_PROGRAMS = {
  layers: ['DEPTHWISE', 'LIMITS', 'OTHER_LOSSES'],
  mobile: ['MAP', 'LIMITS', 'OTHER_LOSSES', 'CHANCE'],
  branches: ['DEPTHWISE', 'NORMALISE'],
  depthwise: ['NORMALISE', 'MERGE'],
} as const satisfies Readonly<Record<string, readonly OperationGroup[]>>;

/** Name of a program for schedules. */
export type LayersProgram = keyof typeof LAYERS_PROGRAMS;

const COMMON_LOSSES: readonly number[] = [
  LossFunctionNumber.mean_squared_error,
  LossFunctionNumber.binary_crossentropy,
  LossFunctionNumber.categorical_crossentropy,
];

/** The groups that operations need. */
export function groupsOf(operations: readonly Operation[]): OperationGroup[] {
  const kinds = new Set<string>(operations.map(({ kind }) => kind));
  const groups = Object.entries(OPERATION_GROUPS) as [OperationGroup, readonly OperationKind[]][];
  const needed = groups.filter(([, own]) => own.some((kind) => kinds.has(kind)));
  const rare = operations.some(
    (operation) => operation.kind === 'lose' && !COMMON_LOSSES.includes(operation.loss),
  );
  const chance = operations.some((each) => each.kind === 'activateBack' && each.salt !== 0);
  return [
    ...needed.map(([name]) => name),
    ...(rare ? (['OTHER_LOSSES'] as const) : []),
    ...(chance ? (['CHANCE'] as const) : []),
  ];
}

/** The program that has all that operations need; undefined when none has. */
export function programFor(operations: readonly Operation[]): LayersProgram | undefined {
  const needed = groupsOf(operations);
  const programs = Object.entries(LAYERS_PROGRAMS) as [LayersProgram, readonly OperationGroup[]][];
  return programs.find(([, without]) => !needed.some((group) => without.includes(group)))?.[0];
}

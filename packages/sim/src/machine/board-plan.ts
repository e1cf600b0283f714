/** Which chips of a machine are on which board. */
import type { Machine } from '@spin-tools/machine-model';
import { chipToAddress } from '@spin-tools/scp';

/** Numbers of boards, in the order of their ethernet chips, by y, then by x. */
export interface BoardPlan {
  readonly count: number;
  /** By chip. */
  readonly boardOf: Int32Array;
  /** Number of a chip among those of its board, by chip. */
  readonly placeOf: Int32Array;
}

/** The boards of a machine. */
export function boardPlan({ chips }: Machine): BoardPlan {
  const keys = chips.map(({ ethernet: { x, y } }) => chipToAddress({ x: y, y: x }));
  const order = [...new Set(keys)].sort((a, b) => a - b);
  const numbers = new Map(order.map((key, number) => [key, number]));
  const boardOf = Int32Array.from(keys, (key) => numbers.get(key) as number);
  const sizes = new Int32Array(order.length);
  const placeOf = boardOf.map((board) => (sizes[board] as number)++);
  return { count: order.length, boardOf, placeOf };
}

/**
 * Orders in which placers fill the chips. The space-filling curve is the Hilbert curve generalised
 * to any rectangle (Jakub Cerveny's recursion): consecutive chips are neighbours, so vertices that
 * were added one after another end up close together.
 */
import { findChip, NO_CHIP, type Topology } from '../machine/topology.js';

/** Row by row from chip (0, 0). */
export function sequentialChips({ chipAt }: Topology): Int32Array {
  return chipAt.filter((chip) => chip !== NO_CHIP);
}

/** Along the generalised Hilbert curve. */
export function hilbertChips(topology: Topology): Int32Array {
  const order: number[] = [];
  const visit = (x: number, y: number) => {
    const chip = findChip(topology, x, y);
    if (chip !== NO_CHIP) order.push(chip);
  };
  const { width, height } = topology;
  if (width >= height) curve({ x: 0, y: 0 }, { x: width, y: 0 }, { x: 0, y: height }, visit);
  else curve({ x: 0, y: 0 }, { x: 0, y: height }, { x: width, y: 0 }, visit);
  return Int32Array.from(order);
}

interface Vector {
  readonly x: number;
  readonly y: number;
}

const plus = (a: Vector, b: Vector): Vector => ({ x: a.x + b.x, y: a.y + b.y });
const minus = (a: Vector, b: Vector): Vector => ({ x: a.x - b.x, y: a.y - b.y });
const negative = ({ x, y }: Vector): Vector => ({ x: -x, y: -y });
const half = ({ x, y }: Vector): Vector => ({ x: Math.trunc(x / 2), y: Math.trunc(y / 2) });
const unit = ({ x, y }: Vector): Vector => ({ x: Math.sign(x), y: Math.sign(y) });
const length = ({ x, y }: Vector): number => Math.abs(x + y);

/** Visits the rectangle spanned by `along` (the main direction) and `across` from `start`. */
function curve(
  start: Vector,
  along: Vector,
  across: Vector,
  visit: (x: number, y: number) => void,
): void {
  const stepAlong = unit(along);
  const stepAcross = unit(across);
  if (length(across) === 1) {
    line(start, stepAlong, length(along), visit);
    return;
  }
  if (length(along) === 1) {
    line(start, stepAcross, length(across), visit);
    return;
  }
  let halfAlong = half(along);
  let halfAcross = half(across);
  if (2 * length(along) > 3 * length(across)) {
    if (length(halfAlong) % 2 === 1 && length(along) > 2) halfAlong = plus(halfAlong, stepAlong);
    curve(start, halfAlong, across, visit);
    curve(plus(start, halfAlong), minus(along, halfAlong), across, visit);
    return;
  }
  if (length(halfAcross) % 2 === 1 && length(across) > 2) halfAcross = plus(halfAcross, stepAcross);
  curve(start, halfAcross, halfAlong, visit);
  curve(plus(start, halfAcross), along, minus(across, halfAcross), visit);
  const turn = plus(minus(along, stepAlong), minus(halfAcross, stepAcross));
  curve(plus(start, turn), negative(halfAcross), negative(minus(along, halfAlong)), visit);
}

function line(
  start: Vector,
  step: Vector,
  steps: number,
  visit: (x: number, y: number) => void,
): void {
  for (let at = start, index = 0; index < steps; index++, at = plus(at, step)) visit(at.x, at.y);
}

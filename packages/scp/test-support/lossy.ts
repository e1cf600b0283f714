/** A bad line: loses, doubles and reorders datagrams, the same way for the same seed. */
import type { Transport } from '../src/transport/transport.js';

/** Chances from 0 to 1. */
export interface Faults {
  readonly seed: number;
  readonly lose: number;
  readonly double: number;
  readonly reorder: number;
}

/** A transport whose datagrams, in both directions, go through a bad line. */
export function lossy(transport: Transport, faults: Faults): Transport {
  const chance = random(faults.seed);
  const through = (pass: (datagram: Uint8Array) => void): ((datagram: Uint8Array) => void) => {
    let held: Uint8Array | undefined;
    return (datagram) => {
      if (chance() < faults.lose) return;
      if (!held && chance() < faults.reorder) {
        held = datagram;
        return;
      }
      pass(datagram);
      if (chance() < faults.double) pass(datagram);
      if (held) pass(held);
      held = undefined;
    };
  };
  const send = through((datagram) => transport.send(datagram));
  return {
    send,
    onDatagram: (listener) => transport.onDatagram(through(listener)),
    close: () => transport.close(),
  };
}

/** Numbers from 0 to 1 that a seed determines (a linear congruential generator, Numerical Recipes). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

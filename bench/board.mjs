/**
 * A virtual SpiNN-5 on UDP, in a process of its own as a board is a computer of its own. Every reply is held
 * back for the latency given, which is what a network between host and board does to whoever waits for it.
 * It is held here, and not by a relay, since a relay needs more processor time than host and board together.
 *
 *     node board.mjs HOST LATENCY_MS
 */
import { argv } from 'node:process';
import { VirtualMachine } from '@spin-tools/sim';
import { serveUdp } from '@spin-tools/sim/udp';

const [, , host, latency] = argv;
const machine = new VirtualMachine({ board: 'spin5' });
const ethernet = machine.ethernet();
const connect = ethernet.connectOutside.bind(ethernet);
ethernet.connectOutside = (outside) =>
  connect(outside && { ...outside, send: heldBack(outside.send, Number(latency)) });
const { hosts } = await serveUdp(machine, { host });
console.log(hosts[0]);

/** Calls `send` later, to the microsecond: timers are good to a millisecond only. */
function heldBack(send, ms) {
  if (ms === 0) return send;
  const waiting = [];
  let next = 0;
  const look = () => {
    const now = performance.now();
    for (; next < waiting.length && waiting[next].due <= now; next++) send(...waiting[next].call);
    if (next === waiting.length) waiting.length = next = 0;
    else setImmediate(look);
  };
  return (...call) => {
    if (waiting.length === 0) setImmediate(look);
    waiting.push({ due: performance.now() + ms, call });
  };
}

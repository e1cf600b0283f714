/**
 * Runs a callback in the next turn of the event loop, after timers and sockets had their chance:
 * `setImmediate` where there is one, a message channel in a browser.
 */
export const nextTurn: (callback: () => void) => void =
  typeof setImmediate === 'function' ? setImmediate : viaMessageChannel();

function viaMessageChannel(): (callback: () => void) => void {
  const channel = new MessageChannel();
  const waiting: (() => void)[] = [];
  channel.port1.addEventListener('message', () => waiting.shift()?.());
  channel.port1.start();
  return (callback) => {
    waiting.push(callback);
    channel.port2.postMessage(0);
  };
}

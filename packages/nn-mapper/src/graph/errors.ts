/**
 * A graph that contradicts itself: a name used twice, a net without sinks, keys that overlap.
 * Always the caller's mistake; the message names the element.
 */
export class InvalidGraphError extends Error {
  /** What is wrong: the name of the vertex, net or key partition. */
  readonly element: string;

  constructor(element: string, problem: string) {
    super(`${element} ${problem}`);
    this.name = 'InvalidGraphError';
    this.element = element;
  }
}

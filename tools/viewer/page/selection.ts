/** What the user looks at: colours, shapes, a chip, a core, a net. */
import type { Mode } from './colouring.js';
import type { Shape } from './geometry.js';
import type { Net } from './nets.js';

/** The user's choices, and who wants to know of them. */
export class Selection {
  mode: Mode = 'states';
  shape: Shape = 'hexagons';
  /** -1 for none. */
  chip = -1;
  /** -1 for none. */
  core = -1;
  net: Net | undefined;
  private readonly listeners: (() => void)[] = [];

  /** Calls back after every choice. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Chooses some things. */
  choose(what: Partial<Pick<Selection, 'mode' | 'shape' | 'chip' | 'core' | 'net'>>): void {
    Object.assign(this, what);
    for (const listener of this.listeners) listener();
  }
}

/** Text that cores put out, while it grows. */
import type { MachineController } from '@spin-tools/scp';
import { plain } from '../terminal/plain.js';
import type { CorePlace } from './core-entries.js';
import { onEach } from './on-chips.js';

/** A core as it stands in front of a line of its text. */
export const coreName = ({ x, y, core }: CorePlace): string => `${x},${y}:${core}`;

/** Follows the text of cores, and gives each line once, as soon as it is whole. */
export class OutputFollower {
  private readonly texts = new Map<string, { text: string; given: number }>();

  constructor(private readonly controller: Pick<MachineController, 'iobuf'>) {}

  /** Reads what cores have put out so far. */
  async read(cores: readonly CorePlace[]): Promise<void> {
    await onEach(cores, async (core) => {
      const text = await this.controller.iobuf(core);
      const known = this.texts.get(coreName(core));
      // A program that was started anew begins a new text.
      const given = known !== undefined && text.startsWith(known.text) ? known.given : 0;
      this.texts.set(coreName(core), { text, given });
    });
  }

  /** All that a core has put out. */
  textOf(core: CorePlace): string {
    return this.texts.get(coreName(core))?.text ?? '';
  }

  /**
   * Lines that were not given before, each behind the name of its core.
   *
   * @param isOver whether what has no end of line yet is a line, too
   */
  newLines(cores: readonly CorePlace[], isOver: boolean): string[] {
    return cores.flatMap((core) => {
      const known = this.texts.get(coreName(core));
      if (known === undefined) return [];
      const end = isOver ? known.text.length : known.text.lastIndexOf('\n') + 1;
      const fresh = known.text.slice(known.given, Math.max(known.given, end));
      known.given = Math.max(known.given, end);
      if (fresh === '') return [];
      const lines = fresh.replace(/\r?\n$/, '').split(/\r?\n/);
      return lines.map((line) => `${coreName(core)} | ${plain(line)}`);
    });
  }
}

/** Dropped packets, loud: how many, where, and a way there. */
import { LINKS_OF_CHIP } from '../../src/view/messages.js';
import { h, setText } from './dom.js';
import { count } from './numbers.js';
import type { Store } from './store.js';

const DIRECTIONS = ['east', 'north-east', 'north', 'west', 'south-west', 'south'] as const;
/** Chips that are named. */
const MOST_NAMED = 4;

/** The banner above everything else. */
export class DropsBanner {
  /** Drops of each chip that the user has taken note of. */
  noted = new Uint32Array(0);
  private readonly text = h('p');
  private readonly go = h('button', { type: 'button' }, 'Show where');
  private readonly note = h('button', { type: 'button' }, 'Noted');
  private worst = -1;

  constructor(
    private readonly root: HTMLElement,
    private readonly store: Store,
    reveal: (chip: number) => void,
    noted: () => void,
  ) {
    root.append(h('strong', {}, 'Packets dropped'), this.text, this.go, this.note);
    this.go.onclick = () => reveal(this.worst);
    this.note.onclick = () => {
      const { shown, machine } = store;
      this.noted = Uint32Array.from({ length: machine?.x.length ?? 0 }, (_, chip) =>
        shown.droppedBy(chip),
      );
      this.update();
      noted();
    };
    store.on(['machine'], () => {
      this.noted = new Uint32Array(store.machine?.x.length ?? 0);
    });
  }

  /** The chip that dropped most, or -1. */
  get worstChip(): number {
    return this.worst;
  }

  /** Shows how things are now. */
  update(): void {
    const { machine, shown } = this.store;
    const chips: { chip: number; drops: number }[] = [];
    for (let chip = 0; chip < (machine?.x.length ?? 0); chip++) {
      const drops = shown.droppedBy(chip) - (this.noted[chip] ?? 0);
      if (drops > 0) chips.push({ chip, drops });
    }
    chips.sort((a, b) => b.drops - a.drops);
    this.worst = chips[0]?.chip ?? -1;
    const all = chips.reduce((sum, { drops }) => sum + drops, 0);
    this.root.hidden = all === 0;
    if (all === 0) return;
    const named = chips.slice(0, MOST_NAMED).map(({ chip, drops }) => {
      const place = `${machine?.x[chip]}, ${machine?.y[chip]}`;
      return `${count(drops)} by chip (${place})${this.linksOf(chip)}`;
    });
    const more = chips.length > MOST_NAMED ? `, and ${chips.length - MOST_NAMED} more chips` : '';
    setText(this.text, `${count(all)}: ${named.join(', ')}${more}`);
  }

  private linksOf(chip: number): string {
    const { linkDrops } = this.store.shown;
    const links = DIRECTIONS.filter(
      (_, link) => (linkDrops[chip * LINKS_OF_CHIP + link] as number) > 0,
    );
    return links.length > 0 ? ` towards ${links.join(' and ')}` : '';
  }
}

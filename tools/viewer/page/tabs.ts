/** Panels of which one is shown, as the ARIA authoring practices want tabs to work. */
import { find } from './dom.js';

/** Tabs with the ids `tab-NAME` and panels with the ids `panel-NAME`. */
export class Tabs {
  private opened: string;

  constructor(
    list: HTMLElement,
    private readonly names: readonly string[],
  ) {
    this.opened = names[0] ?? '';
    for (const name of names)
      find(`tab-${name}`, HTMLButtonElement).onclick = () => this.open(name);
    list.onkeydown = ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step === undefined) return;
      const next = (names.indexOf(this.opened) + step + names.length) % names.length;
      this.open(names[next] as string);
      find(`tab-${this.opened}`, HTMLButtonElement).focus();
    };
    this.open(this.opened);
  }

  isOpen(name: string): boolean {
    return this.opened === name;
  }

  /** Shows a panel. */
  open(name: string): void {
    this.opened = name;
    for (const each of this.names) {
      const tab = find(`tab-${each}`, HTMLButtonElement);
      tab.setAttribute('aria-selected', String(each === name));
      tab.tabIndex = each === name ? 0 : -1;
      const panel = find(`panel-${each}`, HTMLElement);
      panel.hidden = each !== name;
      panel.tabIndex = 0;
    }
  }
}

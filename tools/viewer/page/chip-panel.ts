/** What there is to know of the selected chip: cores, links, table, and the text of a core. */
import { CORES_OF_CHIP, LINKS_OF_CHIP, ROUTER_COUNTERS } from '../../src/view/messages.js';
import { kindOf, stateName } from './core-kinds.js';
import { drawCore } from './core-signs.js';
import { h, setText } from './dom.js';
import { count, rate } from './numbers.js';
import type { Selection } from './selection.js';
import type { Source } from './source.js';
import type { Store } from './store.js';
import { readTheme, type Theme } from './theme.js';

const DIRECTIONS = ['east', 'north-east', 'north', 'west', 'south-west', 'south'] as const;
/** How often the text of the selected core is asked for anew, ms. */
const IOBUF_MS = 1000;
const SIGN_PIXELS = 14;

/** Shows the selected chip. */
export class ChipPanel {
  private readonly title = h('h2', {}, 'Chip');
  private readonly facts = h('dl', { class: 'facts' });
  private readonly cores = h('tbody');
  private readonly links = h('tbody');
  private readonly text = h('pre', { tabindex: '0', 'aria-label': 'text output of the core' });
  private readonly textTitle = h('h3', {}, 'Text output');
  private readonly textBox = h('section', {}, this.textTitle, this.text);
  private readonly details: HTMLElement;
  private shownChip = -1;
  private theme: Theme = readTheme();

  constructor(
    private readonly root: HTMLElement,
    private readonly store: Store,
    private readonly selection: Selection,
    private readonly source: () => Source,
  ) {
    const head = (...names: string[]) =>
      h('thead', {}, h('tr', {}, ...names.map((name) => h('th', { scope: 'col' }, name))));
    this.details = h(
      'div',
      {},
      this.facts,
      this.textBox,
      h('h3', {}, 'Cores'),
      h('table', { class: 'cores' }, head('core', 'state', 'program'), this.cores),
      h('h3', {}, 'Links'),
      h('table', {}, head('towards', 'packets', 'dropped'), this.links),
    );
    root.append(this.title, h('p', { class: 'hint' }, HINT), this.details);
    setInterval(() => this.askText(), IOBUF_MS);
    selection.onChange(() => this.askText());
  }

  /** Reads the colours again after they changed. */
  refreshTheme(): void {
    this.theme = readTheme();
    this.shownChip = -1;
  }

  /** Shows how things are now. */
  update(): void {
    const { machine, shown } = this.store;
    const { chip } = this.selection;
    const isShown = machine !== undefined && chip >= 0 && chip < machine.x.length;
    this.details.hidden = !isShown;
    (this.root.querySelector('.hint') as HTMLElement).hidden = isShown;
    setText(this.title, isShown ? `Chip ${machine.x[chip]}, ${machine.y[chip]}` : 'Chip');
    if (!isShown) return;
    if (this.shownChip !== chip) {
      this.shownChip = chip;
      this.cores.replaceChildren(
        ...Array.from({ length: machine.cores[chip] as number }, (_, core) => this.coreRow(core)),
      );
    }
    this.updateFacts(chip);
    this.updateCores(chip);
    this.updateText(chip);
    const { linkPackets, linkDrops, hasLinks } = shown;
    this.links.replaceChildren(
      ...DIRECTIONS.map((name, link) => {
        const works = (((machine.links[chip] as number) >>> link) & 1) === 1;
        const place = chip * LINKS_OF_CHIP + link;
        const drops = linkDrops[place] as number;
        return h(
          'tr',
          drops > 0 ? { class: 'alarm' } : {},
          h('td', {}, name),
          h('td', {}, works ? (hasLinks ? count(linkPackets[place] as number) : '·') : 'no link'),
          h('td', {}, hasLinks ? count(drops) : '·'),
        );
      }),
    );
  }

  private updateFacts(chip: number): void {
    const { machine, shown } = this.store;
    const board = machine?.boards[machine.board[chip] as number];
    const [sent = 0, passed = 0, dropped = 0] = shown.router.subarray(chip * ROUTER_COUNTERS);
    const facts: readonly [string, string][] = [
      ['board', board ? `at ${board.x}, ${board.y}${board.ip ? ` (${board.ip})` : ''}` : '-'],
      ['routing entries', `${count(shown.entries[chip] as number)} of 1,023`],
      ['packets of its cores', count(sent)],
      ['packets of neighbours', count(passed)],
      ['traffic now', rate(shown.routerRate[chip] as number)],
      ['dropped', count(dropped)],
    ];
    this.facts.replaceChildren(
      ...facts.map(([name, value]) =>
        h(
          'div',
          name === 'dropped' && dropped > 0 ? { class: 'alarm' } : {},
          h('dt', {}, name),
          h('dd', {}, value),
        ),
      ),
    );
  }

  private coreRow(core: number): HTMLTableRowElement {
    const ratio = devicePixelRatio;
    const sign = h('canvas', {
      width: String(SIGN_PIXELS * ratio),
      height: String(SIGN_PIXELS * ratio),
      'aria-hidden': 'true',
    });
    const button = h('button', { type: 'button', 'aria-pressed': 'false' }, String(core));
    button.onclick = () =>
      this.selection.choose({ core: this.selection.core === core ? -1 : core });
    return h('tr', {}, h('td', {}, button), h('td', {}, sign, h('span')), h('td'));
  }

  private updateCores(chip: number): void {
    const { store, selection, theme } = this;
    [...this.cores.rows].forEach((row, core) => {
      const place = chip * CORES_OF_CHIP + core;
      const state = store.shown.states[place] as number;
      const [button] = row.getElementsByTagName('button');
      button?.setAttribute('aria-pressed', String(selection.core === core));
      if (row.dataset.state !== String(state)) {
        row.dataset.state = String(state);
        const [sign] = row.getElementsByTagName('canvas');
        const pen = sign?.getContext('2d');
        if (pen && sign) {
          pen.clearRect(0, 0, sign.width, sign.height);
          const middle = sign.width / 2;
          drawCore(pen, { x: middle, y: middle, radius: sign.width * 0.36 }, kindOf(state), theme);
        }
        setText(row.getElementsByTagName('span')[0] as HTMLElement, stateName(state));
      }
      const entry = store.programs.get(place);
      const layer = store.layerOf(place);
      const runs = entry !== undefined && kindOf(state) !== 'idle';
      const program = core === 0 ? 'monitor' : runs ? `${entry.name}, app ${entry.appId}` : '';
      const error = runs && entry.error ? `: ${entry.error}` : '';
      setText(row.cells[2] as HTMLElement, `${layer ? `${layer} · ` : ''}${program}${error}`);
    });
  }

  private updateText(chip: number): void {
    const { core } = this.selection;
    this.textBox.hidden = core < 0;
    if (core < 0) return;
    setText(this.textTitle, `Text output of core ${core}`);
    const text = this.store.iobufs.get(chip * CORES_OF_CHIP + core);
    const isAtEnd = this.text.scrollTop + this.text.clientHeight >= this.text.scrollHeight - 4;
    setText(this.text, text === undefined ? 'not known' : text || '(nothing so far)');
    if (isAtEnd) this.text.scrollTop = this.text.scrollHeight;
  }

  private askText(): void {
    const { chip, core } = this.selection;
    if (chip >= 0 && core >= 0 && !document.hidden) {
      this.source().ask({ about: 'iobuf', chip, core });
    }
  }
}

const HINT =
  'Select a chip: click it, or put the focus on the machine and use the arrow keys. Then choose a core for its text output.';

/** The nets that routing tables make, to choose from; the tree of the chosen one is drawn on the machine. */
import { CORES_OF_CHIP, type MachineMessage } from '../../src/view/messages.js';
import { h, setText } from './dom.js';
import type { MapView } from './map-view.js';
import type { Net } from './nets.js';
import { count, hex } from './numbers.js';
import type { Selection } from './selection.js';
import type { Source } from './source.js';
import type { Store } from './store.js';

/** Nets in the list; a search finds the others. */
const MOST_SHOWN = 200;
/** Entries of all tables from which on only nets of the selected chip are listed. */
const MOST_ENTRIES = 20_000;

/** Shows nets. */
export class NetsPanel {
  private readonly search = h('input', {
    type: 'search',
    placeholder: 'key or chip, such as 0x1000 or 3,4',
    'aria-label': 'find nets by key or chip',
  });
  private readonly list = h('ul', { class: 'nets', 'aria-label': 'nets' });
  private readonly about = h('p', { class: 'about', 'aria-live': 'polite' });
  private readonly summary = h('p', { class: 'hint' });
  private nets: readonly Net[] = [];
  private listed = '';
  private names = '';
  private readonly asked = new Set<number>();

  constructor(
    root: HTMLElement,
    private readonly store: Store,
    private readonly selection: Selection,
    private readonly map: MapView,
    private readonly source: () => Source,
  ) {
    root.append(h('h2', {}, 'Nets'), this.search, this.summary, this.about, this.list);
    this.search.oninput = () => this.fill();
    store.on(['machine'], () => this.asked.clear());
    store.on(['tables', 'machine'], () => {
      this.listed = '';
    });
    selection.onChange(() => this.askForTables());
  }

  /** Shows how things are now. */
  update(): void {
    const { machine, tables } = this.store;
    const { nets } = this.map;
    if (machine === undefined || nets === undefined) return;
    let entries = 0;
    for (const table of tables.values()) entries += table.length / 3;
    const { chip } = this.selection;
    const isLarge = entries > MOST_ENTRIES || !machine.tellsAll;
    const wanted = isLarge ? `chip ${chip}` : 'all';
    if (this.listed !== wanted) {
      this.listed = wanted;
      this.nets = nets.startingOn(isLarge ? (chip < 0 ? [] : [chip]) : tables.keys());
      this.fill();
    }
    setText(this.about, this.describe(machine));
    for (const button of this.list.getElementsByTagName('button')) {
      const net = this.nets[Number(button.dataset.net)];
      button.setAttribute('aria-pressed', String(net !== undefined && this.isChosen(net)));
    }
  }

  private isChosen({ chip, key, mask }: Net): boolean {
    const { net } = this.selection;
    return net?.chip === chip && net.key === key && net.mask === mask;
  }

  private fill(): void {
    const { machine, tables } = this.store;
    if (machine === undefined) return;
    const wanted = this.search.value.trim().toLowerCase();
    const found = this.nets
      .map((net, index) => ({ net, index, text: nameOf(machine, net) }))
      .filter(({ text }) => text.toLowerCase().includes(wanted));
    const shown = found.slice(0, MOST_SHOWN);
    const names = shown.map(({ text, index }) => `${index} ${text}`).join('\n');
    if (names !== this.names) {
      this.names = names;
      this.fillList(shown);
    }
    const more = found.length > MOST_SHOWN ? `, ${MOST_SHOWN} of them listed` : '';
    const hint = machine.tellsAll
      ? 'No chip has routing entries.'
      : 'Select a chip to see the nets that begin there.';
    setText(
      this.summary,
      this.nets.length === 0
        ? tables.size === 0 || machine.tellsAll
          ? hint
          : 'No net begins on this chip.'
        : `${count(found.length)} nets by their keys and first chips${more}`,
    );
  }

  private fillList(
    shown: readonly { readonly net: Net; readonly index: number; readonly text: string }[],
  ): void {
    this.list.replaceChildren(
      ...shown.map(({ net, index, text }) => {
        const button = h('button', { type: 'button', 'data-net': String(index) }, text);
        button.onclick = () => this.selection.choose({ net: this.isChosen(net) ? undefined : net });
        return h('li', {}, button);
      }),
    );
  }

  private describe(machine: MachineMessage): string {
    const { net } = this.selection;
    const tree = this.map.selectedTree;
    if (net === undefined || tree === undefined) return '';
    const cores = tree.sinks.reduce((sum, sink) => sum + ones(sink.cores), 0);
    const layers = new Set(
      tree.sinks.flatMap(({ chip, cores: mask }) =>
        Array.from({ length: CORES_OF_CHIP }, (_, core) =>
          (mask >>> core) & 1 ? this.store.layerOf(chip * CORES_OF_CHIP + core) : undefined,
        ).filter((name) => name !== undefined),
      ),
    );
    const to = layers.size > 0 ? ` (${[...layers].join(', ')})` : '';
    return [
      `${nameOf(machine, net)}: ${count(tree.hops.length)} hops to ${count(cores)} cores${to} on ${count(tree.sinks.length)} chips.`,
      ...(tree.broken.length > 0 ? [`${tree.broken.length} branches end at a dead link.`] : []),
      ...(tree.unknown.length > 0 ? ['Tables on its way are being read.'] : []),
    ].join(' ');
  }

  /** On large machines tables are told only when they are asked for: of the chip, and along the tree. */
  private askForTables(): void {
    const { machine } = this.store;
    if (machine === undefined || machine.tellsAll) return;
    const { chip } = this.selection;
    const wanted = [...(chip < 0 ? [] : [chip]), ...(this.map.selectedTree?.unknown ?? [])];
    for (const each of wanted) {
      if (this.asked.has(each)) continue;
      this.asked.add(each);
      this.source().ask({ about: 'chip', chip: each });
    }
  }

  /** To be called when tables came in, which may be those that a tree waits for. */
  tablesCame(): void {
    this.askForTables();
  }
}

function nameOf(machine: MachineMessage, { chip, key, mask }: Net): string {
  const keys = mask === 0xffffffff ? hex(key) : `${hex(key)}/${hex(mask)}`;
  return `${keys} from ${machine.x[chip]},${machine.y[chip]}`;
}

function ones(mask: number): number {
  let found = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) found++;
  return found;
}

/** Puts the page together: parts, keys, and who is told when something changed. */
import type { Message } from '../../src/view/messages.js';
import { CORES_OF_CHIP, NO_ANSWER } from '../../src/view/messages.js';
import { ChipPanel } from './chip-panel.js';
import { type LegendEntry, MODES, type Mode } from './colouring.js';
import { KINDS, kindOf } from './core-kinds.js';
import { drawCore } from './core-signs.js';
import { find, h, onceAFrame, setText } from './dom.js';
import { DropsBanner } from './drops-banner.js';
import { MapView } from './map-view.js';
import { NetsPanel } from './nets-panel.js';
import { count, rate } from './numbers.js';
import { Selection } from './selection.js';
import type { Source } from './source.js';
import { Store } from './store.js';
import { Tabs } from './tabs.js';
import { readTheme } from './theme.js';
import { Timeline } from './timeline.js';
import { TrainingPanel } from './training-panel.js';

const MODE_NAMES: Readonly<Record<Mode, string>> = {
  states: 'States',
  programs: 'Programs',
  traffic: 'Traffic',
  tables: 'Tables',
  boards: 'Boards',
};

/** A page that runs. */
export interface Page {
  readonly store: Store;
  readonly selection: Selection;
}

/** What differs between pages. */
export interface PageOptions {
  /** Makes the source of messages. */
  connect(take: (message: Message) => void): Source;
  /** The page as a file that holds some messages; absent where a page cannot be saved. */
  save?(messages: readonly Message[]): string;
}

/** Starts the page in the document. */
export function startPage({ connect, save }: PageOptions): Page {
  const store = new Store();
  const selection = new Selection();
  let theme = readTheme();
  const take = (message: Message) => store.take(message);
  let source: Source = { isLive: true, ask: () => {} };
  const currentSource = () => source;

  const tip = find('tip', HTMLElement);
  const map = new MapView(find('machine', HTMLCanvasElement), {
    store,
    selection,
    noted: () => drops.noted,
    drawn: (colouring) => showLegend(colouring.legend()),
    pointed: (chip, x, y) => showTip(tip, store, chip, x, y),
  });
  const reveal = (chip: number) => {
    selection.choose({ chip, core: -1 });
    map.reveal(chip);
    tabs.open('chip');
  };
  const drops = new DropsBanner(find('drops', HTMLElement), store, reveal, map.redraw);
  const tabs = new Tabs(find('tabs', HTMLElement), ['chip', 'nets', 'training']);
  const chip = new ChipPanel(find('panel-chip', HTMLElement), store, selection, currentSource);
  const nets = new NetsPanel(find('panel-nets', HTMLElement), store, selection, map, currentSource);
  const training = new TrainingPanel(find('panel-training', HTMLElement), store, () => theme);

  const showLegend = legendOf(find('legend', HTMLElement), () => theme);
  const update = onceAFrame(() => {
    showTitle(store);
    showFigures(store);
    drops.update();
    chip.update();
    nets.update();
    training.update();
  });
  store.on(['machine', 'frame', 'programs', 'tables', 'iobuf', 'status', 'training'], update);
  store.on(['tables'], () => nets.tablesCame());
  selection.onChange(update);
  let showsTraining = false;
  store.on(['training'], () => {
    if (!showsTraining) tabs.open('training');
    showsTraining = true;
  });
  let chipBefore = -1;
  selection.onChange(() => {
    if (selection.chip !== chipBefore && selection.chip >= 0 && !tabs.isOpen('nets'))
      tabs.open('chip');
    chipBefore = selection.chip;
    setText(find('said', HTMLElement), inWords(store, selection.chip));
  });

  chooser(find('modes', HTMLElement), 'colour', MODES, MODE_NAMES, (mode) =>
    selection.choose({ mode }),
  );
  chooser(
    find('shapes', HTMLElement),
    'shape',
    ['hexagons', 'squares'] as const,
    { hexagons: 'Hexagons', squares: 'Squares' },
    (shape) => selection.choose({ shape }),
  );
  find('zoom-in', HTMLButtonElement).onclick = () => map.zoom(1.4);
  find('zoom-out', HTMLButtonElement).onclick = () => map.zoom(1 / 1.4);
  find('fit', HTMLButtonElement).onclick = () => map.fit();
  themeButton(find('theme', HTMLButtonElement), () => {
    theme = readTheme();
    map.refreshTheme();
    chip.refreshTheme();
    timeline.redraw();
    update();
  });
  const help = find('help-text', HTMLDialogElement);
  find('help', HTMLButtonElement).onclick = () => help.showModal();
  const saving = find('save', HTMLButtonElement);
  saving.hidden = save === undefined;
  saving.onclick = () =>
    save && download(save(store.recording()), `${store.machine?.name ?? 'machine'}.html`);

  source = connect(take);
  const timeline = new Timeline(find('timeline', HTMLElement), store, () => theme, source.isLive);
  document.addEventListener('keydown', (event) => {
    if (event.target instanceof HTMLInputElement && event.target.type !== 'radio') return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const mode = MODES[Number(event.key) - 1];
    if (mode !== undefined) {
      const input = document.querySelector<HTMLInputElement>(`input[name=colour][value=${mode}]`);
      input?.click();
    } else if (event.key === 'l') timeline.goLive();
    else if (event.key === 'd' && drops.worstChip >= 0) reveal(drops.worstChip);
    else if (event.key === '?') help.showModal();
  });
  update();
  return { store, selection };
}

/** A group of choices of which one holds. */
function chooser<Value extends string>(
  root: HTMLElement,
  name: string,
  values: readonly Value[],
  names: Readonly<Record<Value, string>>,
  choose: (value: Value) => void,
): void {
  values.forEach((value, index) => {
    const input = h('input', { type: 'radio', name, value, id: `${name}-${value}` });
    input.checked = index === 0;
    input.onchange = () => choose(value);
    root.append(input, h('label', { for: `${name}-${value}` }, names[value]));
  });
}

function showTitle({ machine, status }: Store): void {
  const name = machine?.name ?? 'spin-tools';
  setText(find('name', HTMLElement), name);
  document.title = `${name} · spin-tools`;
  const line = find('status', HTMLElement);
  line.dataset.status = status?.status ?? 'waiting';
  setText(line, status?.text ?? 'connecting');
  find('empty', HTMLElement).hidden = machine !== undefined;
}

function showFigures({ machine, shown, moments }: Store): void {
  let running = 0;
  let wrong = 0;
  let silent = 0;
  let dropped = 0;
  for (let chip = 0; chip < (machine?.x.length ?? 0); chip++) {
    dropped += shown.droppedBy(chip);
    for (let core = 1; core < (machine?.cores[chip] ?? 0); core++) {
      const kind = kindOf(shown.states[chip * CORES_OF_CHIP + core] as number);
      if (kind === 'run' || kind === 'sync' || kind === 'pause') running++;
      if (kind === 'error') wrong++;
    }
    if (shown.states[chip * CORES_OF_CHIP] === NO_ANSWER) silent++;
  }
  const recent = moments.findLast(({ at }) => at <= shown.at);
  const figures: readonly [id: string, value: string, alarming: boolean][] = [
    ['chips', count(machine?.x.length ?? 0), false],
    ['running', count(running), false],
    ['sent', rate(recent?.packetRate ?? 0), false],
    [
      'wrong',
      silent > 0 ? `${count(wrong)} + ${count(silent)} silent chips` : count(wrong),
      wrong + silent > 0,
    ],
    ['dropped', count(dropped), dropped > 0],
  ];
  for (const [id, value, alarming] of figures) {
    const element = find(`figure-${id}`, HTMLElement);
    setText(element, value);
    element.classList.toggle('alarm', alarming);
  }
}

const SIGN_PIXELS = 14;

/** Shows what colours mean; only anew when that changed. */
function legendOf(root: HTMLElement, theme: () => ReturnType<typeof readTheme>) {
  let shown = '';
  return (entries: readonly LegendEntry[]): void => {
    const now = JSON.stringify(entries);
    if (now === shown) return;
    shown = now;
    root.replaceChildren(
      ...entries.map(({ colours, text, sign }) => {
        const item = h('li', {});
        const kind = KINDS.find((each) => each === sign);
        if (kind !== undefined) {
          const size = String(SIGN_PIXELS * devicePixelRatio);
          const canvas = h('canvas', { width: size, height: size, 'aria-hidden': 'true' });
          const pen = canvas.getContext('2d');
          const middle = canvas.width / 2;
          if (pen)
            drawCore(pen, { x: middle, y: middle, radius: canvas.width * 0.36 }, kind, theme());
          item.append(canvas);
        } else if (colours.length > 0) {
          const swatch = h('i', { class: colours.length > 1 ? 'ramp' : 'swatch' });
          swatch.style.background =
            colours.length > 1
              ? `linear-gradient(to right, ${colours.join(',')})`
              : (colours[0] as string);
          item.append(swatch);
        }
        item.append(text);
        return item;
      }),
    );
  };
}

function showTip(tip: HTMLElement, store: Store, chip: number, x: number, y: number): void {
  tip.hidden = chip < 0;
  if (chip < 0) return;
  setText(tip, inWords(store, chip));
  tip.style.left = `${Math.min(x + 14, innerWidth - 260)}px`;
  tip.style.top = `${Math.min(y + 14, innerHeight - 60)}px`;
}

/** A chip in a sentence. */
function inWords({ machine, shown }: Store, chip: number): string {
  if (machine === undefined || chip < 0) return '';
  const cores = machine.cores[chip] as number;
  let running = 0;
  for (let core = 1; core < cores; core++) {
    if (kindOf(shown.states[chip * CORES_OF_CHIP + core] as number) === 'run') running++;
  }
  const dropped = shown.droppedBy(chip);
  return [
    `chip ${machine.x[chip]}, ${machine.y[chip]}: ${running} of ${cores - 1} cores run`,
    `${count(shown.entries[chip] as number)} routing entries`,
    rate(shown.routerRate[chip] as number),
    ...(dropped > 0 ? [`${count(dropped)} dropped`] : []),
  ].join(', ');
}

/** Colours as the system has them, or the others. */
function themeButton(button: HTMLButtonElement, changed: () => void): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
  const show = () => {
    setText(button, isDark() ? 'Light' : 'Dark');
    changed();
  };
  button.onclick = () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    show();
  };
  dark.addEventListener('change', show);
  queueMicrotask(show);
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/html' }));
  const link = h('a', { href: url, download: name.replaceAll(/[^\w.-]+/g, '-') });
  link.click();
  URL.revokeObjectURL(url);
}

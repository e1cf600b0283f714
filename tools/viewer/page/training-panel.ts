/** How training goes: curves of loss and metrics, progress, and what each layer's cores did. */
import { lineChart } from '../../src/report/line-chart.js';
import type { EpochMessage, LayerUse, TrainingMessage } from '../../src/view/messages.js';
import { h, setText } from './dom.js';
import { count } from './numbers.js';
import type { Store } from './store.js';
import type { Theme } from './theme.js';

/** Shows a training run. */
export class TrainingPanel {
  private readonly title = h('h2', {}, 'Training');
  private readonly bar = h('progress', { max: '1', value: '0', 'aria-label': 'epochs done' });
  private readonly state = h('p', { class: 'hint' });
  private readonly curves = h('div', { class: 'curves' });
  private readonly rows = h('tbody');
  private readonly layers: HTMLElement;
  private shown = '';

  constructor(
    root: HTMLElement,
    private readonly store: Store,
    private readonly theme: () => Theme,
  ) {
    const heads = ['layer', 'cores', 'busy', 'used', 'packets', 'clamped'];
    this.layers = h(
      'div',
      {},
      h('h3', {}, 'Layers in the last epoch'),
      h(
        'table',
        { class: 'layers' },
        h('thead', {}, h('tr', {}, ...heads.map((name) => h('th', { scope: 'col' }, name)))),
        this.rows,
      ),
      h(
        'p',
        { class: 'hint' },
        'Busy: time of the layer’s busiest core. Used: share of the epoch for which its cores were awake. Clamped: values that did not fit their number format.',
      ),
    );
    root.append(this.title, this.state, this.bar, this.curves, this.layers);
  }

  /** Shows how things are now. */
  update(): void {
    const { training, progress, epochs } = this.store;
    if (training === undefined) {
      setText(this.state, 'Nothing is trained. "spin-tools train --view" shows its curves here.');
      this.bar.hidden = true;
      this.layers.hidden = true;
      return;
    }
    this.bar.hidden = false;
    setText(this.title, training.title);
    setText(this.state, stateOf(training, epochs, progress?.epoch ?? 0, progress?.batch ?? 0));
    this.bar.value = shareDone(training, epochs, progress?.epoch ?? -1, progress?.batch ?? 0);
    const now = `${training.title} ${epochs.length}`;
    if (this.shown === now) return;
    this.shown = now;
    this.drawCurves(epochs);
    this.fillLayers(epochs);
  }

  private drawCurves(epochs: readonly EpochMessage[]): void {
    const names = [...new Set(epochs.flatMap(({ logs }) => Object.keys(logs)))];
    this.curves.replaceChildren(
      ...names.map((name) => {
        const values = epochs.map(({ logs }) => logs[name] ?? Number.NaN);
        const figure = h('figure', { 'data-curve': name, 'data-points': String(values.length) });
        const last = values.at(-1) ?? 0;
        figure.append(
          h(
            'figcaption',
            {},
            h('span', {}, name.replaceAll('_', ' ')),
            h('b', {}, last.toPrecision(3)),
          ),
        );
        // The chart is markup of our own, made of numbers; the name of the curve is escaped there.
        figure.insertAdjacentHTML('beforeend', lineChart(values, name).markup);
        return figure;
      }),
    );
  }

  private fillLayers(epochs: readonly EpochMessage[]): void {
    const last = epochs.findLast(({ layers }) => layers !== undefined)?.layers ?? [];
    this.layers.hidden = last.length === 0;
    this.rows.replaceChildren(...last.map((layer, index) => this.layerRow(layer, index)));
  }

  private layerRow(layer: LayerUse, index: number): HTMLTableRowElement {
    const { programs } = this.theme();
    const swatch = h('i', { class: 'swatch' });
    swatch.style.background = programs[index % programs.length] as string;
    const share = Math.round(layer.utilisation * 100);
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, swatch, layer.name),
      h('td', {}, layer.cores),
      h('td', {}, `${(layer.busySeconds * 1000).toPrecision(3)} ms`),
      h('td', {}, `${share} %`),
      h('td', {}, count(layer.packetsSent)),
      h('td', layer.saturations > 0 ? { class: 'alarm' } : {}, count(layer.saturations)),
    );
  }
}

function stateOf(
  { epochs: all, batches }: TrainingMessage,
  epochs: readonly EpochMessage[],
  epoch: number,
  batch: number,
): string {
  if (epochs.length >= all) return `${all} epochs done`;
  const running = Math.max(epoch, epochs.length);
  const done = epoch === running ? batch : 0;
  return `epoch ${running + 1} of ${all}, batch ${done} of ${batches}`;
}

function shareDone(
  { epochs: all, batches }: TrainingMessage,
  epochs: readonly EpochMessage[],
  epoch: number,
  batch: number,
): number {
  const part = epoch === epochs.length ? batch / Math.max(1, batches) : 0;
  return Math.min(1, (epochs.length + part) / all);
}

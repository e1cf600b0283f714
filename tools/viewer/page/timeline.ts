/** Traffic over time, drops marked; a slider over it goes back in time. */
import { h, onceAFrame, setText } from './dom.js';
import { rate, span } from './numbers.js';
import type { Store } from './store.js';
import type { Theme } from './theme.js';

/** Shows and chooses the time. */
export class Timeline {
  private readonly canvas = h('canvas', { 'aria-hidden': 'true' });
  private readonly slider = h('input', {
    type: 'range',
    min: '0',
    max: '1000',
    step: '1',
    value: '1000',
    'aria-label': 'time that is shown',
  });
  private readonly live = h('button', { type: 'button', 'aria-pressed': 'true' }, 'Live');
  private readonly label = h('output', { class: 'when' });
  readonly redraw = onceAFrame(() => this.draw());

  constructor(
    root: HTMLElement,
    private readonly store: Store,
    private readonly theme: () => Theme,
    isLive: boolean,
  ) {
    if (!isLive) setText(this.live, 'Latest');
    root.append(this.live, h('div', { class: 'track' }, this.canvas, this.slider), this.label);
    this.slider.oninput = () => {
      const { moments } = store;
      const last = Number(this.slider.max);
      const share = Number(this.slider.value) / last;
      const [start, end] = [moments[0]?.at ?? 0, moments.at(-1)?.at ?? 0];
      store.seek(share >= 1 ? undefined : start + share * (end - start));
    };
    this.live.onclick = () => this.goLive();
    store.on(['frame', 'machine'], this.redraw);
    new ResizeObserver(this.redraw).observe(this.canvas);
  }

  /** Shows the present again. */
  goLive(): void {
    this.slider.value = this.slider.max;
    this.store.seek(undefined);
  }

  private draw(): void {
    const { store, canvas } = this;
    const { moments, shown, isLive } = store;
    this.live.setAttribute('aria-pressed', String(isLive));
    if (isLive) this.slider.value = this.slider.max;
    const end = moments.at(-1)?.at ?? 0;
    const peak = moments.reduce((most, { packetRate }) => Math.max(most, packetRate), 0);
    const when = isLive ? 'now' : `${span((end - shown.at) / 1000)} ago`;
    const simulated =
      shown.simulatedNs === undefined
        ? ''
        : `, ${(shown.simulatedNs / 1e9).toFixed(3)} s simulated`;
    setText(this.label, `${when}${simulated}, peak ${rate(peak)}`);
    this.slider.setAttribute('aria-valuetext', when);
    const ratio = devicePixelRatio;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const pen = canvas.getContext('2d');
    if (pen) this.drawCurve(pen, canvas.width, canvas.height, peak, ratio);
  }

  private drawCurve(
    pen: CanvasRenderingContext2D,
    width: number,
    height: number,
    peak: number,
    ratio: number,
  ): void {
    const { moments, shown } = this.store;
    const theme = this.theme();
    const start = moments[0]?.at ?? 0;
    const end = moments.at(-1)?.at ?? 1;
    const across = (at: number) => ((at - start) / Math.max(1, end - start)) * width;
    pen.beginPath();
    pen.moveTo(0, height);
    for (const { at, packetRate } of moments) {
      pen.lineTo(across(at), height - (packetRate / Math.max(1, peak)) * (height - 3 * ratio));
    }
    pen.lineTo(width, height);
    pen.closePath();
    pen.fillStyle = theme.heat[24] as string;
    pen.fill();
    pen.fillStyle = theme.alarm;
    for (const { at, dropped } of moments) {
      if (dropped > 0)
        pen.fillRect(Math.min(width - 3 * ratio, across(at) - ratio), 0, 3 * ratio, height);
    }
    pen.fillStyle = theme.focus;
    pen.fillRect(Math.min(width - 2 * ratio, across(shown.at) - ratio), 0, 2 * ratio, height);
  }
}

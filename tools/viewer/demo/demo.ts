/** The demo: the viewer around a machine that runs in this page, and a place to draw digits for it. */
import { find, h, setText } from '../page/dom.js';
import { startPage } from '../page/page.js';
import { Drawing } from './drawing.js';
import { type Digits, type Job, KINDS, type News, PIXELS, unpackDigits } from './jobs.js';

/** Passes over the digits at a press of the button. */
const EPOCHS = 6;

const textOf = (id: string): string => document.getElementById(id)?.textContent ?? '';
const program = new Blob([textOf('worker')], { type: 'text/javascript' });
const worker = new Worker(URL.createObjectURL(program));
const send = (job: Job): void => worker.postMessage(job);

const own: { pixels: Float32Array; label: number }[] = [];
const state = find('demo-state', HTMLElement);
const bars = Array.from({ length: KINDS }, (_, digit) => {
  const fill = h('span');
  const share = h('span', { class: 'share' });
  find('demo-bars', HTMLElement).append(
    h(
      'li',
      {},
      h('b', {}, digit),
      h('span', { class: 'gauge', 'aria-hidden': 'true' }, fill),
      share,
    ),
  );
  return { fill, share };
});

const drawing = new Drawing(find('demo-canvas', HTMLCanvasElement), () =>
  send({ type: 'predict', pixels: drawing.pixels() }),
);
find('demo-clear', HTMLButtonElement).onclick = () => drawing.clear();
find('demo-train', HTMLButtonElement).onclick = () =>
  send({ type: 'train', own: ownDigits(), epochs: EPOCHS });
find('demo-stop', HTMLButtonElement).onclick = () => send({ type: 'stop' });
const labels = find('demo-labels', HTMLElement);
for (let label = 0; label < KINDS; label++) {
  const button = h('button', { type: 'button', 'aria-label': `it is a ${label}` }, label);
  button.onclick = () => {
    if (drawing.isEmpty) return;
    own.push({ pixels: drawing.pixels(), label });
    setText(find('demo-own', HTMLElement), `${own.length} of your own among them`);
    drawing.clear();
  };
  labels.append(button);
}

startPage({
  connect: (take) => {
    worker.addEventListener('message', ({ data }: MessageEvent<News>) => {
      if (data.type === 'message') take(data.message);
      else show(data);
    });
    return { isLive: true, ask: (question) => send({ type: 'ask', question }) };
  },
});
document.getElementById('theme')?.addEventListener('click', () => drawing.paint());
send({ type: 'start', digits: unpackDigits(textOf('digits').trim()) });

function show(news: Exclude<News, { type: 'message' }>): void {
  switch (news.type) {
    case 'busy':
      setText(state, `The machine ${news.text}.`);
      state.dataset.busy = String(news.busy);
      return;
    case 'failed':
      setText(state, news.text);
      return;
    case 'prediction': {
      const most = Math.max(...news.outputs);
      bars.forEach(({ fill, share }, digit) => {
        const value = news.outputs[digit] ?? 0;
        fill.style.width = `${Math.round(value * 100)}%`;
        fill.parentElement?.classList.toggle('most', value === most);
        setText(share, `${Math.round(value * 100)} %`);
      });
      setText(find('demo-said', HTMLElement), `It looks like a ${news.outputs.indexOf(most)}.`);
    }
  }
}

function ownDigits(): Digits {
  const pixels = new Float32Array(own.length * PIXELS);
  own.forEach((digit, index) => {
    pixels.set(digit.pixels, index * PIXELS);
  });
  return { pixels, labels: Uint8Array.from(own, ({ label }) => label) };
}

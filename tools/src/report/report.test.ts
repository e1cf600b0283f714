import t from 'tap';
import { lineChart, niceTicks } from './line-chart.js';
import { reportPage, type TrainingReport } from './report.js';

const report: TrainingReport = {
  title: 'A <b>title</b> & more',
  summary: '4-2 on two chips',
  figures: [['accuracy', '93.1 %']],
  history: { loss: [0.9, 0.4], accuracy: [0.5, 0.75] },
  chips: [
    { x: 0, y: 0, cores: 18 },
    { x: 1, y: 0, cores: 17 },
  ],
  layers: [
    {
      name: 'dense',
      description: 'Dense 4 to 2, softmax',
      cores: [
        { x: 0, y: 0, core: 1 },
        { x: 0, y: 0, core: 2 },
        { x: 1, y: 0, core: 1 },
      ],
    },
  ],
  traffic: [
    { x: 0, y: 0, link: 0, packets: 1200 },
    { x: 1, y: 0, link: 3, packets: 300 },
    { x: 1, y: 0, link: 2, packets: 0 },
  ],
  trafficUnit: 'packets in all',
  notes: ['Predictions of a model.'],
};

const count = (text: string, part: string | RegExp) => text.split(part).length - 1;

t.test(
  'a report shows figures, both curves, every chip, every core and every used link',
  async (t) => {
    const html = reportPage(report);
    t.match(html, '<dt>accuracy</dt><dd>93.1 %</dd>');
    t.equal(count(html, 'class="chip"'), 4, 'two chips in each of two pictures');
    t.equal(count(html, 'class="idle"'), 18 + 17 - 3);
    t.match(html, 'chip (0, 0), 18 cores: dense');
    t.match(html, '(0, 0) east: 1,200 packets');
    t.equal(count(html, / packets<\/title>/), 2, 'links without packets are not drawn');
    t.match(html, /<td>Dense 4 to 2, softmax<\/td><td>3<\/td><td>2<\/td>/);
  },
);

t.test('without a machine there are no pictures of one', async (t) => {
  const html = reportPage({ ...report, chips: [], layers: [], traffic: [] });
  t.notMatch(html, 'polygon');
  t.notMatch(html, /NaN|Infinity/);
});

t.test('a report is one file, and nothing in it can become markup', async (t) => {
  const html = reportPage(report);
  t.match(html, '<h1>A &lt;b&gt;title&lt;/b&gt; &amp; more</h1>');
  t.notMatch(html, /<script|<link|src=|href=|url\(/);
});

t.test('every opened tag of a report is closed in order', async (t) => {
  const open: string[] = [];
  const crossed: string[] = [];
  for (const [, end, name = ''] of reportPage(report).matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (name === 'meta') continue;
    if (end === '') open.push(name);
    else if (open.pop() !== name) crossed.push(name);
  }
  t.strictSame([open, crossed], [[], []]);
});

t.test('a chart of one epoch, of equal values or of none has finite coordinates', async (t) => {
  for (const values of [[0.5], [2, 2, 2], [0], []]) {
    t.notMatch(lineChart(values, 'loss').markup, /NaN|Infinity/);
  }
});

t.test('axis marks are round numbers around all values', async (t) => {
  t.strictSame(niceTicks([0.29, 0.91]), [0.2, 0.4, 0.6, 0.8, 1]);
  t.strictSame(niceTicks([74, 92]), [70, 75, 80, 85, 90, 95]);
  t.strictSame(niceTicks([-3, 1]), [-3, -2, -1, 0, 1]);
});

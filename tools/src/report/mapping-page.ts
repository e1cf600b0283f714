/** One file of HTML that shows a mapping: chips, boards, placements, trees, link load, table fill. */
import type { Mapping } from '@spin-tools/nn-mapper';
import { mappingData } from './mapping-data.js';
import { MAPPING_SCRIPT } from './mapping-script.js';
import { element, type Markup, page } from './markup.js';
import { STYLE } from './style.js';

const MAPPING_STYLE = `${STYLE}
#machine { width: 100%; height: 70vh; border: 1px solid var(--line); border-radius: .5rem; background: #fff; touch-action: none; }
#about { min-height: 6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
label { margin-right: 1.5rem; }
`;

const MODES = [
  ['cores', 'cores in use'],
  ['entries', 'table fill'],
  ['load', 'link load'],
  ['boards', 'boards'],
] as const;

/**
 * The page.
 * @param title of the page: what was mapped
 * @param seconds that mapping took
 */
export function mappingPage(title: string, mapping: Mapping, seconds: number): string {
  const data = mappingData(mapping);
  const leftOut =
    data.netsLeftOut > 0
      ? ` ${data.netsLeftOut.toLocaleString('en')} nets with less traffic are left out.`
      : '';
  return page(title, MAPPING_STYLE, [
    element('h1', {}, title),
    figures(mapping, seconds),
    element(
      'p',
      {},
      element('label', {}, 'Colour ', element('select', { id: 'mode' }, ...MODES.map(option))),
      element('label', {}, 'Net ', element('input', { id: 'net', list: 'nets', size: 40 })),
      element('datalist', { id: 'nets' }),
    ),
    element('canvas', { id: 'machine' }),
    element(
      'p',
      {},
      `Turn the wheel to zoom, drag to move, click a chip for what is on it. A net is drawn from its source (black) to its sinks (green).${leftOut}`,
    ),
    element('pre', { id: 'about' }),
    { markup: `<script id="data" type="application/json">${json(data)}</script>` },
    { markup: `<script>${MAPPING_SCRIPT}</script>` },
  ]);
}

const option = ([value, text]: readonly [string, string]): Markup =>
  element('option', { value }, text);

/** JSON that cannot end its script element. */
const json = (data: unknown): string => JSON.stringify(data).replaceAll('<', '\\u003c');

function figures({ statistics }: Mapping, seconds: number): Markup {
  const shown: readonly [string, number | string][] = [
    ['vertices', statistics.vertices],
    ['chips used', statistics.chipsUsed],
    ['nets', statistics.nets],
    ['hops', statistics.hops],
    ['largest table', statistics.entries.most],
    ['nets on the busiest link', statistics.mostNetsOnLink],
    ['mapped in', `${seconds.toFixed(2)} s`],
  ];
  return element(
    'dl',
    { class: 'figures' },
    ...shown.map(([name, value]) =>
      element(
        'div',
        {},
        element('dt', {}, name),
        element('dd', {}, typeof value === 'number' ? value.toLocaleString('en') : value),
      ),
    ),
  );
}

/** The navigation: which pages stand together, in the order in which a reader wants them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COLLECTED, collected, fileOf, ROOT } from './pages.mjs';

/** Groups of pages. A page that is in none of them comes last, so that none is ever lost. */
const GROUPS = {
  Start: ['overview.md', 'newcomer.md', 'install.md', 'examples.md'],
  Tutorials: ['tutorials/board-owner.md', 'tutorials/tool-author.md', 'tutorials/keras-user.md'],
  'How to': [
    'commands.md',
    'viewer.md',
    'real-board.md',
    'spalloc.md',
    'debugging.md',
    'fault-plans.md',
    'interop.md',
    'real-monitor.md',
  ],
  'What is computed': [
    'keras.md',
    'layers.md',
    'on-core-programs.md',
    'mapping.md',
    'accuracy.md',
    'predictions.md',
  ],
  Protocols: [
    'protocols/index.md',
    'protocols/sdp.md',
    'protocols/scp.md',
    'protocols/bmp.md',
    'protocols/boot.md',
    'protocols/tags.md',
    'protocols/spalloc.md',
    'monitor.md',
  ],
  Packages: [
    'packages/scp.md',
    'packages/machine-model.md',
    'packages/spalloc-client.md',
    'packages/nn-mapper.md',
    'packages/sim.md',
    'packages/sim-firmware.md',
    'packages/keras-backend.md',
    'packages/tools.md',
    'benchmarks.md',
  ],
  'This project': ['architecture.md', 'contributing.md'],
};

/** Groups for the navigation of VitePress; titles are those of the pages. */
export function sidebar() {
  const present = collected()
    .map(({ page }) => page)
    .filter((page) => page.endsWith('.md') && page !== 'index.md');
  const named = new Set(Object.values(GROUPS).flat());
  const others = present.filter((page) => !named.has(page));
  const groups = Object.entries({ ...GROUPS, More: others })
    .map(([text, pages]) => ({
      text,
      items: pages.filter((page) => present.includes(page)).map(item),
    }))
    .filter(({ items }) => items.length > 0);
  return [...groups, { text: 'API', items: entryPoints() }];
}

function item(page) {
  const text = readFileSync(join(ROOT, fileOf(page)), 'utf8');
  const title = /^# (.+)$/m.exec(text)?.[1];
  if (title === undefined)
    throw new Error(`${fileOf(page)} has no title, a line that begins with "# "`);
  return { text: title, link: `/${page}` };
}

/** What the reference was made of. */
function entryPoints() {
  const file = join(COLLECTED, 'api/typedoc-sidebar.json');
  if (!existsSync(file)) throw new Error(`There is no ${file}: run node collect.mjs first`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

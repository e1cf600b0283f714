/** Which files of the repository are pages of the site, and under which names. */
import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the whole repository, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Where pages are collected before they are built; nothing in there is kept. */
export const COLLECTED = join(ROOT, 'site/collected');

/** Pages that are not in docs/, by their files' paths in the repository. */
const OUTSIDE_DOCS = {
  'README.md': 'overview.md',
  'CONTRIBUTING.md': 'contributing.md',
  'packages/scp/README.md': 'packages/scp.md',
  'packages/machine-model/README.md': 'packages/machine-model.md',
  'packages/spalloc-client/README.md': 'packages/spalloc-client.md',
  'packages/nn-mapper/README.md': 'packages/nn-mapper.md',
  'packages/sim/README.md': 'packages/sim.md',
  'packages/sim/firmware/README.md': 'packages/sim-firmware.md',
  'packages/keras-backend/README.md': 'packages/keras-backend.md',
  'tools/README.md': 'packages/tools.md',
  'examples/README.md': 'examples.md',
  'bench/README.md': 'benchmarks.md',
};

const DOCS = 'docs/';

/** Page or picture that a file of the repository becomes, such as `packages/scp.md`; undefined for others. */
export function pageOf(file) {
  return file.startsWith(DOCS) ? file.slice(DOCS.length) : OUTSIDE_DOCS[file];
}

/** File of the repository that became a page; undefined when the page was generated. */
export function fileOf(page) {
  const outside = Object.entries(OUTSIDE_DOCS).find(([, name]) => name === page);
  if (outside !== undefined) return outside[0];
  return page.startsWith('api/') ? undefined : DOCS + page;
}

/** Everything that is copied to the site, pages and pictures: its path in the repository and on the site. */
export function collected() {
  const inDocs = readdirSync(join(ROOT, DOCS), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(ROOT, DOCS).length))
    .map((name) => name.split(sep).join('/'))
    .map((name) => ({ file: DOCS + name, page: name }));
  return [...inDocs, ...Object.entries(OUTSIDE_DOCS).map(([file, page]) => ({ file, page }))];
}

/**
 * Collects the pages of the site: docs/, the packages' READMEs, and the reference of all public
 * entry points.
 *
 * Run: node collect.mjs. The exit code is 1 when an export has no comment.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COLLECTED, collected, ROOT } from './pages.mjs';
import { writeReference } from './reference.mjs';

rmSync(COLLECTED, { recursive: true, force: true });
for (const { file, page } of collected()) {
  copy(file, page);
  // The first page names pictures by their addresses on the site, where VitePress serves this folder.
  if (!page.endsWith('.md')) copy(file, join('public', page));
}
if (!(await writeReference(join(COLLECTED, 'api')))) process.exitCode = 1;

function copy(file, page) {
  mkdirSync(dirname(join(COLLECTED, page)), { recursive: true });
  cpSync(join(ROOT, file), join(COLLECTED, page));
}

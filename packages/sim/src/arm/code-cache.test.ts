import t from 'tap';
import { codeStore, PageTable } from './code-cache.js';
import { ITCM_BYTES } from './memory.js';

t.test('more cores write to their code than there is space for decoded pages', async (t) => {
  const itcm = new Int32Array(ITCM_BYTES / 4);
  const tables = Array.from({ length: 6000 }, () => new PageTable(itcm));
  const starts = new Set<number>();
  for (const table of tables) {
    table.find(0, 1);
    table.find(0, 0);
    table.written(0);
    for (const thumb of [0, 1]) starts.add(table.find(0, thumb));
  }
  t.ok(Math.max(...starts) < codeStore.length);
  const [first] = tables;
  first?.refresh();
  t.equal(first?.starts[0], 0, 'what one core had was forgotten');
  t.equal(first?.written(0), false);
});

import t from 'tap';
import { codeStore, PageTable } from './code-cache.js';
import { ITCM_BYTES } from './memory.js';

t.test('more cores write to their code than there is space for decoded pages', async (t) => {
  const itcm = new Int32Array(ITCM_BYTES / 4);
  const tables = Array.from({ length: 6000 }, () => new PageTable(itcm));
  const starts = new Set<number>();
  for (const table of tables) {
    for (let change = 0; change < 5; change++) {
      table.find(0, 1);
      table.find(0, 0);
      table.written(0);
    }
    for (const thumb of [0, 1]) starts.add(table.find(0, thumb));
  }
  t.ok(Math.max(...starts) < codeStore.length);
  const [first] = tables;
  first?.refresh();
  t.equal(first?.starts[0], 0, 'what one core had was forgotten');
  t.equal(first?.written(0), false);
});

t.test('blocks of code that take turns are decoded once, whichever core has them', async (t) => {
  const itcm = new Int32Array(ITCM_BYTES / 4);
  const table = new PageTable(itcm);
  const write = (value: number) => {
    itcm.fill(value, 256, 768);
    return table.replaced(1024, 2048);
  };
  t.notOk(write(1), 'nothing was decoded yet');
  const [before, first] = [table.find(0, 0), table.find(2048, 1)];
  t.ok(write(2));
  const second = table.find(2048, 1);
  t.not(second, first);
  t.ok(write(1));
  t.equal(table.find(2048, 1), first, 'it came back');
  t.equal(table.find(0, 0), before, 'code beside it stayed');
  t.equal(new PageTable(itcm).find(2048, 1), first);
  for (let changes = 0; changes < 5; changes++) {
    table.written(2048);
    table.find(2048, 1);
  }
  t.ok(table.isOwned(2, 1), 'changed too often to be shared');
  t.ok(write(2));
  t.equal(table.find(2048, 1), second);
  t.notOk(table.replaced(0, 0));
});

t.test('cores that change their code alike go on sharing decoded pages', async (t) => {
  const images = Array.from({ length: 3 }, () => new Int32Array(ITCM_BYTES / 4));
  const tables = images.map((itcm) => new PageTable(itcm));
  const starts = tables.map((table, core) => {
    table.find(0, 0);
    (images[core] as Int32Array)[1] = core < 2 ? 0x1234 : 0x5678;
    t.ok(table.written(4), 'something was decoded from the word');
    return table.find(0, 0);
  });
  t.equal(starts[0], starts[1]);
  t.not(starts[0], starts[2]);
  t.equal(tables[0]?.isOwned(0, 0), false);
});

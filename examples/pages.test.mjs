import t from 'tap';
import { commandsOf, cutPage, joinPage } from './pages/blocks.mjs';
import { matches } from './pages/output.mjs';
import { pagesToRun, readPage, runPage } from './pages/run.mjs';

for (const file of pagesToRun()) {
  t.test(
    `${file} shows what happens (if not: node examples/pages/update.mjs ${file})`,
    async (t) => {
      t.strictSame((await runPage(readPage(file))).problems, []);
    },
  );
}

t.test('a page that was cut and joined is the same again', async (t) => {
  for (const file of pagesToRun()) t.equal(joinPage(cutPage(readPage(file))), readPage(file));
});

t.test('commands may go on in the next line, and output follows them', async (t) => {
  t.strictSame(commandsOf(['$ a \\', '    b', 'out', '', '$ c']), [
    { lines: ['$ a \\', '    b'], command: 'a b', output: ['out', ''] },
    { lines: ['$ c'], command: 'c', output: [] },
  ]);
});

t.test('output matches but for times, speeds, ports, and lines that are left out', async (t) => {
  const printed = ['one', 'UDP port 51234', 'took 3.2 s', 'four', 'five'];
  t.ok(matches(['one', 'UDP port 40000', 'took 17 s', 'four', 'five'], printed));
  t.ok(matches(['one', '...', 'four', '...'], printed));
  t.ok(matches(['...'], printed));
  t.notOk(matches(['one', '...', 'four'], printed));
  t.notOk(matches(['one', '...', 'three', '...', 'five'], printed));
  t.notOk(matches(['one', 'UDP port 40000'], printed));
});

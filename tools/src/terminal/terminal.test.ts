import { PassThrough } from 'node:stream';
import t from 'tap';
import { addCores, type CoreSelection } from '../machine/core-selection.js';
import { explain } from './explain.js';
import { table } from './table.js';
import { Terminal } from './terminal.js';

const text = (stream: PassThrough) => String(stream.read() ?? '');

t.test('text goes out without --json, the object with it, and never both', async (t) => {
  for (const json of [false, true]) {
    const stdout = new PassThrough();
    const terminal = new Terminal(stdout, new PassThrough(), { json });
    terminal.say('two cores');
    terminal.result({ cores: 2 });
    t.equal(text(stdout), json ? '{"cores":2}\n' : 'two cores\n');
  }
});

t.test('a progress bar is drawn on a terminal only, and cleared at its end', async (t) => {
  const plain = new PassThrough();
  const quiet = new Terminal(new PassThrough(), plain).progress('epoch 1', 10);
  quiet.update(5);
  quiet.stop();
  t.equal(text(plain), '');
  const screen = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const bar = new Terminal(new PassThrough(), screen).progress('epoch 1', 10);
  bar.update(10, '120 samples/s');
  bar.stop();
  t.match(text(screen), 'epoch 1');
});

t.test('tables line up, numbers to the right', async (t) => {
  t.strictSame(
    table(
      ['app', 'cores'],
      [
        ['dense', 9],
        ['a', 128],
      ],
    ),
    ['app    cores', 'dense      9', 'a        128'],
  );
  t.strictSame(table(['app', 'cores'], []), ['app  cores']);
});

t.test("a user's mistake is one line, a mistake of ours a trace", async (t) => {
  class NoSuchBoardError extends Error {
    override readonly name = 'NoSuchBoardError';
  }
  t.equal(explain(new NoSuchBoardError('no board')), 'spin-tools: no board');
  t.match(
    explain(new TypeError('x is undefined')),
    /bug in spin-tools.*\n.*x is undefined[\s\S]*at /,
  );
  t.equal(explain('lost'), 'spin-tools: lost');
});

t.test('errors of the system are put into words', async (t) => {
  const system = (code: string, more: object) =>
    explain(Object.assign(new Error(`${code}: no`), { code, syscall: 'open', ...more }));
  t.equal(system('ENOENT', { path: 'a.json' }), 'spin-tools: there is no file a.json');
  t.match(
    system('EADDRINUSE', { address: '127.0.0.1', port: 17893 }),
    /port 17893 on 127\.0\.0\.1 is taken/,
  );
  t.match(system('EISDIR', {}), 'folder');
  t.equal(system('EWHATEVER', {}), 'spin-tools: EWHATEVER: no');
});

t.test('cores are named by chip, numbers and ranges', async (t) => {
  const select = (...values: string[]) =>
    values.reduce<CoreSelection | undefined>((before, value) => addCores(value, before), undefined);
  t.strictSame(select('0,0:1-3,7', '4,7:17,1,1'), [
    { chip: { x: 0, y: 0 }, cores: [1, 2, 3, 7] },
    { chip: { x: 4, y: 7 }, cores: [1, 17] },
  ]);
  t.equal(select('0,0:1', 'all', '1,1:2'), 'all');
  for (const bad of [
    '',
    '0,0',
    '0,0:',
    '0,0:0',
    '0,0:18',
    '0,0:5-3',
    '0,0:1-',
    '256,0:1',
    'x',
    '0,0:1--2',
  ]) {
    t.throws(() => select(bad), { code: 'commander.invalidArgument' }, bad);
  }
});

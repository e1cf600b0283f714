import { execFile, spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { run, runJson, startBooted } from '../test-support/command-line.js';
import { hasColours } from './terminal/colours.js';
import { Terminal } from './terminal/terminal.js';

/** The installed command. */
const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

/** Runs a line in bash, where `$cli` is the command, without what the test runner has its processes load. */
async function bash(line: string): Promise<{ stdout: string; stderr: string }> {
  const environment = { ...process.env, cli: `${process.execPath} ${CLI}` };
  return promisify(execFile)('bash', ['-c', `unset NODE_OPTIONS; ${line}`], { env: environment });
}

t.test('a reader that has enough ends a command quietly, with 0', async (t) => {
  const xor = t.testdir({
    'xor.json':
      '{"layers":[{"className":"InputLayer","shape":[2]},{"className":"Dense","units":1}]}',
    'data.csv': '0,0,0\n1,1,1\n',
    'ring.json': JSON.stringify({
      vertices: Array.from({ length: 800 }, (_, index) => ({ name: `v${index}` })),
      nets: [],
    }),
  });
  const outputs = `--output ${xor}/out.json --report ${xor}/out.html`;
  const train = `train --model ${xor}/xor.json --data ${xor}/data.csv --engine functional ${outputs}`;
  for (const line of [`${train} --epochs 30`, `map ${xor}/ring.json --explain`, 'train --help']) {
    const { stdout, stderr } = await bash(`$cli ${line} | head -n 1; echo \${PIPESTATUS[0]}`);
    t.match(stdout, /^.+\n0\n$/, line);
    t.equal(stderr, '');
  }
});

t.test('bytes go through pipes into memory and out of it', async (t) => {
  const { options } = await startBooted(t, { board: 'spin3' });
  const at = options.join(' ');
  const { stdout, stderr } = await bash(
    `printf 'one\\0two' | $cli write sdram --file - --quiet ${at} && $cli dump sdram 7 --output - ${at} | od -c -A n`,
  );
  t.strictSame([stdout.trim().replaceAll(/ +/g, ' '), stderr], ['o n e \\0 t w o', '']);
});

t.test('--help loads neither packages nor commands', async (t) => {
  const folder = t.testdir({});
  await bash(`NODE_V8_COVERAGE=${folder} $cli --help`);
  const [file = ''] = await readdir(folder);
  const { result } = JSON.parse(await readFile(`${folder}/${file}`, 'utf8'));
  const loaded = result
    .map(({ url }: { url: string }) => url)
    .filter((url: string) => url.startsWith('file:'));
  t.ok(loaded.some((url: string) => url.endsWith('/command-line.js')));
  const needless = /\/packages\/|cli-progress|cli-table3|\/commands\/(?!all|end)/;
  t.strictSame(
    loaded.filter((url: string) => needless.test(url)),
    [],
  );
});

t.test('colours are for terminals whose user did not refuse them', async (t) => {
  const stream = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY });
  t.equal(hasColours(stream(true), {}), true);
  t.equal(hasColours(stream(true), { NO_COLOR: '' }), true);
  t.equal(hasColours(stream(true), { NO_COLOR: '1' }), false);
  t.equal(hasColours(stream(true), { TERM: 'dumb' }), false);
  t.equal(hasColours(stream(false), {}), false);
  t.equal(hasColours(new PassThrough(), {}), false);
  t.equal(new Terminal(stream(false), new PassThrough()).colours.red('x'), 'x');
  const { stdout } = await bash('$cli --help');
  t.notMatch(stdout, '\u001b');
});

t.test('--quiet leaves what was asked for', async (t) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const terminal = new Terminal(stdout, Object.assign(stderr, { isTTY: true }), { quiet: true });
  terminal.report('booting');
  terminal.note('it is slow');
  terminal.progress('epoch 1', 10).update(3);
  terminal.say('48 chips');
  t.strictSame([String(stdout.read()), stderr.read()], ['48 chips\n', null]);
});

t.test('bash completes commands, options and their values', async (t) => {
  const script = `${t.testdir({})}/completion.bash`;
  await writeFile(script, (await run('completion', 'bash')).stdout);
  const complete = async (...words: string[]): Promise<string[]> => {
    const { stdout } = await bash(
      `. ${script}; COMP_WORDS=(spin-tools ${words.map((word) => `'${word}'`).join(' ')}); ` +
        `COMP_CWORD=${words.length}; _spin_tools; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    return stdout.split('\n').filter((word) => word !== '');
  };
  t.strictSame(await complete('t'), ['table', 'tags', 'train']);
  t.strictSame(await complete('boot', '--b'), ['--board', '--boot-port', '--boards']);
  t.strictSame(await complete('boot', '--board', ''), ['spin3', 'spin5']);
  t.strictSame(await complete('boot', '--board', 'spin5', '--f'), ['--force']);
  t.strictSame(await complete('signal', 'sync'), ['sync0', 'sync1']);
  t.strictSame(await complete('alloc', 'job', '--power'), ['--power-on', '--power-off']);
  t.strictSame(await complete('alloc', 'wh'), ['where-is']);
  t.strictSame(await complete('boot', '--image', 'sc'), [], 'names of files are left to bash');
});

t.test('zsh and fish get all commands and options, in scripts that they can read', async (t) => {
  const { commands } = await runJson(t, 'completion', 'zsh');
  t.ok(commands.length > 35);
  for (const shell of ['zsh', 'fish']) {
    const { stdout } = await run('completion', shell);
    for (const { name } of commands) {
      for (const word of name.split(' ')) t.ok(stdout.includes(word), `${shell}: ${name}`);
    }
    checkSyntax(t, shell, stdout);
  }
  const { stdout } = await run('completion', 'fish');
  t.match(
    stdout,
    /^complete -c spin-tools -n '__fish_seen_subcommand_from boot' -l board -x -a 'spin3 spin5' -d 'which board'$/m,
  );
});

/** Lets a shell read a script without running it, where there is that shell. */
function checkSyntax(t: Test, shell: string, script: string): void {
  const { error, status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
  if (error) t.comment(`there is no ${shell} here`);
  else t.strictSame([status, stderr], [0, '']);
}

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { run } from '../test-support/command-line.js';
import { COMMAND_GROUPS } from './commands/all.js';

const COMMANDS = COMMAND_GROUPS.flatMap(({ commands }) => commands);

/** Whether the pages are to be written anew instead of compared. */
const REWRITES = process.env.SPIN_TOOLS_GOLDEN === '1';

/** Commands below commands. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  alloc: ['ps', 'machines', 'job', 'where-is'],
};

/** Compares what is between two marks of a page with what it should be, or writes it there. */
async function comparePart(t: Test, page: string, wanted: string): Promise<void> {
  const file = fileURLToPath(new URL(`../../${page}`, import.meta.url));
  const text = await readFile(file, 'utf8');
  const [before, rest = ''] = text.split(/(?<=<!-- written by help\.test\.ts -->\n)/);
  const end = rest.indexOf('<!-- end -->');
  if (REWRITES) await writeFile(file, `${before}\n${wanted}\n${rest.slice(end)}`);
  else t.equal(rest.slice(0, end), `\n${wanted}\n`, `${page}: SPIN_TOOLS_GOLDEN=1 writes it anew`);
}

async function helpOf(t: Test, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...words, '--help');
  t.strictSame([code, stderr], [0, ''], words.join(' '));
  return `### ${words.join(' ')}\n\n\`\`\`text\n${stdout.trimEnd()}\n\`\`\`\n`;
}

t.test('docs/commands.md has the help of every command, to the letter', async (t) => {
  const sections: string[] = [];
  for (const { heading, commands } of COMMAND_GROUPS) {
    sections.push(`## ${heading.replace(/:$/, '')}\n`);
    for (const { name } of commands) {
      sections.push(await helpOf(t, name));
      for (const below of BELOW[name] ?? []) sections.push(await helpOf(t, name, below));
    }
  }
  await comparePart(t, 'docs/commands.md', sections.join('\n'));
});

t.test('the README lists every command', async (t) => {
  const rows = COMMANDS.map(({ name, summary }) => `| \`${name}\` | ${summary} |`);
  await comparePart(
    t,
    'README.md',
    ['| command | what it does |', '| --- | --- |', ...rows, ''].join('\n'),
  );
});

t.test('every help has an example, exit codes, and lines that fit a terminal', async (t) => {
  for (const { name, summary } of COMMANDS) {
    const { stdout } = await run(name, '--help');
    t.match(stdout, /\nExamples:\n {2}\$ spin-tools /, name);
    t.match(stdout, /\nWith --json: /, name);
    t.match(stdout, /\nExit codes: 0 done, /, name);
    t.match(stdout, '--json', name);
    t.match(stdout, '--quiet', name);
    t.ok(stdout.includes(summary.slice(1, 20)), name);
    const longest = Math.max(...stdout.split('\n').map((line) => line.length));
    t.ok(longest <= 110, `${name}: ${longest} columns`);
  }
});

t.test('help asks for a command in both ways, and tells near misses', async (t) => {
  t.equal((await run('help', 'ping')).stdout, (await run('ping', '--help')).stdout);
  const { code, stderr } = await run('pong');
  t.equal(code, 2);
  t.match(stderr, "unknown command 'pong'\n(Did you mean ping?)");
});

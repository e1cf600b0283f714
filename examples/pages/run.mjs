/** Runs what pages show, and says where they show something else than what happens. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';
import { commandsOf, cutPage, joinPage } from './blocks.mjs';
import { matches } from './output.mjs';
import { openSession } from './session.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folders whose README is a page, beside those in docs/. */
const WITH_README = ['.', 'tools', 'examples', ...namesIn('packages')];

/** Pages with blocks that are to be run now, by their paths in the repository. */
export function pagesToRun() {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`);
  const readmes = WITH_README.map((folder) => join(folder, 'README.md'));
  return [...inDocs.sort(), ...readmes].filter((file) => cutPage(readPage(file)).some(isToRun));
}

function namesIn(folder) {
  return readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
}

/** @param {string} file path in the repository */
export function readPage(file) {
  return readFileSync(join(ROOT, file), 'utf8');
}

function isToRun({ block }) {
  return block?.marks.has('run') && (!block.marks.has('large') || env.SPIN_TOOLS_LARGE === '1');
}

/** Languages of blocks that are programs. */
const PROGRAMS = new Set(['js', 'ts']);

/**
 * Runs a page from top to bottom.
 *
 * @param {string} page Markdown
 * @returns {Promise<{ page: string, problems: string[] }>} the page with what was printed in place of what
 * differed from that, and what was wrong
 */
export async function runPage(page) {
  const parts = cutPage(page);
  const problems = [];
  const session = await openSession();
  try {
    for (const [index, part] of parts.entries()) {
      if (!isToRun(part)) continue;
      if (PROGRAMS.has(part.block.language)) {
        // Between the two blocks stands what ends the one and begins the other.
        const next = parts[index + 2]?.block;
        await runProgram(part.block, next?.marks.has('output') ? next : undefined, problems);
      } else await runCommands(part.block, session, problems);
    }
  } finally {
    await session.close();
  }
  return { page: joinPage(parts), problems };
}

async function runCommands(block, session, problems) {
  const commands = commandsOf(block.lines);
  for (const [index, each] of commands.entries()) {
    const isLast = index === commands.length - 1;
    const stays = isLast && block.marks.has('stay');
    const { code, output } = await session.run(each.command, stays);
    if (stays ? code !== null : (code === 0) === (isLast && block.marks.has('fails'))) {
      problems.push(`"${each.command}" ended with code ${code}:\n${output.join('\n')}`);
    } else each.output = compared(each.command, each.output, output, problems);
  }
  block.lines = commands.flatMap(({ lines, output }) => [...lines, ...output]);
}

/** Programs lie in examples/ while they run, since they import what examples may import. */
async function runProgram({ lines, language }, outputBlock, problems) {
  const file = fileURLToPath(new URL('../page-program.tmp.mjs', import.meta.url));
  const program = lines.join('\n');
  await writeFile(file, language === 'ts' ? toJavaScript(program) : program);
  const shell = ['-u', 'NODE_OPTIONS', execPath, file];
  const { status, stdout, stderr } = spawnSync('env', shell, { encoding: 'utf8' });
  await rm(file);
  if (status !== 0) problems.push(`"${lines[0]} ..." ended with code ${status}:\n${stderr}`);
  else if (outputBlock !== undefined) {
    const printed = stdout.trimEnd().split('\n');
    outputBlock.lines = compared(`${lines[0]} ...`, outputBlock.lines, printed, problems);
  }
}

function toJavaScript(program) {
  const { ModuleKind, ScriptTarget } = typescript;
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 };
  return typescript.transpileModule(program, { compilerOptions }).outputText;
}

/** What a page shows from now on. */
function compared(what, expected, printed, problems) {
  // An empty line behind what a command printed sets it apart from the next one.
  const gap = expected.at(-1) === '' ? [''] : [];
  const shown = gap.length > 0 ? expected.slice(0, -1) : expected;
  if (matches(shown, printed)) return expected;
  problems.push(`"${what}" printed something else:\n${printed.join('\n')}`);
  return [...printed, ...gap];
}

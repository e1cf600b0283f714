/**
 * Writes into pages what their commands and programs print.
 *
 * Run after a build: node examples/pages/update.mjs [PAGE...]. Pages are named by their paths in the
 * repository; all that have something to run unless told. The exit code is 1 when a command fails.
 */
import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { pagesToRun, readPage, runPage } from './run.mjs';

const files = argv.length > 2 ? argv.slice(2) : pagesToRun();
for (const file of files) {
  const before = readPage(file);
  const { page, problems } = await runPage(before);
  writeFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), page);
  const failed = problems.filter((problem) => problem.includes('ended with code'));
  for (const problem of failed) console.error(`${file}: ${problem}`);
  if (failed.length > 0) process.exitCode = 1;
  console.log(`${file}: ${page === before ? 'as it was' : 'changed'}`);
}

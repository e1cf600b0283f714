/**
 * Runs benchmarks: `pnpm bench [NAME] [--json]`, NAME being the beginning of a file here.
 *
 * A benchmark is a file NAME.bench.mjs whose default export measures and returns figures
 * `{name, value, unit, baseline, against}`: the value and the baseline, both measured in the same run, in
 * the same unit, and what the baseline is. The ratio is value / baseline.
 */
import { readdirSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const json = argv.includes('--json');
const wanted = argv.slice(2).find((argument) => !argument.startsWith('--')) ?? '';
const files = readdirSync(fileURLToPath(new URL('.', import.meta.url)))
  .filter((file) => file.endsWith('.bench.mjs') && file.startsWith(wanted))
  .sort();

if (files.length === 0) {
  console.error(`no benchmark begins with "${wanted}"`);
  process.exitCode = 2;
}

const all = [];
for (const file of files) {
  if (!json) console.log(file.replace('.bench.mjs', ''));
  const { default: measure } = await import(`./${file}`);
  for (const { name, value, unit, baseline, against } of await measure()) {
    const figure = { name, value, unit, baseline, ratio: value / baseline, against };
    all.push(figure);
    if (!json) console.log(`  ${describe(figure)}`);
  }
}
if (json && files.length > 0) console.log(JSON.stringify(all));

function describe({ name, value, unit, baseline, ratio, against }) {
  const short = (number) => Number(number.toPrecision(4)).toLocaleString('en');
  return `${name}: ${short(value)} ${unit}, ${short(ratio)} times ${against} (${short(baseline)})`;
}

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const folder = fileURLToPath(new URL('.', import.meta.url));
const examples = readdirSync(folder).filter((file) => /^[\w-]+\.mjs$/.test(file));

for (const example of examples) {
  t.test(`${example} runs and says something`, async (t) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [folder + example], {
      encoding: 'utf8',
    });
    t.strictSame([status, stderr], [0, '']);
    t.match(stdout, /\w/);
  });
}

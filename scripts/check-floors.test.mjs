import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { brokenRules } from './check-floors.mjs';

const floors = { 'packages/low': 0, 'packages/high': 1 };

/** A workspace of two packages; `high` lists `low` and imports it unless told otherwise. */
function workspace(t, { low = {}, high = {} } = {}) {
  const manifest = (name, { dependencies, devDependencies } = {}) =>
    JSON.stringify({
      name,
      exports: { '.': './dist/index.js', './part': './dist/part.js' },
      dependencies,
      devDependencies,
    });
  return t.testdir({
    packages: {
      low: {
        'package.json': manifest('@x/low', low),
        src: { 'index.ts': '', ...low.src },
        node_modules: { ...low.node_modules },
      },
      high: {
        'package.json': manifest('@x/high', { dependencies: { '@x/low': '1' }, ...high }),
        src: { 'index.ts': "import { one } from '@x/low';", ...high.src },
      },
    },
  });
}

t.test('accepts imports that go down by a public entry point', async (t) => {
  const root = workspace(t, {
    high: {
      src: {
        'part.ts': "export * from '@x/low/part'; import './index.js'; import 'node:fs';",
        'part.test.ts': "import t from 'tap';",
      },
    },
  });
  t.strictSame(brokenRules(root, floors), []);
});

t.test('refuses an import that goes up, and the circle that it closes', async (t) => {
  const root = workspace(t, {
    low: { dependencies: { '@x/high': '1' }, src: { 'up.ts': "import '@x/high';" } },
  });
  t.strictSame(brokenRules(root, floors), [
    'packages/low depends on packages/high, which is not on a floor below it',
    'packages depend on each other in a circle: packages/high -> packages/low -> packages/high',
  ]);
});

t.test('refuses an upward import that package.json hides', async (t) => {
  const root = workspace(t, { low: { src: { 'up.ts': "import type { A } from '@x/high';" } } });
  t.match(brokenRules(root, floors), [
    'packages/low depends on packages/high, which is not on a floor below it',
    /circle/,
    'packages/low/src/up.ts imports @x/high, which is not in the dependencies of packages/low/package.json',
  ]);
});

t.test('refuses a path that package.json does not export', async (t) => {
  const root = workspace(t, { high: { src: { 'deep.ts': "import '@x/low/src/secret.js';" } } });
  t.strictSame(brokenRules(root, floors), [
    'packages/high/src/deep.ts imports @x/low/src/secret.js, which packages/low/package.json does not export',
  ]);
});

t.test('refuses a relative path into another package', async (t) => {
  const root = workspace(t, { high: { src: { 'deep.ts': "import('../../low/src/index.js');" } } });
  t.match(brokenRules(root, floors), [
    'packages/high/src/deep.ts imports ../../low/src/index.js, a file of another package',
  ]);
});

t.test('refuses what shipped code imports and package.json does not list', async (t) => {
  const root = workspace(t, {
    high: {
      devDependencies: { tester: '1' },
      src: { 'a.ts': "import 'tester';", 'a.test.ts': "import 'tester'; import 'unlisted';" },
    },
  });
  t.match(brokenRules(root, floors), [
    'packages/high/src/a.test.ts imports unlisted, which is not in the dependencies or devDependencies',
    'packages/high/src/a.ts imports tester, which is not in the dependencies of',
  ]);
});

t.test('refuses what package.json lists and nothing imports', async (t) => {
  const root = workspace(t, {
    low: { dependencies: { idle: '1' }, devDependencies: { unused: '1', '@types/node': '1' } },
  });
  t.strictSame(brokenRules(root, floors), [
    'packages/low/package.json lists idle, which nothing there imports',
    'packages/low/package.json lists unused, which nothing there imports',
  ]);
});

t.test('lets a package list what others that it lists need beside them', async (t) => {
  const peer = JSON.stringify({ peerDependencies: { beside: '1' } });
  const root = workspace(t, {
    low: {
      devDependencies: { plugin: '1', beside: '1' },
      src: { 'a.test.ts': "import 'plugin';" },
      node_modules: { plugin: { 'package.json': peer } },
    },
  });
  t.strictSame(brokenRules(root, floors), []);
});

t.test('a package whose files are looked up by name is used', async (t) => {
  const root = workspace(t, {
    low: { dependencies: { data: '1' }, src: { 'a.ts': 'resolve(`data/0.json`);' } },
  });
  t.strictSame(brokenRules(root, floors), []);
});

t.test('a dependency that only tests import belongs in devDependencies', async (t) => {
  const root = workspace(t, {
    low: { dependencies: { checker: '1' }, src: { 'a.test.ts': "import 'checker';" } },
  });
  t.strictSame(brokenRules(root, floors), [
    'packages/low/package.json lists checker, which nothing there imports',
  ]);
});

t.test('refuses a package without a floor', async (t) => {
  const root = workspace(t);
  t.strictSame(brokenRules(root, { 'packages/low': 0 }), [
    'packages/high has no floor: give it one in scripts/check-floors.mjs',
  ]);
});

t.test('the command prints what is wrong and exits with 1, or prints nothing', async (t) => {
  const script = fileURLToPath(new URL('check-floors.mjs', import.meta.url));
  const run = (folder) => spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  const bad = run(workspace(t));
  t.equal(bad.status, 1);
  t.match(bad.stderr, 'packages/low has no floor');
  const good = run(t.testdir({}));
  t.strictSame([good.status, good.stdout, good.stderr], [0, '', '']);
});

/**
 * What is packed, as those get it who install it: from tarballs, with npm, without a network.
 * SPIN_TOOLS_LARGE=1 also makes and installs the single file, and tries more compilers.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import t from 'tap';
import { deployTools, packAll, packSingleFile } from './pack.mjs';
import { run } from './run.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const LARGE = env.SPIN_TOOLS_LARGE === '1';

const scratch = await mkdtemp(join(tmpdir(), 'spin-tools-'));
t.teardown(() => rm(scratch, { recursive: true }));
const deployed = join(scratch, 'deployed');
const tarballs = await packAll(join(scratch, 'tarballs'));
await deployTools(deployed);

/** A command, which nothing can import. */
const tools = tarballs.find((each) => basename(each).startsWith('spin-tools-tools-'));

/** Nothing may come from a registry, nor from what an earlier run left. */
const OFFLINE = ['--offline', `--cache=${join(scratch, 'cache')}`, '--ignore-scripts'];

/** Ways to look packages up that packages of nothing but modules do not serve. */
const NOT_SERVED = new Set(['node10', 'node16-cjs']);

/** Compilers, and how they look modules up. */
const COMPILERS = LARGE
  ? [
      ['typescript7', 'nodenext'],
      ['typescript7', 'esnext'],
      ['typescript', 'nodenext'],
      ['typescript', 'esnext'],
    ]
  : [['typescript7', 'nodenext']];

/** Compares types where `any` would pass, too: an error that is expected and does not come is one. */
const TYPED = `
import { layers, type Model, sequential } from '@spin-tools/keras-backend';
import { VirtualMachine } from '@spin-tools/sim';

export const model: Model = sequential({ layers: [layers.dense({ units: 1, inputShape: [2] })] });
// @ts-expect-error
model.fit('no data');
// @ts-expect-error
new VirtualMachine({ board: 'spin6' });
`;

for (const tarball of tarballs) {
  t.test(`${basename(tarball)} makes sense to all that read packages`, async (t) => {
    const bytes = new Uint8Array(await readFile(tarball));
    const { messages } = await publint({ pack: { tarball: bytes.slice().buffer } });
    t.strictSame(messages, []);
    if (tarball === tools) return;
    const { problems } = await checkPackage(createPackageFromTarballData(bytes));
    t.strictSame(
      problems.filter(({ resolutionKind }) => !NOT_SERVED.has(resolutionKind)),
      [],
    );
  });
}

t.test('an empty project that installs all tarballs', async (t) => {
  const project = join(scratch, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
  const packages = [...tarballs, ...(await otherPeoplesPackages())];
  await run('npm', ['install', ...OFFLINE, ...packages], project);
  const specifiers = await entryPoints(project);

  await t.test('imports every entry point in plain JavaScript', async (t) => {
    const program = specifiers.map(
      (each) => `console.log('${each}', Object.keys(await import('${each}')).length > 0);`,
    );
    await writeFile(join(project, 'imports.js'), program.join('\n'));
    const { stdout } = await run(execPath, ['imports.js'], project);
    t.equal(stdout, specifiers.map((each) => `${each} true\n`).join(''));
  });

  await t.test('runs the examples', async (t) => {
    const files = await readdir(join(ROOT, 'examples'));
    for (const name of files.filter((name) => /^[\w-]+\.mjs$/.test(name))) {
      await cp(join(ROOT, 'examples', name), join(project, name));
      const { stdout, stderr } = await run(execPath, [name], project);
      t.match(stdout, /\w/, name);
      t.equal(stderr, '', name);
    }
  });

  await t.test('sees types that hold', async (t) => {
    const program = specifiers.map((each, index) => `export * as e${index} from '${each}';`);
    await writeFile(join(project, 'types.ts'), [...program, TYPED].join('\n'));
    for (const [compiler, moduleKind] of COMPILERS) {
      const { stdout } = await compile(compiler, project, 'types.ts', moduleKind);
      t.equal(stdout, '', `${compiler} ${moduleKind}`);
    }
  });
});

const skip = LARGE ? false : 'a minute: set SPIN_TOOLS_LARGE=1';
t.test(
  'the single file installs a command that trains on a virtual machine',
  { skip },
  async (t) => {
    const prefix = join(scratch, 'global');
    const tarball = await packSingleFile(deployed, scratch);
    await run('npm', ['install', '--global', `--prefix=${prefix}`, ...OFFLINE, tarball], scratch);
    const command = join(prefix, 'bin/spin-tools');
    const { version } = JSON.parse(await readFile(join(ROOT, 'tools/package.json'), 'utf8'));
    t.equal((await run(command, ['--version'], scratch)).stdout, `${version}\n`);

    const examples = join(ROOT, 'examples');
    const options = ['--board', 'spin3', '--epochs', '2', '--batch-size', '4', '--json'];
    const files = ['--model', `${examples}/xor-model.json`, '--data', `${examples}/xor-data.json`];
    const { stdout } = await run(command, ['train', ...options, ...files], scratch);
    t.equal(JSON.parse(stdout).packetsDropped, 0);
  },
);

/** With the types of Node.js and nothing else that the repository has. */
function compile(compiler, project, file, moduleKind) {
  const options = {
    noEmit: true,
    strict: true,
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    module: moduleKind,
    moduleResolution: moduleKind === 'esnext' ? 'bundler' : moduleKind,
  };
  const parameters = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const program = join(ROOT, 'node_modules', compiler, 'bin/tsc');
  return run(execPath, [program, file, ...parameters], project).catch((error) => error);
}

/** Folders of the packages that ours need, so that npm finds them without a registry. */
async function otherPeoplesPackages() {
  const folder = join(deployed, 'node_modules');
  const names = (await readdir(folder)).filter((name) => !name.startsWith('@spin-tools'));
  const inside = names.map(async (name) =>
    name.startsWith('@')
      ? (await readdir(join(folder, name))).map((each) => join(folder, name, each))
      : [join(folder, name)],
  );
  return (await Promise.all(inside)).flat();
}

/** What a program can import of our packages in a project. */
async function entryPoints(project) {
  const scope = join(project, 'node_modules/@spin-tools');
  const manifests = (await readdir(scope)).sort().map(async (name) => {
    return JSON.parse(await readFile(join(scope, name, 'package.json'), 'utf8'));
  });
  return (await Promise.all(manifests)).flatMap(({ name, exports = {} }) =>
    Object.keys(exports)
      .filter((path) => !path.endsWith('.json'))
      .map((path) => name + path.slice(1)),
  );
}

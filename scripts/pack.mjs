/**
 * Packs what is published: a tarball of every package, and `spin-tools-VERSION.tgz`, which is the command
 * line with everything that it needs inside, so that `npm install -g` of that one file needs no network.
 *
 * Run after a build: node scripts/pack.mjs [FOLDER]. The folder is `tarballs` unless told.
 */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Packs every package by itself.
 *
 * @param {string} folder where tarballs go
 * @returns {Promise<string[]>} their paths
 */
export async function packAll(folder) {
  const { stdout } = await pnpm([
    '--filter=./packages/*',
    '--filter=./tools',
    'pack',
    '--json',
    `--pack-destination=${folder}`,
  ]);
  return JSON.parse(stdout).map(({ filename }) => filename);
}

/**
 * Lays out the command line with all packages that it needs, ours and others, as one folder.
 *
 * @param {string} folder which must not exist yet
 */
export async function deployTools(folder) {
  await pnpm([
    '--filter=@spin-tools/tools',
    '--prod',
    '--config.node-linker=hoisted',
    '--config.inject-workspace-packages=true',
    // `npm pack` never ends where a file is a hard link to another that it packs, too (npm 11.19).
    '--config.package-import-method=copy',
    '--prefer-offline',
    'deploy',
    folder,
  ]);
  await removeTracesOfPnpm(folder);
  await Promise.all(
    [folder, ...(await ours(folder))].map((each) => changeManifest(each, publishedFields(folder))),
  );
}

/** npm stumbles over these. */
async function removeTracesOfPnpm(folder) {
  const inside = join(folder, 'node_modules');
  const traces = (await readdir(inside)).filter((name) => name.startsWith('.'));
  for (const path of [
    join(folder, 'pnpm-lock.yaml'),
    ...traces.map((name) => join(inside, name)),
  ]) {
    await rm(path, { recursive: true });
  }
}

/** Folders of our own packages in a deployed one. */
async function ours(folder) {
  const scope = join(folder, 'node_modules/@spin-tools');
  return (await readdir(scope)).map((name) => join(scope, name));
}

/** What is left of a manifest when it is published: exact versions, nothing for developers. */
function publishedFields(folder) {
  return async ({ devDependencies, scripts, pnpm, ...manifest }) => {
    const names = Object.keys(manifest.dependencies);
    const versions = names.map(async (name) => {
      const found = await readManifest(join(folder, 'node_modules', name));
      return [name, found.version];
    });
    return { ...manifest, dependencies: Object.fromEntries(await Promise.all(versions)) };
  };
}

/**
 * Packs the command line with everything inside.
 *
 * @param {string} deployed what {@link deployTools} laid out; its package.json is changed
 * @param {string} folder where the tarball goes
 * @returns {Promise<string>} its path
 */
export async function packSingleFile(deployed, folder) {
  await changeManifest(deployed, async ({ name, files, ...manifest }) => ({
    name: 'spin-tools',
    ...manifest,
    files: ['dist'],
    bundleDependencies: Object.keys(manifest.dependencies),
  }));
  await copyFile(join(ROOT, 'LICENSE'), join(deployed, 'LICENSE'));
  await mkdir(folder, { recursive: true });
  const { stdout } = await run('npm', ['pack', '--json', `--pack-destination=${folder}`], deployed);
  return join(folder, JSON.parse(stdout)[0].filename);
}

async function readManifest(folder) {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

async function changeManifest(folder, change) {
  const path = join(folder, 'package.json');
  const changed = await change(await readManifest(folder));
  // The deployed file may be a hard link to the one in the repository.
  await rm(path);
  await writeFile(path, `${JSON.stringify(changed, null, 2)}\n`);
}

function pnpm(parameters) {
  return run('npx', ['--yes', 'pnpm@10.34.9', ...parameters], ROOT);
}

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = resolve(argv[2] ?? 'tarballs');
  const scratch = await mkdtemp(join(tmpdir(), 'spin-tools-'));
  try {
    const tarballs = await packAll(folder);
    await deployTools(join(scratch, 'tools'));
    tarballs.push(await packSingleFile(join(scratch, 'tools'), folder));
    for (const tarball of tarballs) console.log(tarball);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

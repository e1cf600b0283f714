/**
 * Checks that packages lean on each other only as docs/architecture.md draws them: imports go down
 * the floors, enter another package by a public entry point, and agree with package.json.
 *
 * Run: node scripts/check-floors.mjs [FOLDER]. The exit code is 1 when a rule is broken.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';

/** The floor of every folder with a package. A package may import only from lower numbers. */
export const FLOORS = {
  'packages/scp': 0,
  'packages/machine-model': 1,
  'packages/spalloc-client': 1,
  'packages/nn-mapper': 2,
  'packages/sim': 2,
  'packages/keras-backend': 3,
  tools: 4,
  bench: 5,
  examples: 5,
  site: 6,
};

const SOURCE_FILE = /\.(ts|mts|js|mjs)$/;
/** Tests, and what only they use. */
const TEST_FILE = /(\.test\.(ts|mts|js|mjs)|\/testing\/[^/]*)$/;
const SKIPPED_FOLDERS = new Set([
  'node_modules',
  'dist',
  'fixtures',
  '.tap',
  '.turbo',
  'collected',
  '.cache',
]);

/**
 * Everything that breaks a rule under `root`, as sentences for a human.
 *
 * @param {string} root the folder that holds packages/, tools/, bench/, examples/ and site/
 * @param {Record<string, number>} floors package folder to floor number
 * @returns {string[]} one message per broken rule; empty when all is well
 */
export function brokenRules(root, floors = FLOORS) {
  const packages = packageFolders(root).map((folder) => readPackage(root, folder));
  const byName = new Map(packages.map((each) => [each.name, each]));
  return [
    ...packages.flatMap((each) => missingFloor(each, floors)),
    ...packages.flatMap((each) => upwardDependencies(each, byName, floors)),
    ...cycles(packages, byName),
    ...packages.flatMap((each) => badImports(each, byName)),
    ...packages.flatMap((each) => unusedDependencies(each)),
  ];
}

function packageFolders(root) {
  const packages = join(root, 'packages');
  const inside = existsSync(packages)
    ? readdirSync(packages)
        .sort()
        .map((name) => `packages/${name}`)
    : [];
  return [...inside, 'tools', 'bench', 'examples', 'site'].filter((folder) =>
    existsSync(join(root, folder, 'package.json')),
  );
}

function readPackage(root, folder) {
  const path = join(root, folder);
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  return {
    folder,
    path,
    name: manifest.name,
    entryPoints: entryPoints(manifest),
    dependencies: new Set(Object.keys(manifest.dependencies ?? {})),
    devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
    scripts: Object.values(manifest.scripts ?? {}).join('\n'),
    files: sourceFiles(path).map((file) => readSource(path, file)),
  };
}

/** The specifiers that package.json opens to others: 'name' for ".", 'name/fixed' for "./fixed". */
function entryPoints({ name, exports }) {
  const paths = typeof exports === 'string' ? ['.'] : Object.keys(exports ?? {});
  return new Set(paths.map((path) => name + path.slice(1)));
}

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : sourceFiles(path);
    return SOURCE_FILE.test(entry.name) ? [path] : [];
  });
}

function readSource(packagePath, path) {
  const text = readFileSync(path, 'utf8');
  const imported = typescript.preProcessFile(text, true, true).importedFiles;
  const file = relative(packagePath, path).split(sep).join('/');
  return {
    path,
    file,
    shipped: file.startsWith('src/') && !TEST_FILE.test(file),
    imports: imported.map(({ fileName }) => fileName),
    text,
  };
}

function missingFloor({ folder }, floors) {
  if (folder in floors) return [];
  return [`${folder} has no floor: give it one in scripts/check-floors.mjs`];
}

function upwardDependencies(from, byName, floors) {
  return workspaceDependencies(from, byName)
    .filter((to) => floors[to.folder] >= floors[from.folder])
    .map((to) => `${from.folder} depends on ${to.folder}, which is not on a floor below it`);
}

function workspaceDependencies(from, byName) {
  const names = new Set([
    ...from.dependencies,
    ...from.devDependencies,
    ...from.files.flatMap(({ imports }) => imports.filter(isPackageImport).map(packageName)),
  ]);
  names.delete(from.name);
  return [...names].flatMap((name) => byName.get(name) ?? []);
}

/** Depth first over the dependencies; a package met again on the way down closes a cycle. */
function cycles(packages, byName) {
  const found = new Set();
  const finished = new Set();
  const visit = (each, trail) => {
    const start = trail.indexOf(each);
    if (start >= 0) {
      found.add([...trail.slice(start), each].map(({ folder }) => folder).join(' -> '));
      return;
    }
    if (finished.has(each)) return;
    for (const next of workspaceDependencies(each, byName)) visit(next, [...trail, each]);
    finished.add(each);
  };
  for (const each of packages) visit(each, []);
  return [...found].map((trail) => `packages depend on each other in a circle: ${trail}`);
}

function badImports(from, byName) {
  return from.files.flatMap((source) =>
    source.imports.flatMap((specifier) => {
      const problem = isPackageImport(specifier)
        ? badPackageImport(from, source, specifier, byName)
        : badRelativeImport(from, source, specifier);
      return problem === undefined ? [] : [`${from.folder}/${source.file} ${problem}`];
    }),
  );
}

function badRelativeImport(from, source, specifier) {
  if (!specifier.startsWith('.')) return undefined;
  const target = resolve(dirname(source.path), specifier);
  if (target.startsWith(from.path + sep)) return undefined;
  return `imports ${specifier}, a file of another package: use that package's public entry point`;
}

function badPackageImport(from, source, specifier, byName) {
  const name = packageName(specifier);
  if (name !== from.name && !isListed(from, source, name)) {
    const list = source.shipped ? 'dependencies' : 'dependencies or devDependencies';
    return `imports ${name}, which is not in the ${list} of ${from.folder}/package.json`;
  }
  const target = byName.get(name);
  if (target === undefined || target.entryPoints.has(specifier)) return undefined;
  return `imports ${specifier}, which ${target.folder}/package.json does not export`;
}

/** Tests and build scripts may also use what only developers install, and tap is at the root. */
function isListed({ dependencies, devDependencies }, { shipped }, name) {
  if (dependencies.has(name)) return true;
  return !shipped && (devDependencies.has(name) || name === 'tap');
}

function unusedDependencies({ folder, path, dependencies, devDependencies, files, scripts }) {
  const hasSources = files.some(({ shipped }) => shipped);
  const shipped = hasSources ? files.filter((source) => source.shipped) : files;
  const isTyping = (name) => name.startsWith('@types/');
  const peers = peersOf(path, [...dependencies, ...devDependencies]);
  return [
    ...[...dependencies].filter((name) => !isUsed(name, shipped)),
    ...[...devDependencies].filter(
      (name) =>
        !isTyping(name) && !peers.has(name) && !isUsed(name, files) && !scripts.includes(name),
    ),
  ].map((name) => `${folder}/package.json lists ${name}, which nothing there imports`);
}

/** What installed packages ask to be installed beside them. */
function peersOf(path, names) {
  const manifests = names
    .map((name) => join(path, 'node_modules', name, 'package.json'))
    .filter((manifest) => existsSync(manifest))
    .map((manifest) => JSON.parse(readFileSync(manifest, 'utf8')));
  return new Set(manifests.flatMap(({ peerDependencies = {} }) => Object.keys(peerDependencies)));
}

/** Imported, or named in a string, as where a file of a package is looked up. */
function isUsed(name, files) {
  const inString = ['"', "'", '`'].flatMap((quote) => [quote + name + quote, `${quote}${name}/`]);
  return files.some(
    ({ imports, text }) =>
      imports.some((specifier) => isPackageImport(specifier) && packageName(specifier) === name) ||
      inString.some((spelled) => text.includes(spelled)),
  );
}

/** Names that begin with # are a package's own, by its "imports". */
function isPackageImport(specifier) {
  if (specifier.startsWith('#')) return false;
  return !specifier.startsWith('.') && !specifier.startsWith('/') && !isBuiltin(specifier);
}

function packageName(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  const root = resolve(argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
  const problems = brokenRules(root);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

/** The reference of all public entry points, as Markdown pages made from their TSDoc comments. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Application, Converter, PageEvent, ReflectionKind } from 'typedoc';
import { ROOT } from './pages.mjs';

/** Exports of these kinds, and what belongs to them, have to have a comment. */
const REQUIRED = [
  'Enum',
  'EnumMember',
  'Variable',
  'Function',
  'Class',
  'Interface',
  'TypeAlias',
  'Method',
  'Accessor',
];

/** Methods whose names are defined by the language or by Node.js say enough. */
const SELF_EXPLAINING = [
  '@spin-tools/keras-backend.Model.[asyncDispose]',
  '@spin-tools/spalloc-client.Job.[asyncDispose]',
  '@spin-tools/spalloc-client.Secret.[custom]',
  '@spin-tools/spalloc-client.SpallocClient.[asyncDispose]',
];

/** Comments may link to what only readers of the source see; pages show the name alone. */
const UNEXPORTED = { '*': '#' };

/** One page for each entry point; what belongs to an export as tables. */
const FORMAT = {
  outputFileStrategy: 'modules',
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  useHTMLAnchors: true,
  expandParameters: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  enumMembersFormat: 'table',
  typeDeclarationFormat: 'table',
  propertyMembersFormat: 'table',
  tableColumnSettings: {
    hideDefaults: true,
    hideInherited: true,
    hideModifiers: true,
    hideOverrides: true,
    hideSources: true,
  },
};

/**
 * Writes pages to a folder.
 *
 * @param {string} folder absolute path
 * @returns {Promise<boolean>} whether every export has a comment and every link in one leads somewhere
 */
export async function writeReference(folder) {
  const points = entryPoints();
  const packages = [...new Set(points.map(({ name }) => name))];
  const application = await Application.bootstrapWithPlugins({
    entryPoints: points.map(({ source }) => source),
    tsconfig: join(ROOT, 'site/tsconfig.json'),
    plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
    out: folder,
    docsRoot: dirname(folder),
    readme: 'none',
    logLevel: 'Warn',
    excludeInternal: true,
    excludeExternals: true,
    skipErrorChecking: true,
    disableSources: true,
    validation: { notExported: false, invalidLink: true, notDocumented: true },
    requiredToBeDocumented: REQUIRED,
    intentionallyNotDocumented: SELF_EXPLAINING,
    packagesRequiringDocumentation: packages,
    externalSymbolLinkMappings: Object.fromEntries(packages.map((name) => [name, UNEXPORTED])),
    ...FORMAT,
  });
  nameModules(application, points);
  application.renderer.on(PageEvent.END, (page) => {
    page.contents = page.contents?.replace(/\[([^\]]*)\]\(#\)/g, '$1');
  });
  const project = await application.convert();
  if (project === undefined) return false;
  application.validate(project);
  await application.generateOutputs(project);
  return !application.logger.hasErrors() && !application.logger.hasWarnings();
}

/** Every public entry point: its package's name, its specifier, and the source file behind it. */
function entryPoints() {
  const packages = join(ROOT, 'packages');
  return readdirSync(packages)
    .filter((folder) => existsSync(join(packages, folder, 'package.json')))
    .flatMap((folder) => {
      const { name, exports } = JSON.parse(
        readFileSync(join(packages, folder, 'package.json'), 'utf8'),
      );
      return Object.entries(exports)
        .filter(([, target]) => typeof target === 'object')
        .map(([path, { types }]) => ({
          name,
          specifier: name + path.slice(1),
          source: join(
            packages,
            folder,
            types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts'),
          ),
        }));
    });
}

/** Modules are called by what a program imports, not by their files. */
function nameModules(application, points) {
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
      const file = project.getSymbolIdFromReflection(module)?.fileName;
      const point = points.find(({ source }) => source === file);
      if (point !== undefined) module.name = point.specifier;
    }
  });
}

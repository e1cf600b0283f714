/**
 * Lets pages link to one another, and to any file, by paths in the repository, so that the same text
 * reads well there and on the site. What is no page is shown as it is, under /source.
 */
import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileOf, pageOf, ROOT } from './pages.mjs';

const ELSEWHERE = /^([a-z]+:|#|\/)/;

/** Where the tokens of markdown-it keep what they lead to. */
const ATTRIBUTES = { link_open: 'href', image: 'src' };

/** Files that pages link to, by their paths in the repository. */
const sources = new Set();

/** A plugin of markdown-it. Throws where a link leads to nothing in the repository. */
export function repositoryLinks(markdown) {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const file = fileOf(env.relativePath);
    if (file === undefined) return;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const attribute = ATTRIBUTES[token.type];
      if (attribute === undefined) continue;
      const target = token.attrGet(attribute);
      if (ELSEWHERE.test(target)) continue;
      token.attrSet(attribute, onSite(file, env.relativePath, target));
    }
  });
}

/** Where a link of a file leads on the site. */
function onSite(file, page, target) {
  const [path, anchor] = target.split('#');
  const linked = posix.normalize(posix.join(posix.dirname(file), decodeURI(path)));
  const found = existsSync(join(ROOT, linked));
  if (!found) throw new Error(`${file} links to ${target}, but there is no ${linked}`);
  const readable = statSync(join(ROOT, linked)).isDirectory()
    ? posix.join(linked, 'README.md')
    : linked;
  const to = pageOf(readable);
  if (to !== undefined) {
    const relative = posix.relative(posix.dirname(page), to);
    return (relative.startsWith('.') ? relative : `./${relative}`) + (anchor ? `#${anchor}` : '');
  }
  if (!existsSync(join(ROOT, readable)))
    throw new Error(`${file} links to ${target}, a folder without a README`);
  sources.add(readable);
  return `/source/${readable}.txt`;
}

/** Copies all files that pages link to, once these are built. */
export function copySources(output) {
  for (const file of sources) {
    const copy = join(output, 'source', `${file}.txt`);
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(join(ROOT, file), copy);
  }
}

/**
 * Checks, in the built site, that links to a place inside of a page find that place, and that pictures are
 * there; VitePress checks links to pages.
 *
 * Run: node check-links.mjs. The exit code is 1 when a link leads nowhere.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const SITE = fileURLToPath(new URL('dist', import.meta.url));

const pages = new Map(
  readdirSync(SITE, { recursive: true })
    .filter((file) => file.endsWith('.html'))
    .map((file) => [`/${file}`, readFileSync(`${SITE}/${file}`, 'utf8')])
    .map(([page, html]) => [
      page,
      {
        anchors: matches(html, /\sid="([^"]*)"/g),
        links: linksOf(html),
        pictures: matches(html, /<img[^>]*\ssrc="(\/[^"]*)"/g),
      },
    ]),
);

let broken = 0;
for (const [page, { links, pictures }] of pages) {
  for (const picture of pictures) {
    if (existsSync(SITE + picture)) continue;
    console.error(`${page} shows ${picture}, which is not there`);
    broken++;
  }
  for (const link of links) {
    const [path, anchor] = link.split('#');
    const target = path === '' ? page : pageAt(posix.resolve(posix.dirname(page), path));
    if (pages.get(target)?.anchors.has(decodeURIComponent(anchor))) continue;
    console.error(`${page} links to ${link}, which is not there`);
    broken++;
  }
}
if (broken > 0) process.exitCode = 1;

/** Links with an anchor into this site. */
function linksOf(html) {
  return [...matches(html, /\shref="([^"]*#[^"]*)"/g)].filter((link) => !/^[a-z]+:/.test(link));
}

function matches(html, pattern) {
  return new Set([...html.matchAll(pattern)].map(([, found]) => found));
}

function pageAt(path) {
  if (path.endsWith('.html')) return path;
  return pages.has(`${path}.html`) ? `${path}.html` : posix.join(path, 'index.html');
}

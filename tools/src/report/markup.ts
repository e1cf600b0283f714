/** Builds HTML and SVG as text; whatever comes from outside is escaped. */

/** Finished markup, as opposed to text that still has to be escaped. */
export interface Markup {
  readonly markup: string;
}

/** What goes between a tag and its end: text is escaped, markup is not. */
export type Child = Markup | string | number;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** `<name attribute="...">children</name>`, numbers in attributes shortened to two decimals. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly Child[]
): Markup {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? short(value) : escaped(value)}"`)
    .join('');
  return { markup: `<${name}${written}>${children.map(write).join('')}</${name}>` };
}

/** A page of HTML around `body`. `style` is trusted text of our own. */
export function page(title: string, style: string, body: readonly Markup[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    element('title', {}, title).markup,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    ...body.map(({ markup }) => markup),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function write(child: Child): string {
  return typeof child === 'object' ? child.markup : escaped(String(child));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] as string);
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

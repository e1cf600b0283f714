import { createContext, runInContext } from 'node:vm';
import { spin5, triads } from '@spin-tools/machine-model';
import { graphBuilder, map } from '@spin-tools/nn-mapper';
import t from 'tap';
import { mappingPage } from './mapping-page.js';
import { MAPPING_SCRIPT } from './mapping-script.js';

/** A ring whose names could end a script element. */
function ring(vertices: number) {
  const graph = graphBuilder();
  for (let index = 0; index < vertices; index++) graph.addVertex({ name: `v${index}</script>` });
  for (let index = 0; index < vertices; index++) {
    graph.addNet({ name: `n${index}`, source: index, sinks: [(index + 1) % vertices] });
  }
  return graph.build();
}

const dataOf = (html: string) =>
  JSON.parse(/<script id="data"[^>]*>(.*?)<\/script>/s.exec(html)?.[1] ?? '');

/** Runs the page's script against a canvas that counts what is drawn on it. */
function drawn(html: string, mode: string, net: string): Record<string, number> {
  const calls: Record<string, number> = {};
  const count = (_: object, name: string | symbol) => () => {
    calls[String(name)] = (calls[String(name)] ?? 0) + 1;
  };
  const pen = new Proxy({}, { get: count, set: () => true });
  const element = () => ({
    value: '',
    textContent: '',
    append() {},
    clientWidth: 800,
    clientHeight: 600,
  });
  const elements: Record<string, object> = {
    data: { textContent: JSON.stringify(dataOf(html)) },
    machine: { ...element(), getContext: () => pen },
    mode: { ...element(), value: mode },
    net: { ...element(), value: net },
  };
  const document = { getElementById: (id: string) => elements[id] ?? element() };
  const page = { document, window: {}, devicePixelRatio: 1, Option: class {}, atob };
  runInContext(MAPPING_SCRIPT, createContext(page));
  return calls;
}

t.test('the page is one file whose data cannot break out of it', async (t) => {
  const html = mappingPage('ring', map(ring(100), spin5()), 0.5);
  t.equal(html.match(/<\/script>/g)?.length, 2);
  t.notMatch(html, /src=|href=/);
  const data = dataOf(html);
  t.equal(data.chips, 48);
  t.equal(data.nets.length, 100);
  t.ok(data.vertices.flat().includes('v42</script>'));
  const used = Buffer.from(data.used, 'base64');
  t.equal(
    used.reduce((sum, cores) => sum + cores, 0),
    100,
  );
});

t.test('the script draws chips, and the tree of the net that is chosen', async (t) => {
  const html = mappingPage('ring', map(ring(100), spin5()), 0.5);
  t.equal(drawn(html, 'cores', '').fill, 48, 'a hexagon each');
  t.ok((drawn(html, 'cores', 'n16').stroke ?? 0) > 0, 'links of the tree');
  t.ok((drawn(html, 'load', '').stroke ?? 0) > 0, 'links by load');
});

t.test('57,600 chips fit in a page of a few megabytes', async (t) => {
  const machine = triads({ width: 20, height: 20, wrap: true });
  const html = mappingPage('ring', map(ring(10_000), machine), 1);
  const data = dataOf(html);
  t.equal(data.chips, 57_600);
  t.ok(html.length < 8_000_000, `${html.length} bytes`);
  t.equal(drawn(html, 'entries', '').fillRect, 57_600);
});

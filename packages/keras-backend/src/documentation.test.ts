/** docs/keras.md names everything that a model can be made of. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { ACTIVATIONS } from './layers/activations.js';
import { layers } from './layers/layers.js';
import { LOSS_NAMES } from './losses/configs.js';
import { OWN_METRICS } from './metrics/metrics.js';
import { OPTIMISERS } from './optimisers/optimisers.js';

const page = readFileSync(new URL('../../../docs/keras.md', import.meta.url), 'utf8').replace(
  /^```.*?^```/gms,
  '',
);

/** Words in code, of which `maxPooling1d/2d` is two, and `accuracy` stands for its kinds. */
const words = new Set(
  [...page.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) =>
    code.replace(/(\w+)1d\/2d/g, '$11d $12d').split(/[^\w]+/),
  ),
);
const isKindOfAccuracy = (name: string) => name.endsWith('_accuracy') && words.has('accuracy');

for (const [what, names] of Object.entries({
  layers: Object.keys(layers).filter((name) => name !== 'input'),
  activations: ACTIVATIONS,
  losses: LOSS_NAMES,
  metrics: OWN_METRICS.filter((name) => !isKindOfAccuracy(name)),
  optimisers: OPTIMISERS,
})) {
  t.test(`all ${what} are on the page`, (t) => {
    t.strictSame(
      names.filter((name) => !words.has(name)),
      [],
    );
    t.end();
  });
}

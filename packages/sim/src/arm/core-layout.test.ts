import t from 'tap';
import { layoutHeader } from './core-layout.js';
import { coreLoopLayout } from './core-loop.generated.js';

t.test('the compiled loop works on the layout that TypeScript has', async (t) => {
  t.equal(coreLoopLayout, layoutHeader(), 'node wasm/build.mjs compiles it anew');
});

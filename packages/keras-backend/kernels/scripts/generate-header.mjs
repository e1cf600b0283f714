/** Writes kernels/include/layouts.h from the layouts of the built package: `pnpm run build`, then `node kernels/scripts/generate-header.mjs`. */
import { writeFileSync } from 'node:fs';
import { layoutsHeader } from '../../dist/layouts/header.js';

writeFileSync(new URL('../include/layouts.h', import.meta.url), layoutsHeader());

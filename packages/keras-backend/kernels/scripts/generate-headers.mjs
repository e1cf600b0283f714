/** Writes kernels/include/layouts.h and tables.h; needs the built package. */
import { writeFileSync } from 'node:fs';
import { layoutsHeader, tablesHeader } from '../../dist/layouts/c-headers.js';

writeFileSync(new URL('../include/layouts.h', import.meta.url), layoutsHeader());
writeFileSync(new URL('../include/tables.h', import.meta.url), tablesHeader());

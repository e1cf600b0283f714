/** Writes kernels/include/layouts.h and tables.h, and kernels/layers/operations.h; needs the built package. */
import { writeFileSync } from 'node:fs';
import { layoutsHeader, tablesHeader } from '../../dist/layouts/c-headers.js';
import { operationsHeader } from '../../dist/schedule/operations/c-header.js';

writeFileSync(new URL('../include/layouts.h', import.meta.url), layoutsHeader());
writeFileSync(new URL('../include/tables.h', import.meta.url), tablesHeader());
writeFileSync(new URL('../layers/operations.h', import.meta.url), operationsHeader());

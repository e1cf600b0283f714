/** Writes the headers of kernels/include, kernels/layers and kernels/layers/machine; needs the built package. */
import { writeFileSync } from 'node:fs';
import { layersHeader, layoutsHeader, tablesHeader } from '../../dist/layouts/c-headers.js';
import { operationsHeader } from '../../dist/schedule/operations/c-header.js';

writeFileSync(new URL('../include/layouts.h', import.meta.url), layoutsHeader());
writeFileSync(new URL('../include/tables.h', import.meta.url), tablesHeader());
writeFileSync(new URL('../layers/operations.h', import.meta.url), operationsHeader());
writeFileSync(new URL('../layers/machine/layouts.h', import.meta.url), layersHeader());

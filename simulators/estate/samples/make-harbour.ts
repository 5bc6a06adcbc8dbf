/** Writes harbour.xlsx beside this file: `node --import tsx simulators/estate/samples/make-harbour.ts`. */
import { writeFileSync } from 'node:fs';
import { harbourWorkbook } from './harbour.ts';

writeFileSync(new URL('./harbour.xlsx', import.meta.url), harbourWorkbook());

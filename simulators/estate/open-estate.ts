/** The estate that a command was given: a workbook, or so many generated machines. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { defineErrors } from '#core/errors.ts';
import { generateEstate } from './generate.ts';
import type { EstateFacts } from './model.ts';
import { importRvtools } from './rvtools.ts';

export const errors = defineErrors({
  'estate.noFile': {
    blame: 'input',
    why: 'The file with the estate cannot be read.',
    next: 'Check the path given to --estate.',
  },
});

export interface EstateChoice {
  /** RVTools workbook. */
  readonly estate?: string;
  /** Or so many generated machines. */
  readonly machines?: number;
  readonly seed?: string;
}

/** @throws `estate.noFile`, errors of the workbook */
export function openEstate(
  { estate, machines, seed = 'serve' }: EstateChoice,
  otherwise: number,
): EstateFacts {
  if (estate === undefined) return generateEstate({ seed, machines: machines ?? otherwise });
  let file: Buffer;
  try {
    file = readFileSync(estate);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw errors.make('estate.noFile', { what: `Cannot read ${estate} (${code}).`, cause });
  }
  return importRvtools(file, { fileName: basename(estate), seed });
}

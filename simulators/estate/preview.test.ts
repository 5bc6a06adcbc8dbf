import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MIB } from '#core/units.ts';
import { generateEstate } from './generate.ts';
import { formatSummary, summariseEstate } from './preview.ts';
import { importRvtools } from './rvtools.ts';

const harbour = importRvtools(readFileSync(new URL('./samples/harbour.xlsx', import.meta.url)), {
  fileName: 'harbour.xlsx',
  seed: '1',
});

test('the summary counts what is there and groups what was derived', () => {
  const summary = summariseEstate(harbour);
  expect(summary).toMatchObject({
    name: 'harbour',
    machines: 12,
    poweredOn: 10,
    poweredOff: 2,
    suspended: 0,
    templates: 1,
    cores: 40,
    disks: 17,
    disksWithKnownUse: 15,
    memoryBytes: 154_624 * MIB,
    operatingSystems: expect.arrayContaining([{ name: 'Ubuntu Linux (64-bit)', machines: 2 }]),
  });
  expect(summary.derived.reduce((sum, { count }) => sum + count, 0)).toBe(summary.derivations);
  expect(summary.derived[0]).toEqual({
    kind: 'machine',
    field: 'tools version',
    reason: 'the workbook does not say',
    count: 12,
    example: 'machine files-01: 11333',
  });
  expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
});

test('as text, it says so in lines', () => {
  const text = formatSummary(summariseEstate(harbour));
  expect(text).toContain('  machines  12: 10 on, 2 off, 0 suspended; 1 template among them\n');
  expect(text).toContain('        2  Ubuntu Linux (64-bit)\n');
  expect(text).toContain('  derived, since the source does not say: ');
  expect(formatSummary(summariseEstate(generateEstate({ seed: 'g', machines: 3 })))).not.toContain('derived');
});

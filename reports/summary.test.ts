import { describe, expect, test } from 'vitest';
import type { RunRecord } from '#core/contracts/run-record.ts';
import { KIB, MIB } from '#core/units.ts';
import { buildSampleRecord } from './samples/sample-record.ts';
import { renderSummary } from './summary.ts';

const { record } = buildSampleRecord({ variant: 'failed', machines: 4, events: 200 });

describe('the Markdown summary', () => {
  test('begins with verdict and replay line, and lists broken checks first with their margins', () => {
    const text = renderSummary({ record });
    const [head] = text.split('### Checks');
    expect(head).toContain('## ❌ first-migration: failed');
    expect(head).toContain('`drylift replay 7.first-migration.9f3c --to 30d14:22:10 --pause`');
    expect(head).toContain('Simulation, not Azure');
    const rows = text.split('\n').filter((line) => /^\| \S+ (?:held|broken) \|/.test(line));
    expect(rows[0]).toContain('target-equals-source');
    expect(rows[1]).toContain('214 over (2 %)');
    expect(text).toContain('| ❌ never | `upload-reset`');
  });

  test('shows only the counters that changed when an earlier run is given', () => {
    const previous = buildSampleRecord({ machines: 4, events: 200 }).record;
    const text = renderSummary({ record, previous });
    expect(text).toContain('| `vcenter.calls.QueryPerf` | 8,652 | 9,214 | +562 (×1.06) |');
    expect(text).not.toContain('azure.calls.token');
  });

  test('never holds markup of the record, nor breaks a table with it', () => {
    const hostile =
      '</td><script>alert(1)</script> | x\n# y [l](javascript:1) `` a @team https://evil.example';
    const machine = { ...record.assessment!.machines[0]!, name: hostile, reasons: [hostile] };
    const evil: RunRecord = {
      ...record,
      says: hostile,
      checks: [{ ...record.checks[0]!, id: hostile, limit: hostile, actual: hostile }],
      assessment: { ...record.assessment!, machines: [machine] },
    };
    const text = renderSummary({ record: evil });
    expect(text).not.toMatch(/<(?!!)[a-z/]/i);
    expect(text).not.toContain('\n# y');
    expect(text).not.toMatch(/(?<!\\)\]\(javascript/);
    const cells = (line: string) => line.split(/(?<!\\)\|/).length;
    const rows = text.split('\n').filter((line) => line.startsWith('|') && line.includes('script'));
    expect(rows.length).toBeGreaterThan(1);
    expect(cells(rows[0]!)).toBe(8);
    expect(cells(rows[1]!)).toBe(9);
  });

  test('of twenty thousand machines stays under 1 MiB and says what is missing', () => {
    const [machine] = record.assessment!.machines;
    const machines = Array.from({ length: 20_000 }, (_, i) => ({ ...machine!, name: `host-${i}` }));
    const text = renderSummary({ record: { ...record, assessment: { ...record.assessment!, machines } } });
    expect(Buffer.byteLength(text)).toBeLessThan(MIB);
    expect(text).toMatch(/lines more: see the report\._\n$/);
    const short = renderSummary({ record, maxBytes: 4 * KIB });
    expect(Buffer.byteLength(short)).toBeLessThanOrEqual(4 * KIB);
  });
});

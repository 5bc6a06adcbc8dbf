import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunRecord } from '#core/contracts/run-record.ts';
import { DryliftError } from '#core/errors.ts';
import { pruneRuns } from './prune.ts';
import {
  findRun,
  lastGreenBefore,
  listRuns,
  READ_LIMITS,
  readRecord,
  recordPath,
  writeRecord,
} from './read.ts';
import { buildSampleRecord } from './samples/sample-record.ts';

const { record, trace } = buildSampleRecord({ machines: 3, events: 400 });
let runs: string;

beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'drylift-runs-'));
});
afterEach(() => {
  rmSync(runs, { recursive: true, force: true });
});

function thrown(work: () => unknown): DryliftError {
  try {
    work();
  } catch (error) {
    if (error instanceof DryliftError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function keep(id: string, changes: Partial<RunRecord> = {}): string {
  const path = recordPath(runs, id);
  writeRecord(path, { ...record, id, ...changes }, trace);
  return path;
}

function lines(...texts: string[]): Buffer {
  return gzipSync(texts.map((text) => `${text}\n`).join(''));
}

describe('a record on disk', () => {
  test('comes back as it was written, and is the same bytes each time', () => {
    const path = keep('a');
    const first = readFileSync(path);
    expect(readRecord(path)).toEqual({ record: { ...record, id: 'a' }, trace });
    keep('a');
    expect(readFileSync(path).equals(first)).toBe(true);
  });

  test('is JSON lines for anybody with zcat: the record first, then an event a line', async () => {
    const path = keep('a');
    const { gunzipSync } = await import('node:zlib');
    const rows = gunzipSync(readFileSync(path)).toString().trimEnd().split('\n');
    expect(rows).toHaveLength(1 + trace.length);
    expect(JSON.parse(rows[0]!)).toMatchObject({ format: 'drylift/run-record/v1', id: 'a' });
    expect(JSON.parse(rows[1]!)).toEqual(trace[0]);
  });

  test('survives names that are markup, quotes, line breaks or no ASCII', () => {
    const hostile = `</script><img src=x onerror=alert(1)>"'\n\u2028☃\u0000`;
    const path = recordPath(runs, 'h');
    const said = { ...trace[0]!, what: hostile, at: 0 };
    writeRecord(path, { ...record, says: hostile, traceEvents: 1 }, [said]);
    const back = readRecord(path);
    expect(back.record.says).toBe(hostile);
    expect(back.trace).toEqual([said]);
  });

  test('leaves nothing behind when the folder cannot be written', () => {
    writeFileSync(join(runs, 'file'), 'not a folder');
    const error = thrown(() => writeRecord(join(runs, 'file', 'record.ndjson.gz'), record, trace));
    expect(error.code).toBe('record.cannotWrite');
    expect(readdirSync(runs)).toEqual(['file']);
  });

  test('of a large trace is written in several members and read as one', () => {
    const large = buildSampleRecord({ machines: 1, events: 60_000 });
    const path = recordPath(runs, 'large');
    writeRecord(path, large.record, large.trace);
    expect(readRecord(path).trace).toEqual(large.trace);
  });
});

describe('a file that is not a record', () => {
  const cases: ReadonlyArray<readonly [name: string, content: () => Buffer, code: string, what: RegExp]> = [
    ['is no gzip', () => Buffer.from('hello'), 'record.notARecord', /does not unpack/],
    ['is cut off', () => writeAndCut(), 'record.notARecord', /does not unpack/],
    ['is empty gzip', () => gzipSync(''), 'record.notARecord', /no first line/],
    ['holds something else', () => lines('{"a":1}'), 'record.notARecord', /first line is no run record/],
    ['is of another version', () => lines('{"format":"drylift/run-record/v9"}'), 'record.version', /v9/],
    ['lacks fields', () => lines('{"format":"drylift/run-record/v1"}'), 'record.notARecord', /line 1, /],
    [
      'has a wrong value deep inside',
      () => lines(JSON.stringify({ ...record, checks: [{ ...record.checks[0], status: 'maybe' }] })),
      'record.notARecord',
      /checks\[0\]\.status/,
    ],
    [
      'has points that are no numbers',
      () =>
        lines(
          JSON.stringify({
            ...record,
            utilisation: [
              { ...record.utilisation[0], peaks: { from: 0, periodSeconds: 600, values: ['1'] } },
            ],
          }),
        ),
      'record.notARecord',
      /utilisation\[0\]\.peaks\.values/,
    ],
    ['has a line that is no event', () => lines(JSON.stringify(record), '[]'), 'record.notARecord', /line 2/],
    ['lost its trace', () => lines(JSON.stringify(record)), 'record.notARecord', /holds 0/],
  ];

  function writeAndCut(): Buffer {
    const whole = readFileSync(keep('whole'));
    return whole.subarray(0, whole.length - 200);
  }

  test.each(cases)('%s: says so by code and place', (_, content, code, what) => {
    const path = recordPath(runs, 'broken');
    mkdirSync(join(runs, 'broken'));
    writeFileSync(path, content());
    const error = thrown(() => readRecord(path));
    expect(error.code).toBe(code);
    expect(error.what).toMatch(what);
    expect(error.what, 'no machine path').not.toContain(runs);
  });

  test('that unpacks without end is stopped at the limit', () => {
    const path = recordPath(runs, 'bomb');
    mkdirSync(join(runs, 'bomb'));
    writeFileSync(path, gzipSync(Buffer.alloc(1_000_000, 'a')));
    const error = thrown(() => readRecord(path, { ...READ_LIMITS, textBytes: 100_000 }));
    expect(error.code).toBe('record.tooLarge');
    expect(thrown(() => readRecord(path, { ...READ_LIMITS, fileBytes: 100 })).code).toBe('record.tooLarge');
  });
});

describe('a run is found', () => {
  test('by its id, by its first letters, by its folder and by its file', () => {
    const path = keep('7.first-migration.9f3c');
    for (const name of ['7.first-migration.9f3c', '7.first', join(runs, '7.first-migration.9f3c'), path])
      expect(findRun(name, runs)).toBe(path);
  });

  test('or not, and then the nearest ids are named', () => {
    keep('7.first-migration.9f3c');
    keep('8.other.1234');
    const error = thrown(() => findRun('7.first-migratoin.9f3c', runs));
    expect(error.code).toBe('record.notFound');
    expect(error.next).toMatch(/^Nearest: 7\.first-migration\.9f3c, /);
    const missing = thrown(() => readRecord(recordPath(runs, '8.othr.1234')));
    expect(missing.next).toMatch(/^Nearest: 8\.other\.1234, /);
  });

  test('only when the first letters say which', () => {
    keep('7.a');
    keep('7.b');
    expect(thrown(() => findRun('7.', runs)).code).toBe('record.ambiguous');
  });
});

describe('the list of runs', () => {
  test('is empty where there is no folder', () => {
    expect(listRuns(join(runs, 'nowhere'))).toEqual({ runs: [], unreadable: [] });
  });

  test('has the youngest first, and names what cannot be read beside what can', () => {
    keep('old', { startedAt: '2026-01-01T00:00:00.000Z' });
    keep('new', { startedAt: '2026-02-01T00:00:00.000Z' });
    mkdirSync(join(runs, 'broken'));
    writeFileSync(recordPath(runs, 'broken'), 'no');
    mkdirSync(join(runs, 'other-folder'));
    const list = listRuns(runs);
    expect(list.runs.map(({ id }) => id)).toEqual(['new', 'old']);
    expect(list.unreadable.map(({ id, error }) => [id, error.code])).toEqual([
      ['broken', 'record.notARecord'],
    ]);
  });

  test('reads no trace, however long: a first line longer than the first read is found', () => {
    keep('long', { scenarioSource: Array.from({ length: 200_000 }, (_, i) => i.toString(36)).join('\n') });
    expect(listRuns(runs).runs).toHaveLength(1);
  });

  test('knows the last green run before, of the same story and tier', () => {
    const at = (day: number) => `2026-01-0${day}T00:00:00.000Z`;
    keep('green-1', { startedAt: at(1) });
    keep('green-2', { startedAt: at(2) });
    keep('red', { startedAt: at(3), verdict: 'failed' });
    keep('other', { startedAt: at(3), scenario: 'else' });
    keep('loopback', { startedAt: at(3), tier: 'loopback' });
    for (const [i, id] of ['green-1', 'green-2', 'red', 'other', 'loopback'].entries())
      utimesSync(recordPath(runs, id), 1_000 + i, 1_000 + i);
    expect(lastGreenBefore({ ...record, id: 'me', startedAt: at(4) }, runs)?.id).toBe('green-2');
    expect(lastGreenBefore({ ...record, id: 'me', startedAt: at(1) }, runs)).toBeUndefined();
  });
});

describe('the folder of runs', () => {
  test('is kept to a size by removing the oldest, but never those to keep nor what is not ours', () => {
    for (const [i, id] of ['a', 'b', 'c', 'd'].entries()) utimesSync(keep(id), 1_000 + i, 1_000 + i);
    mkdirSync(join(runs, 'mine'));
    writeFileSync(join(runs, 'mine', 'notes.txt'), 'x'.repeat(1_000_000));
    const size = readFileSync(recordPath(runs, 'a')).length;
    expect(pruneRuns(runs, { maxBytes: size * 10 })).toEqual([]);
    expect(pruneRuns(runs, { maxBytes: size * 2.5, keep: ['a'] })).toEqual(['b', 'c']);
    expect(readdirSync(runs).sort()).toEqual(['a', 'd', 'mine']);
  });
});

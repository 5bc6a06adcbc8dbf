import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import { parseCpuTrace, readCpuTraces, readTraceArchive, withCpuTraces } from './cpu-traces.ts';
import { generateEstate } from './generate.ts';

const REAL = fileURLToPath(new URL('../../../shared/data/planetlab/20110303.tar.gz', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'drylift-traces-'));
afterAll(() => rmSync(folder, { recursive: true }));

function failure(run: () => unknown): DryliftError {
  try {
    run();
  } catch (error) {
    if (error instanceof DryliftError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** One ustar entry, POSIX.1-1988. */
function tarEntry(name: string, text: string, type = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(`${text.length.toString(8).padStart(11, '0')} `, 124);
  header.write(type, 156);
  header.write('ustar\u000000', 257);
  const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
  body.write(text);
  return Buffer.concat([header, body]);
}

const archive = (...entries: Buffer[]) => gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));

describe('CPU traces', () => {
  test('the recorded PlanetLab day reads as 1,052 traces of 288 values', (ctx) => {
    if (!existsSync(REAL)) ctx.skip('the PlanetLab day is not on this machine');
    const traces = readCpuTraces(REAL);
    expect(traces.size).toBe(1052);
    expect([...traces.values()].every((trace) => trace.length === 288)).toBe(true);
    expect([...traces.get('roam1_cs_ou_edu_uw_oneswarm')!.subarray(0, 7)]).toEqual([6, 8, 11, 13, 6, 12, 12]);
  });

  test('a single file, a directory and an archive of the same files give the same traces', () => {
    mkdirSync(join(folder, 'day', 'sub'), { recursive: true });
    writeFileSync(join(folder, 'day', 'b'), '1\n2\n3\n');
    writeFileSync(join(folder, 'day', 'a'), '100\r\n0\r\n');
    writeFileSync(
      join(folder, 'day.tgz'),
      archive(tarEntry('day/', '', '5'), tarEntry('day/b', '1\n2\n3\n'), tarEntry('day/a', '100\n0')),
    );
    const expected = new Map([
      ['a', Uint8Array.from([100, 0])],
      ['b', Uint8Array.from([1, 2, 3])],
    ]);
    expect(readCpuTraces(join(folder, 'day'))).toEqual(expected);
    expect(readCpuTraces(join(folder, 'day.tgz'))).toEqual(expected);
    expect(readCpuTraces(join(folder, 'day', 'b'))).toEqual(new Map([['b', expected.get('b')!]]));
  });

  test.each([
    ['12\n-3\n', 2],
    ['101\n', 1],
    ['12.5\n', 1],
    ['1\n\n3\n', 2],
    ['', 1],
    ['1\n2\nn/a', 3],
  ])('%j is refused, naming file and line', (text, line) => {
    const error = failure(() => parseCpuTrace(text, 'day/host1'));
    expect(error.code).toBe('estate.trace.badLine');
    expect(error.where).toMatchObject({ file: 'day/host1', line });
  });

  test('a bad line in an archive names the archive and the file', () => {
    const error = failure(() => readTraceArchive(archive(tarEntry('d/host1', '7\nx\n')), 'day.tgz'));
    expect(error.where).toMatchObject({ file: 'day.tgz › host1', line: 2 });
  });

  test.each([
    ['cut short', (whole: Buffer) => gzipSync(whole.subarray(0, 700))],
    ['not a tar', () => gzipSync('hello'.repeat(200))],
    ['not a whole gzip', (whole: Buffer) => gzipSync(whole).subarray(0, 40)],
    ['a link', () => archive(tarEntry('d/link', '', '2'))],
    ['empty', () => archive()],
    ['two files of one name', () => archive(tarEntry('a/x', '1\n'), tarEntry('b/x', '2\n'))],
  ])('an archive that is %s is refused', (_, make) => {
    const whole = Buffer.concat([tarEntry('d/host1', '1\n'.repeat(600)), Buffer.alloc(1024)]);
    expect(failure(() => readTraceArchive(make(whole), 'day.tgz')).code).toBe('estate.trace.unreadable');
  });

  test('a gzip bomb is refused before it fills the memory', () => {
    // Members of a gzip file add up: RFC 1952, section 2.2.
    const member = gzipSync(Buffer.alloc(16 << 20));
    const bomb = Buffer.concat(Array.from({ length: 20 }, () => member));
    expect(failure(() => readTraceArchive(bomb, 'bomb.tgz')).code).toBe('estate.trace.tooLarge');
  });

  test('a missing path says so', () => {
    expect(failure(() => readCpuTraces(join(folder, 'nowhere'))).code).toBe('estate.trace.unreadable');
  });

  test('machines get traces by seed and id; templates get none', () => {
    const traces = new Map([
      ['a', Uint8Array.from([1])],
      ['b', Uint8Array.from([2])],
    ]);
    const facts = generateEstate({ seed: 't', machines: 40 });
    const withTemplate = { ...facts, machines: facts.machines.map((m, i) => ({ ...m, template: i === 0 })) };
    const traced = withCpuTraces(withTemplate, traces);
    expect(traced.machines[0]!.workload.cpuTrace).toBeUndefined();
    expect(new Set(traced.machines.slice(1).map((m) => m.workload.cpuTrace))).toEqual(new Set(['a', 'b']));
    expect(withCpuTraces(withTemplate, traces)).toEqual(traced);
    expect(withCpuTraces(facts, new Map())).toBe(facts);
  });
});

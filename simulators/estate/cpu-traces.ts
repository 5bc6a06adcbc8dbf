/**
 * Recorded CPU traces: one utilisation percentage per line, one line per five minutes, one file per machine,
 * as the CoMoN project recorded PlanetLab and as published with CloudSim. Reads a single text file, a
 * directory of them, or a .tar.gz of them (node:zlib and a reader for the ustar format, POSIX.1-1988).
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Entropy } from '#core/entropy/entropy.ts';
import { defineErrors } from '#core/errors.ts';
import { type Bytes, formatBytes, MIB } from '#core/units.ts';
import type { EstateFacts } from './model.ts';

export const errors = defineErrors({
  'estate.trace.unreadable': {
    blame: 'input',
    why: 'A trace is a text file, a directory of text files or a .tar.gz of text files.',
    next: 'Check the path; PlanetLab days as published with CloudSim can be used as they are.',
  },
  'estate.trace.badLine': {
    blame: 'input',
    why: 'A trace holds one whole percentage from 0 to 100 per line, one line per five minutes.',
    next: 'Correct or remove the line.',
  },
  'estate.trace.tooLarge': {
    blame: 'input',
    why: 'Traces are read into memory, so their size is limited.',
    next: 'Use fewer or shorter traces.',
  },
});

const MAX_ARCHIVE_BYTES: Bytes = 64 * MIB;
const MAX_INFLATED_BYTES: Bytes = 256 * MIB;
const MAX_TRACES = 100_000;
/** Ten years of five-minute values. */
const MAX_LINES = 1_051_200;

export type CpuTraces = ReadonlyMap<string, Uint8Array>;

/**
 * Reads a trace file, a directory of them (not its subdirectories) or a .tar.gz/.tgz.
 *
 * @returns traces by file name, in ascending order of name: whole per cent, one value per 300 s.
 * @throws `estate.trace.unreadable`, `estate.trace.badLine` (with file and line), `estate.trace.tooLarge`.
 */
export function readCpuTraces(path: string): CpuTraces {
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(path);
  } catch (cause) {
    throw errors.make('estate.trace.unreadable', {
      what: `There is no trace at ${path}.`,
      where: { file: path },
      cause,
    });
  }
  if (stat.isDirectory()) {
    const names = readdirSync(path).filter((name) => statSync(join(path, name)).isFile());
    let total = 0;
    return tracesOf(
      names.map((name) => {
        total += statSync(join(path, name)).size;
        limit(
          total <= MAX_INFLATED_BYTES,
          path,
          `its files hold more than ${formatBytes(MAX_INFLATED_BYTES)}`,
        );
        return { name, text: () => readFileSync(join(path, name), 'latin1') };
      }),
      path,
    );
  }
  limit(stat.size <= MAX_ARCHIVE_BYTES, path, `it is larger than ${formatBytes(MAX_ARCHIVE_BYTES)}`);
  const bytes = readFileSync(path);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return readTraceArchive(bytes, path);
  return tracesOf([{ name: basename(path), text: () => bytes.toString('latin1') }], path);
}

/** As `readCpuTraces`, for the bytes of a .tar.gz. `fileName` is for messages. */
export function readTraceArchive(gzipped: Uint8Array, fileName: string): CpuTraces {
  let tar: Buffer;
  try {
    tar = gunzipSync(gzipped, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (cause) {
    const tooLarge = (cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
    limit(!tooLarge, fileName, `it inflates to more than ${formatBytes(MAX_INFLATED_BYTES)}`);
    throw errors.make('estate.trace.unreadable', {
      what: `${fileName} is not a whole gzip archive.`,
      where: { file: fileName },
      cause,
    });
  }
  const files = tarFiles(tar, fileName);
  return tracesOf(
    files.map(({ name, content }) => ({ name: basename(name), text: () => content.toString('latin1') })),
    fileName,
  );
}

/**
 * Parses one trace. Empty lines at the end are allowed, nowhere else.
 * @throws `estate.trace.badLine`, `estate.trace.tooLarge`
 */
export function parseCpuTrace(text: string, fileName: string): Uint8Array {
  const lines = text.trimEnd().split(/\r?\n/);
  limit(lines.length <= MAX_LINES, fileName, `it has more than ${MAX_LINES} lines`);
  return Uint8Array.from(lines, (line, index) => {
    const value = line.trim();
    if (!/^\d{1,3}$/.test(value) || Number(value) > 100)
      throw errors.make('estate.trace.badLine', {
        what: `${fileName} line ${index + 1}: "${value.slice(0, 40)}" is not a percentage.`,
        where: { file: fileName, line: index + 1, text: line.slice(0, 80) },
      });
    return Number(value);
  });
}

/**
 * The estate with traces instead of shapes: every machine that is not a template gets one, chosen by
 * (seed, machine), so that it does not depend on the other machines. No traces, no change.
 */
export function withCpuTraces(facts: EstateFacts, traces: CpuTraces): EstateFacts {
  const names = [...traces.keys()];
  if (names.length === 0) return facts;
  const entropy = new Entropy(facts.seed);
  return {
    ...facts,
    cpuTraces: traces,
    machines: facts.machines.map((machine) =>
      machine.template
        ? machine
        : {
            ...machine,
            workload: { ...machine.workload, cpuTrace: entropy.pick(names, 'estate.cpuTrace', machine.id) },
          },
    ),
  };
}

function tracesOf(files: { name: string; text: () => string }[], source: string): CpuTraces {
  limit(files.length <= MAX_TRACES, source, `it holds more than ${MAX_TRACES} traces`);
  if (files.length === 0)
    throw errors.make('estate.trace.unreadable', {
      what: `${source} holds no traces.`,
      where: { file: source },
    });
  files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const inSource = (name: string) => (name === basename(source) ? source : `${source} › ${name}`);
  const traces = new Map<string, Uint8Array>();
  for (const { name, text } of files) {
    if (traces.has(name))
      throw errors.make('estate.trace.unreadable', {
        what: `${source} holds two traces named ${name}.`,
        where: { file: source },
      });
    traces.set(name, parseCpuTrace(text(), inSource(name)));
  }
  return traces;
}

const TAR_BLOCK = 512;

/**
 * Regular files of a ustar or GNU tar archive, with GNU's long names. Directories and pax headers are passed
 * over; links and devices are refused.
 */
function tarFiles(tar: Buffer, fileName: string): { name: string; content: Buffer }[] {
  const damaged = (what: string) =>
    errors.make('estate.trace.unreadable', { what: `${fileName}: ${what}.`, where: { file: fileName } });
  const text = (at: number, length: number) => tar.toString('latin1', at, at + length).replace(/\0.*$/s, '');
  const files: { name: string; content: Buffer }[] = [];
  let longName: string | undefined;
  for (let at = 0; at + TAR_BLOCK <= tar.length && tar[at] !== 0; ) {
    const sizeField = text(at + 124, 12).trim();
    if (text(at + 257, 5) !== 'ustar' || !/^[0-7]{1,11}$/.test(sizeField))
      throw damaged(`no tar header at byte ${at}`);
    const size = Number.parseInt(sizeField, 8);
    const start = at + TAR_BLOCK;
    if (start + size > tar.length) throw damaged('the archive ends inside a file');
    const type = text(at + 156, 1);
    const prefix = tar[at + 262] === 0 ? text(at + 345, 155) : ''; // GNU's header keeps times there
    const name = longName ?? `${prefix ? `${prefix}/` : ''}${text(at, 100)}`;
    longName = undefined;
    if (type === '' || type === '0') files.push({ name, content: tar.subarray(start, start + size) });
    else if (type === 'L') longName = text(start, size);
    else if (!['5', 'x', 'g', 'K'].includes(type)) throw damaged(`${name} is not a regular file`);
    at = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
  return files;
}

function limit(holds: boolean, file: string, why: string): asserts holds {
  if (!holds)
    throw errors.make('estate.trace.tooLarge', { what: `${file} cannot be used: ${why}.`, where: { file } });
}

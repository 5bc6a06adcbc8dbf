/**
 * Servers from the CSV template of Azure Migrate (tutorial-discover-import.md, 2020-09 and 2023-09): an inventory
 * without an appliance. Given utilization is used as it is; there is no history, percentile or rating.
 *
 * Problems are told row by row, all of them: a row with an error gives no server, a warning does not keep one
 * back. A server named twice is updated: the later row stands.
 */
import { csvRows, readNumber } from '../csv.ts';
import { defineErrors, nearest } from '../errors.ts';
import { GIB } from '../units.ts';
import type { DiskOfMachine, DiskRates, GivenUtilization, MachineFacts } from './machine-facts.ts';

export const errors = defineErrors({
  'serverImport.badHeader': {
    blame: 'input',
    why: 'The columns "Server name", "Cores", "Memory" and "OS name" of the import template are mandatory.',
    next: 'Use the header of the template: Server name, IP address, Cores, Memory, OS name, OS version, OS architecture, Number of disks, Disk 1 size …',
  },
  'serverImport.tooManyServers': {
    blame: 'input',
    why: 'One file, and one project, takes at most 20,000 servers.',
    next: 'Split the file.',
  },
});

export interface ImportProblem {
  /** Of the row, from 1. */
  readonly line: number;
  /** Header of the column; '' when it is about the row. */
  readonly column: string;
  readonly severity: 'error' | 'warning';
  readonly what: string;
}

export interface ImportedServers {
  readonly machines: readonly MachineFacts[];
  readonly problems: readonly ImportProblem[];
}

const SERVERS_MAX = 20_000;
/** 8 in 2020, 20 in 2023. */
const DISKS_MAX = 20;
/** More problems of one file are counted, not listed. */
const PROBLEMS_MAX = 1_000;

const PLAIN_COLUMNS = [
  'Server name',
  'IP address',
  'Cores',
  'Memory',
  'OS name',
  'OS version',
  'OS architecture',
  'Server type',
  'Hypervisor',
  'Number of disks',
  'Storage in use (In GB)',
  'CPU utilization percentage',
  'Memory utilization percentage',
  'Total disks read ops',
  'Total disks write ops',
  'Total disks read throughput',
  'Total disks write throughput',
  'Network In throughput',
  'Network Out throughput',
  'Firmware type',
  'Network adapters',
  'MAC address',
] as const;
type Column = (typeof PLAIN_COLUMNS)[number];

const DISK_PARTS = ['size', 'read ops', 'write ops', 'read throughput', 'write throughput'] as const;
type DiskPart = (typeof DISK_PARTS)[number];

const MANDATORY: readonly Column[] = ['Server name', 'Cores', 'Memory', 'OS name'];

/** "Memory (In MB)", "memory" and "*Memory" are one column; units in brackets are the ones of the page. */
function normalised(header: string): string {
  return header
    .toLowerCase()
    .replaceAll(/\([^)]*\)/g, '')
    .replaceAll(/[^a-z0-9]/g, '');
}

const NAMES = new Map<string, string>(
  [
    ...PLAIN_COLUMNS,
    ...Array.from({ length: DISKS_MAX }, (_, i) => DISK_PARTS.map((part) => `Disk ${i + 1} ${part}`)).flat(),
  ].map((name) => [normalised(name), name]),
).set(normalised('Boot type'), 'Firmware type'); // what the template file has been seen to say

/**
 * @param chunks text of the file, cut anywhere.
 * @throws `serverImport.badHeader`, `serverImport.tooManyServers`, `csv.malformed`; what is wrong with rows is returned.
 */
export function readImportCsv(chunks: Iterable<string>, fileName: string): ImportedServers {
  const rows = csvRows(chunks, fileName);
  const first = rows.next();
  const problems = new Problems();
  const columns = first.done
    ? new Map<string, number>()
    : headerOf(first.value.cells, problems, first.value.line);
  const missing = MANDATORY.filter((name) => !columns.has(name));
  if (missing.length > 0)
    throw errors.make('serverImport.badHeader', {
      what: `${fileName} has no column ${missing.map((name) => `"${name}"`).join(', ')}.`,
      where: { file: fileName, line: first.done ? 1 : first.value.line },
    });
  const machines = new Map<string, MachineFacts>();
  for (const { line, cells } of rows) {
    const server = new Row(line, cells, columns, problems).server();
    if (!server) continue;
    if (machines.has(server.id))
      problems.add(line, 'Server name', 'warning', `"${server.displayName}" is there twice; this row stands`);
    machines.set(server.id, server);
    if (machines.size > SERVERS_MAX)
      throw errors.make('serverImport.tooManyServers', {
        what: `${fileName} has more than ${SERVERS_MAX.toLocaleString('en')} servers.`,
        where: { file: fileName, line },
      });
  }
  return { machines: [...machines.values()], problems: problems.list };
}

function headerOf(cells: readonly string[], problems: Problems, line: number): Map<string, number> {
  const columns = new Map<string, number>();
  for (const [i, cell] of cells.entries()) {
    const name = NAMES.get(normalised(cell));
    if (name !== undefined && !columns.has(name)) columns.set(name, i);
    else if (cell !== '') {
      const near = nearest(cell, NAMES.values());
      problems.add(
        line,
        cell,
        'warning',
        name === undefined
          ? `is no column of the template${near ? ` (${near}?)` : ''}; it is passed over`
          : 'is there twice; the first is read',
      );
    }
  }
  return columns;
}

class Problems {
  readonly list: ImportProblem[] = [];
  #errors = 0;

  add(line: number, column: string, severity: 'error' | 'warning', what: string): void {
    if (severity === 'error') this.#errors++;
    if (this.list.length < PROBLEMS_MAX)
      this.list.push({ line, column: column.slice(0, 80), severity, what });
  }

  get errors(): number {
    return this.#errors;
  }
}

class Row {
  readonly #line: number;
  readonly #cells: readonly string[];
  readonly #columns: ReadonlyMap<string, number>;
  readonly #problems: Problems;

  constructor(
    line: number,
    cells: readonly string[],
    columns: ReadonlyMap<string, number>,
    problems: Problems,
  ) {
    this.#line = line;
    this.#cells = cells;
    this.#columns = columns;
    this.#problems = problems;
  }

  /** Undefined when something in the row cannot be used. */
  server(): MachineFacts | undefined {
    const before = this.#problems.errors;
    const name = this.#text('Server name', 256);
    if (name === '') this.#error('Server name', 'is empty');
    const cores = this.#number('Cores', 1, 4_096, true);
    if (cores === undefined && this.#text('Cores') === '') this.#error('Cores', 'is empty');
    const memoryMiB = this.#number('Memory', 1, 64 * 1024 * 1024);
    if (memoryMiB === undefined && this.#text('Memory') === '') this.#error('Memory', 'is empty');
    const osName = this.#text('OS name', 256);
    if (osName === '') this.#error('OS name', 'is empty');
    const version = this.#text('OS version', 64);
    const bits = this.#word('OS architecture', { x64: 64, amd64: 64, '64-bit': 64, x86: 32, '32-bit': 32 });
    const boot = this.#word('Firmware type', { BIOS: 'BIOS', UEFI: 'EFI', EFI: 'EFI' });
    this.#word('Server type', { Virtual: true, Physical: true });
    this.#word('Hypervisor', { VMware: true, 'Hyper-V': true });
    const { disks, rates } = this.#disks();
    const given = this.#given(rates);
    const nics = this.#nics();
    if (this.#problems.errors > before) return undefined;
    return {
      id: `import/${name.toLowerCase()}`,
      displayName: name,
      platform: 'Import',
      cores: cores!,
      memoryMiB: memoryMiB!,
      bootType: boot ?? 'BIOS',
      os: { name: osName, ...(version === '' ? {} : { version }), ...(bits === undefined ? {} : { bits }) },
      disks,
      nics,
      given,
    };
  }

  #disks(): { disks: DiskOfMachine[]; rates: Record<string, DiskRates> } {
    const disks: DiskOfMachine[] = [];
    const rates: Record<string, DiskRates> = {};
    for (let n = 1; n <= DISKS_MAX; n++) {
      const column = (part: DiskPart) => `Disk ${n} ${part}`;
      const size = this.#number(column('size'), 0.001, 256 * 1024);
      const measured = this.#rates(
        column('read ops'),
        column('write ops'),
        column('read throughput'),
        column('write throughput'),
      );
      if (size === undefined) {
        if (measured && this.#text(column('size')) === '')
          this.#error(column('size'), 'is empty, though the disk has figures');
        continue;
      }
      const id = `disk${n}`;
      disks.push({ id, label: `Disk ${n}`, sizeBytes: Math.round(size * GIB), isOs: disks.length === 0 });
      if (measured) rates[id] = measured;
    }
    const stated = this.#number('Number of disks', 0, 256, true);
    if (stated !== undefined && disks.length > 0 && stated !== disks.length)
      this.#problems.add(
        this.#line,
        'Number of disks',
        'warning',
        `is ${stated}, but ${disks.length} have a size; those are assessed`,
      );
    return { disks, rates };
  }

  #rates(readOps: string, writeOps: string, read: string, write: string): DiskRates | undefined {
    const [readIops, writeIops] = [readOps, writeOps].map((column) => this.#number(column, 0, 1e7));
    const [readMB, writeMB] = [read, write].map((column) => this.#number(column, 0, 1e6));
    const rates: DiskRates = {
      ...(readIops === undefined ? {} : { readIops }),
      ...(writeIops === undefined ? {} : { writeIops }),
      ...(readMB === undefined ? {} : { readBps: readMB * 1e6 }),
      ...(writeMB === undefined ? {} : { writeBps: writeMB * 1e6 }),
    };
    return Object.keys(rates).length === 0 ? undefined : rates;
  }

  #given(disks: Readonly<Record<string, DiskRates>>): GivenUtilization {
    const cpuPercent = this.#number('CPU utilization percentage', 0, 100);
    const memoryPercent = this.#number('Memory utilization percentage', 0, 100);
    const totals = this.#rates(
      'Total disks read ops',
      'Total disks write ops',
      'Total disks read throughput',
      'Total disks write throughput',
    );
    this.#number('Network In throughput', 0, 1e6);
    this.#number('Storage in use (In GB)', 0, 1e9);
    const out = this.#number('Network Out throughput', 0, 1e6);
    return {
      ...(cpuPercent === undefined ? {} : { cpuPercent }),
      ...(memoryPercent === undefined ? {} : { memoryPercent }),
      ...(Object.keys(disks).length === 0 ? {} : { disks }),
      ...(totals === undefined ? {} : { totals }),
      ...(out === undefined ? {} : { outBps: out * 1e6 }),
    };
  }

  /** As many as stated or as there are MAC addresses; one when nothing is said. */
  #nics(): MachineFacts['nics'] {
    const macs = this.#text('MAC address')
      .split(/[;,\s]+/)
      .filter(Boolean);
    const addresses = this.#text('IP address')
      .split(/[;,\s]+/)
      .filter(Boolean);
    const stated = this.#number('Network adapters', 0, 256, true);
    return Array.from({ length: Math.max(stated ?? 1, macs.length) }, (_, i) => ({
      id: `nic${i + 1}`,
      ...(macs[i] === undefined ? {} : { macAddress: macs[i] }),
      ...(i === 0 && addresses.length > 0 ? { ipAddresses: addresses } : {}),
    }));
  }

  #text(column: string, longest = 1_024): string {
    const at = this.#columns.get(column);
    const text = at === undefined ? '' : (this.#cells[at] ?? '');
    if (text.length <= longest) return text;
    this.#error(column, `is longer than ${longest} characters`);
    return '';
  }

  #number(column: string, low: number, high: number, isWhole = false): number | undefined {
    const text = this.#text(column, 40);
    if (text === '') return undefined;
    const value = readNumber(text);
    if (value === undefined) return this.#error(column, `"${text}" is not a number`);
    if (isWhole && !Number.isInteger(value)) return this.#error(column, `"${text}" is not a whole number`);
    if (value < low || value > high)
      return this.#error(column, `"${text}" is not between ${low} and ${high}`);
    return value;
  }

  #word<const T>(column: string, words: Readonly<Record<string, T>>): T | undefined {
    const text = this.#text(column);
    if (text === '') return undefined;
    const found = Object.keys(words).find((word) => word.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return words[found];
    return this.#error(column, `"${text.slice(0, 40)}" is none of ${Object.keys(words).join(', ')}`);
  }

  #error(column: string, what: string): undefined {
    this.#problems.add(this.#line, column, 'error', what);
  }
}

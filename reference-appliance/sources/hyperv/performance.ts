/**
 * Performance of all machines of a host by four questions, one for each class. Rows are matched to machines, disks and
 * adapters by their instance names, each name looked up once and then remembered. [facts: winrm-cim §14, collected-data §6]
 *
 * CPU is the mean over the virtual processors; memory is pressure x visible memory, which only machines with dynamic
 * memory have. Rows of two machines that cannot be told apart, since they have one name on one host, count for neither.
 */
import { DryliftError } from '#core/errors.ts';
import type { LiveSink } from '../../app/ports.ts';
import type { HypervMachine } from '../../app/source-machines.ts';
import type { WinrmConnection } from '../winrm/types.ts';
import { counterNameOfPath } from './identifiers.ts';
import { CIMV2, COUNTER_QUERIES } from './queries.ts';

interface MachineTarget {
  readonly handle: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly hasDynamicMemory: boolean;
  /** Of the sample that is being read. */
  percent: number;
  processors: number;
}

interface PartTarget {
  readonly handle: string;
  readonly instance: string;
}

/** `null`: the name is that of several. */
type Names<T> = Map<string, T | null>;

/** Who the instance names of one host may mean. */
export class CounterNames {
  readonly machines: Names<MachineTarget> = new Map();
  readonly disks: Names<PartTarget> = new Map();
  readonly adapters: Names<PartTarget> = new Map();

  add(machine: HypervMachine): void {
    const { handle, name, cores, memoryMiB, dynamicMemory, disks, nics } = machine;
    const hasDynamicMemory = dynamicMemory !== undefined;
    put(this.machines, name.toLowerCase(), {
      handle,
      cores,
      memoryMiB,
      hasDynamicMemory,
      percent: 0,
      processors: 0,
    });
    for (const { path, instance } of disks)
      if (path !== '') put(this.disks, counterNameOfPath(path), { handle, instance });
    for (const { id } of nics) put(this.adapters, portOf(id), { handle, instance: id });
  }
}

function put<T>(names: Names<T>, name: string, target: T): void {
  names.set(name, names.has(name) ? null : target);
}

/** "GUID--GUID" of "Microsoft:GUID:GUID". */
function portOf(nicId: string): string {
  return nicId
    .replace(/^Microsoft:/i, '')
    .replace(':', '--')
    .toLowerCase();
}

/** What a host's instance names turned out to mean. */
export class HostCounters {
  readonly #own: CounterNames;
  readonly #all: CounterNames;
  readonly #machines = new Map<string, MachineTarget | null>();
  readonly #disks = new Map<string, PartTarget | null>();
  readonly #adapters = new Map<string, PartTarget | null>();

  /** @param all of the whole cluster: a machine may have moved here since the inventory was read */
  constructor(own: CounterNames, all: CounterNames) {
    this.#own = own;
    this.#all = all;
  }

  /** @throws `winrm.*`, `net.*` when the host cannot be asked at all */
  async sample(connection: WinrmConnection, sink: LiveSink, signal: AbortSignal): Promise<void> {
    const { processors, memory, disks, adapters } = COUNTER_QUERIES;
    const touched: MachineTarget[] = [];
    await this.#rows(connection, processors, signal, ([name, percent]) => {
      const target = this.#processor(name!);
      const value = counterValue(percent!);
      if (!target || value < 0) return;
      if (target.processors === 0) touched.push(target);
      target.processors++;
      target.percent += Math.min(value, 100);
    });
    for (const target of touched) {
      // more processors than the machine has: two of one name
      if (target.processors <= target.cores)
        sink(target.handle, 'cpu.usage', '', Math.round((target.percent * 100) / target.processors));
      target.percent = target.processors = 0;
    }
    await this.#rows(connection, memory, signal, ([name, pressure, visible]) => {
      const target = this.#machine(name!);
      if (!target?.hasDynamicMemory || target.memoryMiB === 0) return;
      const percent = counterValue(pressure!);
      const megabytes = counterValue(visible!);
      if (percent < 0 || megabytes < 0) return;
      sink(target.handle, 'mem.usage', '', Math.round((percent * megabytes * 100) / target.memoryMiB));
    });
    await this.#rows(connection, disks, signal, ([name, readBytes, writeBytes, reads, writes]) => {
      const target = this.#part(this.#disks, name!, (names) => names.disks.get(counterNameOfPath(name!)));
      if (!target) return;
      tell(sink, target, 'disk.readBytes', readBytes!);
      tell(sink, target, 'disk.writeBytes', writeBytes!);
      tell(sink, target, 'disk.reads', reads!);
      tell(sink, target, 'disk.writes', writes!);
    });
    await this.#rows(connection, adapters, signal, ([name, received, sent]) => {
      const target = this.#part(this.#adapters, name!, (names) => names.adapters.get(portIn(name!)));
      if (!target) return;
      tell(sink, target, 'net.receivedBytes', received!);
      tell(sink, target, 'net.sentBytes', sent!);
    });
  }

  /** A host without one of the classes still has the others. */
  async #rows(
    connection: WinrmConnection,
    { className, columns }: (typeof COUNTER_QUERIES)[keyof typeof COUNTER_QUERIES],
    signal: AbortSignal,
    onRow: (row: readonly string[]) => void,
  ): Promise<void> {
    try {
      await connection.rows(CIMV2, className, columns, onRow, signal);
    } catch (error) {
      if (!(error instanceof DryliftError) || error.code !== 'winrm.class.missing') throw error;
    }
  }

  #machine(name: string): MachineTarget | null {
    let target = this.#machines.get(name);
    if (target === undefined) {
      const plain = name.toLowerCase();
      target = this.#own.machines.get(plain) ?? onlyElsewhere(this.#own.machines, this.#all.machines, plain);
      remember(this.#machines, name, target);
    }
    return target;
  }

  /** "vm:Hv VP 0"; names of machines may have colons of their own. */
  #processor(name: string): MachineTarget | null {
    let target = this.#machines.get(name);
    if (target === undefined) {
      const end = name.lastIndexOf(':Hv VP ');
      target = end < 0 ? null : this.#machine(name.slice(0, end));
      remember(this.#machines, name, target);
    }
    return target;
  }

  #part(
    memo: Map<string, PartTarget | null>,
    name: string,
    find: (names: CounterNames) => PartTarget | null | undefined,
  ): PartTarget | null {
    let target = memo.get(name);
    if (target === undefined) {
      const own = find(this.#own);
      target = own === undefined ? (find(this.#all) ?? null) : own;
      remember(memo, name, target);
    }
    return target;
  }
}

/** A host that makes up ever new names shall not fill the memory. */
const NAMES_MAX = 100_000;

function remember<T>(memo: Map<string, T>, name: string, target: T): void {
  if (memo.size >= NAMES_MAX) memo.clear();
  // a copy: the name is a part of the whole answer, and would keep it in memory
  memo.set(Buffer.from(name).toString(), target);
}

function onlyElsewhere<T>(own: Names<T>, all: Names<T>, name: string): T | null {
  return own.has(name) ? null : (all.get(name) ?? null);
}

/** "web-01_Network Adapter_GUID--GUID": what stands behind the last underscore. */
function portIn(name: string): string {
  return name.slice(name.lastIndexOf('_') + 1).toLowerCase();
}

/** -1: no number that a counter can have. */
function counterValue(text: string): number {
  if (text === '') return -1;
  const value = Number(text);
  return value >= 0 && value < Number.MAX_SAFE_INTEGER ? value : -1;
}

function tell(
  sink: LiveSink,
  { handle, instance }: PartTarget,
  counter: Parameters<LiveSink>[1],
  text: string,
): void {
  const value = counterValue(text);
  if (value >= 0) sink(handle, counter, instance, value);
}

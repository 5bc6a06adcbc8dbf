/** Looks at Windows servers: their configuration class by class, and samples from the performance classes. */
import { DryliftError } from '#core/errors.ts';
import type { LiveSink } from '../../app/ports.ts';
import type { ServerMachine } from '../../app/source-machines.ts';
import type { CimInstance } from '../winrm/cim.ts';
import type { WinrmConnection } from '../winrm/types.ts';
import {
  CLASSES,
  type ClassName,
  COUNTER_CLASSES,
  type CounterClass,
  counterNameOf,
  NAMESPACE,
  NEEDED,
  readWindows,
  type WindowsFacts,
} from './windows-reader.ts';

const HUNDREDTHS = 100;

/** What one class may do without the others suffering. */
const OF_ONE_CLASS = /^winrm\.(class\.missing|namespace\.denied|denied|fault|timeout|envelope)$/;

/** @returns the facts, and why classes are missing among them. @throws `winrm.*`, `net.*` when there is no machine to tell of */
export async function lookAtWindows(
  connection: WinrmConnection,
  signal: AbortSignal,
): Promise<{ facts: WindowsFacts | undefined; missing: ReadonlyMap<ClassName, DryliftError> }> {
  const found = new Map<ClassName, readonly CimInstance[]>();
  const missing = new Map<ClassName, DryliftError>();
  for (const [name, properties] of Object.entries(CLASSES) as Array<[ClassName, string]>)
    try {
      found.set(name, await connection.query(NAMESPACE, `SELECT ${properties} FROM ${name}`, signal));
    } catch (error) {
      if (!isOfOneClass(error) || NEEDED.includes(name)) throw error;
      missing.set(name, error);
    }
  return { facts: readWindows(found), missing };
}

const isOfOneClass = (error: unknown): error is DryliftError =>
  error instanceof DryliftError && OF_ONE_CLASS.test(error.code);

/** @throws `winrm.*`, `net.*` when no class could be asked */
export async function sampleWindows(
  connection: WinrmConnection,
  machine: ServerMachine,
  sink: LiveSink,
  signal: AbortSignal,
): Promise<void> {
  let refused: unknown;
  let answered = 0;
  for (const name of Object.keys(COUNTER_CLASSES) as CounterClass[])
    try {
      await connection.rows(
        NAMESPACE,
        name,
        COUNTER_CLASSES[name],
        (row) => tellRow(machine, name, row, sink),
        signal,
      );
      answered++;
    } catch (error) {
      if (!isOfOneClass(error)) throw error;
      refused = error;
    }
  if (answered === 0) throw refused;
}

function tellRow(machine: ServerMachine, from: CounterClass, row: readonly string[], sink: LiveSink): void {
  const { handle } = machine;
  const [name = ''] = row;
  const tell = (counter: Parameters<LiveSink>[1], instance: string, text: string | undefined): void => {
    const value = Number(text || Number.NaN);
    if (value >= 0) sink(handle, counter, instance, Math.round(value));
  };
  const percent = (counter: Parameters<LiveSink>[1], value: number): void => {
    if (value >= 0) sink(handle, counter, '', Math.round(Math.min(100, value) * HUNDREDTHS));
  };
  switch (from) {
    case 'Win32_PerfFormattedData_PerfOS_Processor':
      if (name === '_Total' && row[1] !== '') percent('cpu.usage', 100 - Number(row[1]));
      return;
    case 'Win32_PerfFormattedData_PerfOS_Memory':
      if (name !== '' && machine.memoryMiB > 0)
        percent('mem.usage', Math.max(0, 100 * (1 - Number(name) / machine.memoryMiB)));
      return;
    case 'Win32_PerfFormattedData_Tcpip_NetworkInterface': {
      const nic = machine.nics.find(({ label }) => counterNameOf(label) === name);
      if (!nic) return;
      tell('net.receivedBytes', nic.id, row[1]);
      tell('net.sentBytes', nic.id, row[2]);
      return;
    }
    case 'Win32_PerfFormattedData_PerfDisk_PhysicalDisk': {
      // "0 C: D:": number of the drive, then its letters
      const number = /^(\d+)\b/.exec(name)?.[1];
      const disk = machine.disks.find(({ diskId }) => /(\d+)$/.exec(diskId)?.[1] === number);
      if (!disk || number === undefined) return;
      tell('disk.reads', disk.instance, row[1]);
      tell('disk.writes', disk.instance, row[2]);
      tell('disk.readBytes', disk.instance, row[3]);
      tell('disk.writeBytes', disk.instance, row[4]);
    }
  }
}

/**
 * Counters of machines, formatted and raw (facts, winrm-cim.md section 14). They are polled for thousands of machines
 * every half minute: what a query does not ask for is not made.
 */

import { memoryOf } from '../estate/guest/load.ts';
import type { Machine } from '../estate/model.ts';
import {
  type CounterReader,
  type MachineReader,
  performanceClasses,
  type Row,
} from '../windows/counter-reader.ts';
import type { ClassSource } from '../winrm/cim/repository.ts';
import { diskPath } from './disk-files.ts';
import { type HypervHost, machineGuid, machinesOf } from './hyperv-host.ts';
import { activeSettings, usesDynamicMemory } from './machine-settings.ts';
import { type InstanceNames, isRunning, stateOf } from './machine-state.ts';
import { nicGuid } from './names.ts';

function namesOf(host: HypervHost, machine: Machine): InstanceNames {
  const settings = activeSettings(host, machine);
  const known = stateOf(host.estate).instanceNames;
  let names = known.get(machine);
  if (names?.fileId !== settings.fileId || !names) {
    names = {
      fileId: settings.fileId,
      disks: machine.disks.map((disk) => diskPath(host, settings, disk).replace(/[\\:]/g, '-')),
      nics: machine.nics.map(
        (nic) =>
          `${machine.name}_Network Adapter_${machineGuid(machine)}--${nicGuid(machine, nic, host.entropy)}`,
      ),
    };
    known.set(machine, names);
  }
  return names;
}

/** @param bootedAt of the host */
export function hypervPerformance(host: HypervHost, bootedAt: () => number): ClassSource[] {
  const { clock } = host;
  const object = (name: string, rows: (reader: CounterReader) => Iterable<Row>): ClassSource[] =>
    performanceClasses({ clock, bootedAt }, name, rows);
  return [
    ...object('HvStats_HyperVHypervisorVirtualProcessor', (reader) => virtualProcessors(host, reader)),
    ...object('HvStats_HyperVHypervisorLogicalProcessor', (reader) => logicalProcessors(host, reader)),
    ...object('BalancerStats_HyperVDynamicMemoryVM', (reader) => dynamicMemory(host, reader)),
    ...object('Counters_HyperVVirtualStorageDevice', (reader) => storageDevices(host, reader)),
    ...object('NvspNicStats_HyperVVirtualNetworkAdapter', (reader) => networkAdapters(host, reader)),
  ];
}

/** Machines that are on; others have no counters. */
function* running(host: HypervHost): Iterable<Machine> {
  for (const machine of machinesOf(host)) if (isRunning(host, machine)) yield machine;
}

function countersOn({ estate }: HypervHost, reader: CounterReader, machine: Machine): MachineReader {
  return reader.of(estate.facts, machine, {
    since: estate.powerSince(machine.id),
    storyBegan: estate.start,
  });
}

/** The base of a share of time is time itself, in units of 100 ns. */
function shares(reader: CounterReader, values: Row): Row {
  if (!reader.raw) return values;
  const base = reader.stamps['Timestamp_Sys100NS']!;
  return {
    ...values,
    ...Object.fromEntries(Object.keys(values).map((name) => [`${name}_Base`, base])),
  };
}

function* virtualProcessors(host: HypervHost, reader: CounterReader): Iterable<Row> {
  const timed = reader.wants(
    'PercentGuestRunTime',
    'PercentTotalRunTime',
    'PercentHypervisorRunTime',
    'PercentRemoteRunTime',
    'PercentGuestRunTime_Base',
    'PercentTotalRunTime_Base',
  );
  let sum = 0n;
  let processors = 0;
  const rowOf = (time: number | bigint): Row => ({
    ...reader.stamps,
    ...shares(reader, {
      PercentGuestRunTime: time,
      PercentTotalRunTime: time,
      PercentHypervisorRunTime: 0,
      PercentRemoteRunTime: 0,
    }),
  });
  for (const machine of running(host)) {
    const time = timed ? countersOn(host, reader, machine).time('cpu.usage') : 0;
    const values = timed ? rowOf(time) : reader.stamps;
    for (let cpu = 0; cpu < machine.cores; cpu++) yield { Name: `${machine.name}:Hv VP ${cpu}`, ...values };
    sum += BigInt(time) * BigInt(machine.cores);
    processors += machine.cores;
  }
  // the mean of all
  const mean = processors === 0 ? 0n : (sum + BigInt(processors) / 2n) / BigInt(processors);
  yield { Name: '_Total', ...rowOf(reader.raw ? mean : Number(mean)) };
}

/** What the machines use of the host's processors, spread evenly. */
function* logicalProcessors(host: HypervHost, reader: CounterReader): Iterable<Row> {
  const threads = host.host.cpuThreads;
  let used = 0;
  for (const machine of running(host))
    used += Number(countersOn(host, reader, machine).time('cpu.usage')) * machine.cores;
  const share = used / threads;
  const guest = reader.raw ? BigInt(Math.floor(share)) : Math.min(100, Math.round(share));
  const values = shares(reader, {
    PercentGuestRunTime: guest,
    PercentTotalRunTime: guest,
    PercentHypervisorRunTime: 0,
  });
  const idle = reader.raw ? {} : { PercentIdleTime: 100 - Number(guest) };
  for (let n = 0; n < threads; n++) yield { Name: `Hv LP ${n}`, ...reader.stamps, ...values, ...idle };
  yield { Name: '_Total', ...reader.stamps, ...values, ...idle };
}

function* dynamicMemory(host: HypervHost, { stamps, at }: CounterReader): Iterable<Row> {
  for (const machine of running(host)) {
    const guest = usesDynamicMemory(host, machine) ? host.guests.guest(machine.id) : undefined;
    if (!guest) continue;
    const { totalKb, usedKb } = memoryOf(guest, at);
    const pressure = Math.round((usedKb / totalKb) * 100);
    yield {
      Name: machine.name,
      ...stamps,
      CurrentPressure: pressure,
      AveragePressure: pressure,
      MinimumPressure: pressure,
      MaximumPressure: pressure,
      GuestVisiblePhysicalMemory: machine.memoryMiB,
      PhysicalMemory: machine.memoryMiB,
    };
  }
}

function* storageDevices(host: HypervHost, reader: CounterReader): Iterable<Row> {
  const bytes = reader.wants('ReadBytesPersec', 'WriteBytesPersec');
  const operations = reader.wants('ReadOperationsPerSec', 'WriteOperationsPerSec', 'ReadCount', 'WriteCount');
  for (const machine of running(host)) {
    const counters = countersOn(host, reader, machine);
    const names = namesOf(host, machine).disks;
    for (const [i, disk] of machine.disks.entries()) {
      const reads = operations ? counters.count('virtualDisk.numberReadAveraged', disk.index) : 0;
      const writes = operations ? counters.count('virtualDisk.numberWriteAveraged', disk.index) : 0;
      yield {
        Name: names[i]!,
        ...reader.stamps,
        ...(bytes
          ? {
              ReadBytesPersec: counters.bytes('virtualDisk.read', disk.index),
              WriteBytesPersec: counters.bytes('virtualDisk.write', disk.index),
            }
          : {}),
        ...(operations
          ? {
              ReadOperationsPerSec: reads,
              WriteOperationsPerSec: writes,
              ReadCount: reads,
              WriteCount: writes,
            }
          : {}),
        QueueLength: 0,
        ErrorCount: 0,
        FlushCount: 0,
        Latency: 0,
      };
    }
  }
}

function* networkAdapters(host: HypervHost, reader: CounterReader): Iterable<Row> {
  for (const machine of running(host)) {
    const counters = countersOn(host, reader, machine);
    const names = namesOf(host, machine).nics;
    for (const [i, nic] of machine.nics.entries()) {
      if (!nic.connected) continue;
      const received = counters.bytes('net.received', nic.index);
      const sent = counters.bytes('net.transmitted', nic.index);
      yield {
        Name: names[i]!,
        ...reader.stamps,
        BytesReceivedPersec: received,
        BytesSentPersec: sent,
        BytesPersec: received + sent,
      };
    }
  }
}

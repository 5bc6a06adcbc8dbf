/** root/cimv2 of a Hyper-V host as far as it is one: the management service's file, and the performance of machines. */
import { memoryOf } from '../estate/guest/load.ts';
import type { Machine } from '../estate/model.ts';
import { type Counter, curveAt, curveOf, sampleAt } from '../estate/workload-curve.ts';
import { cimv2 } from '../windows/windows-server.ts';
import type { ClassSource } from '../winrm/cim/repository.ts';
import type { CimValue } from '../winrm/cim/values.ts';
import { type HypervHost, machinesOf, volumeOf } from './hyperv-host.ts';
import { usesDynamicMemory } from './machine-classes.ts';
import { diskPath } from './names.ts';

type Row = Readonly<Record<string, CimValue>>;

/** What a host has beyond any other Windows server. */
export function hostClasses(host: HypervHost): ClassSource[] {
  const { computer, release } = host;
  return [
    cimv2('CIM_DataFile', () => [
      {
        Name: 'c:\\windows\\system32\\vmms.exe',
        Caption: 'c:\\windows\\system32\\vmms.exe',
        CreationClassName: 'CIM_LogicalFile',
        CSName: computer,
        Drive: 'c:',
        Extension: 'exe',
        FileName: 'vmms',
        Path: '\\windows\\system32\\',
        Version: `${release.version}.1`,
        Manufacturer: 'Microsoft Corporation',
      },
    ]),
    ...performance(host),
  ];
}

/** Machines that are on; others have no counters. */
function running(host: HypervHost): Machine[] {
  return machinesOf(host).filter(({ id }) => host.estate.power(id) === 'on');
}

function sample(host: HypervHost, machine: Machine, counter: Counter, index: number): number {
  return curveAt(curveOf(host.estate.facts, machine, counter, index), sampleAt(host.clock.wall()));
}

function performance(host: HypervHost): ClassSource[] {
  return [
    cimv2('Win32_PerfFormattedData_HvStats_HyperVHypervisorVirtualProcessor', function* () {
      let total = 0;
      let processors = 0;
      for (const machine of running(host)) {
        // whole per cent of each processor; the first ones carry what the division leaves
        const percent = Math.round(sample(host, machine, 'cpu.usage', 0) / 100);
        for (let cpu = 0; cpu < machine.cores; cpu++) {
          total += percent;
          processors++;
          yield processorRow(`${machine.name}:Hv VP ${cpu}`, percent);
        }
      }
      yield processorRow('_Total', processors === 0 ? 0 : Math.round(total / processors));
    }),
    cimv2('Win32_PerfFormattedData_BalancerStats_HyperVDynamicMemoryVM', function* () {
      for (const machine of running(host)) {
        const guest = host.guests.guest(machine.id);
        if (!guest || !usesDynamicMemory(host, machine)) continue;
        const { totalKb, usedKb } = memoryOf(guest, host.clock.wall());
        const pressure = Math.round((usedKb / totalKb) * 100);
        yield {
          Name: machine.name,
          CurrentPressure: pressure,
          AveragePressure: pressure,
          MinimumPressure: pressure,
          MaximumPressure: pressure,
          GuestVisiblePhysicalMemory: machine.memoryMiB,
          PhysicalMemory: machine.memoryMiB,
        };
      }
    }),
    cimv2('Win32_PerfFormattedData_Counters_HyperVVirtualStorageDevice', function* () {
      for (const machine of running(host))
        for (const disk of machine.disks)
          yield {
            Name: diskPath(machine, disk, volumeOf(host)).replace(/[\\:]/g, '-'),
            ReadBytesPersec: BigInt(sample(host, machine, 'virtualDisk.read', disk.index)) * 1024n,
            WriteBytesPersec: BigInt(sample(host, machine, 'virtualDisk.write', disk.index)) * 1024n,
            ReadOperationsPerSec: sample(host, machine, 'virtualDisk.numberReadAveraged', disk.index),
            WriteOperationsPerSec: sample(host, machine, 'virtualDisk.numberWriteAveraged', disk.index),
            QueueLength: 0,
            ErrorCount: 0,
          };
    }),
    cimv2('Win32_PerfFormattedData_NvspNicStats_HyperVVirtualNetworkAdapter', function* () {
      for (const machine of running(host))
        for (const nic of machine.nics) {
          if (!nic.connected) continue;
          const received = BigInt(sample(host, machine, 'net.received', nic.index)) * 1024n;
          const sent = BigInt(sample(host, machine, 'net.transmitted', nic.index)) * 1024n;
          const port = host.entropy.uuid('hyperv.nic', machine.id, nic.index).toUpperCase();
          yield {
            Name: `${machine.name}_Network Adapter_${machine.instanceUuid.toUpperCase()}--${port}`,
            BytesReceivedPersec: received,
            BytesSentPersec: sent,
            BytesPersec: received + sent,
          };
        }
    }),
  ];
}

function processorRow(name: string, percent: number): Row {
  return {
    Name: name,
    PercentGuestRunTime: percent,
    PercentHypervisorRunTime: 0,
    PercentTotalRunTime: percent,
    PercentRemoteRunTime: 0,
  };
}

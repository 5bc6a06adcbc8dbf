/** root/cimv2 of a Hyper-V host: the computer and its operating system, and the performance of its machines. */
import { SECOND } from '#core/units.ts';
import { memoryOf } from '../estate/guest/load.ts';
import type { Machine } from '../estate/model.ts';
import { type Counter, curveAt, curveOf } from '../estate/workload-curve.ts';
import type { ClassSource } from '../winrm/cim/repository.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import { CimDatetime, type CimInstance, type CimValue } from '../winrm/cim/values.ts';
import { type HypervHost, machinesOf, volumeOf } from './hyperv-host.ts';
import { usesDynamicMemory } from './machine-classes.ts';
import { diskPath } from './names.ts';

type Row = Readonly<Record<string, CimValue>>;

const NAMESPACE = 'root/cimv2';
const SAMPLE_SECONDS = 20;
const KILO = 1024;
/** A host shows what is usable: a little below what is installed. */
const USABLE = 0.998;

function cimv2(name: string, rows: () => Iterable<Row>): ClassSource {
  const of = cimClass(NAMESPACE, name);
  return {
    class: of,
    *instances(): Iterable<CimInstance> {
      for (const values of rows()) yield { class: of, values };
    },
  };
}

const instant = (at: number): CimDatetime =>
  new CimDatetime('Datetime', new Date(at).toISOString().replace('Z', '000Z'));

export function hostClasses(host: HypervHost): ClassSource[] {
  const { host: facts, computer, release, clock } = host;
  const domain = facts.name.split('.').slice(1).join('.');
  const serial = facts.uuid.toUpperCase().replaceAll('-', '').slice(0, 7);
  return [
    cimv2('Win32_ComputerSystem', () => [
      {
        Name: computer,
        Caption: computer,
        Status: 'OK',
        CreationClassName: 'Win32_ComputerSystem',
        DNSHostName: facts.name.split('.')[0]!,
        Domain: domain === '' ? 'WORKGROUP' : domain,
        DomainRole: domain === '' ? 2 : 3,
        PartOfDomain: domain !== '',
        Workgroup: domain === '' ? 'WORKGROUP' : null,
        HypervisorPresent: true,
        Manufacturer: facts.vendor,
        Model: facts.model,
        NumberOfLogicalProcessors: facts.cpuThreads,
        NumberOfProcessors: facts.cpuPackages,
        SystemType: 'x64-based PC',
        TotalPhysicalMemory: BigInt(Math.floor(facts.memoryBytes * USABLE)),
      },
    ]),
    cimv2('Win32_ComputerSystemProduct', () => [
      {
        Caption: 'Computer System Product',
        Description: 'Computer System Product',
        IdentifyingNumber: serial,
        Name: facts.model,
        UUID: facts.uuid.toUpperCase(),
        Vendor: facts.vendor,
        Version: '',
      },
    ]),
    cimv2('Win32_BIOS', () => [
      {
        Name: 'BIOS',
        Caption: 'BIOS',
        Manufacturer: facts.vendor,
        SerialNumber: serial,
        SoftwareElementID: 'BIOS',
        SoftwareElementState: 3,
        TargetOperatingSystem: 0,
        Version: 'DELL   - 1',
        PrimaryBIOS: true,
        SMBIOSPresent: true,
      },
    ]),
    cimv2('Win32_Processor', function* () {
      for (let socket = 0; socket < facts.cpuPackages; socket++)
        yield {
          CreationClassName: 'Win32_Processor',
          SystemCreationClassName: 'Win32_ComputerSystem',
          SystemName: computer,
          DeviceID: `CPU${socket}`,
          // a name that stays above 31 characters without its marks ends libvirt's connection
          Name: facts.cpuModel.slice(0, 48),
          Status: 'OK',
          AddressWidth: 64,
          Architecture: 9,
          MaxClockSpeed: facts.cpuMhz,
          CurrentClockSpeed: facts.cpuMhz,
          Manufacturer: 'GenuineIntel',
          NumberOfCores: Math.ceil(facts.cpuCores / facts.cpuPackages),
          NumberOfLogicalProcessors: Math.ceil(facts.cpuThreads / facts.cpuPackages),
          SocketDesignation: `CPU${socket + 1}`,
        };
    }),
    cimv2('Win32_OperatingSystem', () => [
      {
        Name: `${release.caption}|C:\\Windows|\\Device\\Harddisk0\\Partition4`,
        Caption: release.caption,
        Status: 'OK',
        CreationClassName: 'Win32_OperatingSystem',
        CSCreationClassName: 'Win32_ComputerSystem',
        CSName: computer,
        Version: release.version,
        BuildNumber: release.version.split('.')[2]!,
        BuildType: 'Multiprocessor Free',
        LocalDateTime: instant(clock.wall()),
        OSArchitecture: '64-bit',
        OSType: 18,
        OperatingSystemSKU: 8,
        ProductType: 3,
        Primary: true,
        Manufacturer: 'Microsoft Corporation',
        TotalVisibleMemorySize: BigInt(Math.floor((facts.memoryBytes * USABLE) / KILO)),
        SystemDrive: 'C:',
        SystemDirectory: 'C:\\Windows\\system32',
        WindowsDirectory: 'C:\\Windows',
      },
    ]),
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
  const at = Math.floor(host.clock.wall() / SECOND / SAMPLE_SECONDS) + 1;
  return curveAt(curveOf(host.estate.facts, machine, counter, index), at);
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

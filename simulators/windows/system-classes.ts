/** Classes of the system as such: computer, product, firmware, processors, memory, operating system. */
import { MIB } from '#core/units.ts';
import { memoryOf } from '../estate/guest/load.ts';
import type { ClassSource } from '../winrm/cim/repository.ts';
import { instant } from '../winrm/cim/values.ts';
import { cimv2, domainOf, hostName, systemKeys, type WindowsServer } from './windows-server.ts';

const SERVER_STANDARD = 7;
const SERVER_DATACENTER = 8;
const ENTERPRISE_CLIENT = 4;

export function systemClasses(server: WindowsServer): ClassSource[] {
  const { guest, os, clock } = server;
  const { machine, hardware } = guest;
  const name = hostName(server);
  const domain = domainOf(server);
  const controller = guest.role === 'directory';
  const memory = () => memoryOf(guest, clock.wall());
  const processorName = hardware.cpuModel.slice(0, 48);
  const coresEach = Math.max(1, Math.ceil(machine.cores / machine.sockets));
  return [
    cimv2('Win32_ComputerSystem', () => [
      {
        Name: name,
        Caption: name,
        Description: 'AT/AT COMPATIBLE',
        Status: 'OK',
        CreationClassName: 'Win32_ComputerSystem',
        PrimaryOwnerName: 'Windows User',
        Roles: ['LM_Workstation', 'LM_Server', 'NT', ...(os.server ? ['Server_NT'] : [])],
        DNSHostName: guest.hostName,
        Domain: domain === '' ? 'WORKGROUP' : domain,
        DomainRole: controller ? 5 : (os.server ? 2 : 0) + (domain === '' ? 0 : 1),
        PartOfDomain: domain !== '',
        Workgroup: domain === '' ? 'WORKGROUP' : null,
        HypervisorPresent: hardware.virtual,
        Manufacturer: hardware.vendor,
        Model: hardware.model,
        NumberOfLogicalProcessors: machine.cores,
        NumberOfProcessors: machine.sockets,
        SystemType: os.architecture === '64-bit' ? 'x64-based PC' : 'X86-based PC',
        TotalPhysicalMemory: BigInt(memory().totalKb) * 1024n,
        BootupState: 'Normal boot',
        CurrentTimeZone: 0,
        PCSystemType: os.server ? 4 : 1,
        AutomaticManagedPagefile: true,
      },
    ]),
    cimv2('Win32_ComputerSystemProduct', () => [
      {
        Caption: 'Computer System Product',
        Description: 'Computer System Product',
        IdentifyingNumber: hardware.serialNumber,
        Name: hardware.model,
        UUID: hardware.uuid.toUpperCase(),
        Vendor: hardware.vendor,
        Version: hardware.version,
      },
    ]),
    cimv2('Win32_BIOS', () => [
      {
        Name: hardware.bios,
        Caption: hardware.bios,
        Description: hardware.bios,
        Status: 'OK',
        Manufacturer: hardware.biosVendor,
        SerialNumber: hardware.serialNumber,
        SoftwareElementID: hardware.bios,
        SoftwareElementState: 3,
        TargetOperatingSystem: 0,
        Version: 'INTEL  - 6040000',
        PrimaryBIOS: true,
        BIOSVersion: ['INTEL  - 6040000', hardware.bios],
        SMBIOSBIOSVersion: '6.00',
        SMBIOSMajorVersion: 2,
        SMBIOSMinorVersion: 7,
        SMBIOSPresent: true,
      },
    ]),
    cimv2('Win32_Processor', function* () {
      for (let socket = 0; socket < machine.sockets; socket++)
        yield {
          ...systemKeys(server, 'Win32_Processor'),
          DeviceID: `CPU${socket}`,
          Name: processorName,
          Caption: 'Intel64 Family 6 Model 85 Stepping 7',
          Description: 'Intel64 Family 6 Model 85 Stepping 7',
          Status: 'OK',
          Availability: 3,
          AddressWidth: os.architecture === '64-bit' ? 64 : 32,
          Architecture: os.architecture === '64-bit' ? 9 : 0,
          CpuStatus: 1,
          CurrentClockSpeed: hardware.cpuMhz,
          MaxClockSpeed: hardware.cpuMhz,
          DataWidth: 64,
          Family: 179,
          LoadPercentage: Math.round(guest.cpuRatio(clock.wall()) * 100),
          Manufacturer: 'GenuineIntel',
          NumberOfCores: coresEach,
          NumberOfEnabledCore: coresEach,
          NumberOfLogicalProcessors: coresEach,
          ProcessorType: 3,
          Role: 'CPU',
          SocketDesignation: `CPU #${String(socket).padStart(3, '0')}`,
          ThreadCount: coresEach,
        };
    }),
    cimv2('Win32_PhysicalMemory', () => [
      {
        Tag: 'Physical Memory 0',
        Name: 'Physical Memory',
        Caption: 'Physical Memory',
        Description: 'Physical Memory',
        CreationClassName: 'Win32_PhysicalMemory',
        Manufacturer: hardware.virtual ? `${hardware.vendor.split(',')[0]} Virtual RAM` : 'Samsung',
        Capacity: BigInt(machine.memoryMiB) * BigInt(MIB),
        DeviceLocator: 'RAM slot #0',
        BankLabel: 'RAM slot #0',
        FormFactor: 8,
        DataWidth: 32,
        TotalWidth: 32,
      },
    ]),
    cimv2('Win32_OperatingSystem', () => {
      const now = clock.wall();
      const { totalKb, usedKb } = memory();
      return [
        {
          Name: `${os.caption}|C:\\Windows|\\Device\\Harddisk0\\Partition2`,
          Caption: os.caption,
          Description: machine.annotation.slice(0, 200),
          Status: 'OK',
          InstallDate: instant(guest.installedAt),
          CreationClassName: 'Win32_OperatingSystem',
          CSCreationClassName: 'Win32_ComputerSystem',
          CSName: name,
          CurrentTimeZone: 0,
          Distributed: false,
          FreePhysicalMemory: totalKb - usedKb,
          FreeVirtualMemory: totalKb - usedKb,
          TotalVirtualMemorySize: totalKb,
          TotalVisibleMemorySize: totalKb,
          LastBootUpTime: instant(guest.bootedAt()),
          LocalDateTime: instant(now),
          MaxNumberOfProcesses: 4_294_967_295,
          NumberOfProcesses: guest.processes(now).length,
          NumberOfUsers: 1,
          OSType: 18,
          Version: os.version,
          BootDevice: '\\Device\\HarddiskVolume1',
          BuildNumber: os.build,
          BuildType: 'Multiprocessor Free',
          CodeSet: '1252',
          CountryCode: '1',
          CSDVersion: null,
          Debug: false,
          EncryptionLevel: 256,
          Locale: '0409',
          Manufacturer: 'Microsoft Corporation',
          MUILanguages: ['en-US'],
          OperatingSystemSKU: !os.server
            ? ENTERPRISE_CLIENT
            : /Datacenter/.test(os.caption)
              ? SERVER_DATACENTER
              : SERVER_STANDARD,
          OSArchitecture: os.architecture,
          OSLanguage: 1033,
          OSProductSuite: 272,
          PortableOperatingSystem: false,
          Primary: true,
          ProductType: controller ? 2 : os.server ? 3 : 1,
          RegisteredUser: 'Windows User',
          SerialNumber: `00429-${machine.biosUuid
            .replace(/\D/g, '')
            .padEnd(15, '0')
            .slice(0, 15)
            .replace(/(.{5})(?=.)/g, '$1-')}`,
          ServicePackMajorVersion: 0,
          ServicePackMinorVersion: 0,
          SuiteMask: 272,
          SystemDevice: '\\Device\\HarddiskVolume2',
          SystemDirectory: 'C:\\Windows\\system32',
          SystemDrive: 'C:',
          WindowsDirectory: 'C:\\Windows',
        },
      ];
    }),
  ];
}

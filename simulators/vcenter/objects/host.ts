/** ESXi hosts. */
import { KIB } from '#core/units.ts';
import type { AttributeValues, Host } from '../../estate/model.ts';
import type { Data } from '../values.ts';
import type { ComputeObject } from './compute.ts';
import { DatastoreBrowserObject, type DatastoreObject } from './datastore.ts';
import { HOST_CAPABILITY } from './host-capability.ts';
import { HostManagers } from './host-managers.ts';
import { hostNetworkOf } from './host-network.ts';
import type { NetworkObject } from './network.ts';
import { ENTITY_PROPERTIES, Entity, type Properties, type Reading } from './object.ts';
import { VmList } from './vm-list.ts';

export const HOST: Properties<HostObject> = {
  ...ENTITY_PROPERTIES,
  overallStatus: (self) => statusOf(self),
  runtime: (self, reading) => runtimeOf(self, reading),
  summary: (self, reading) => ({
    $: 'HostListSummary',
    host: self.ref,
    hardware: () => hardwareSummaryOf(self),
    runtime: () => runtimeOf(self, reading),
    config: () => ({
      $: 'HostConfigSummary',
      name: self.name,
      port: 443,
      product: () => productOf(self),
      vmotionEnabled: true,
      faultToleranceEnabled: false,
    }),
    quickStats: () => reading.vcenter.performance.hostQuickStats(self, reading.now),
    overallStatus: statusOf(self),
    rebootRequired: false,
    customValue: () => reading.vcenter.customFields.valuesOf(self),
  }),
  hardware: (self) => ({
    $: 'HostHardwareInfo',
    systemInfo: () => ({
      $: 'HostSystemInfo',
      vendor: self.facts.vendor,
      model: self.facts.model,
      uuid: self.facts.uuid,
    }),
    cpuInfo: () => ({
      $: 'HostCpuInfo',
      numCpuPackages: self.facts.cpuPackages,
      numCpuCores: self.facts.cpuCores,
      numCpuThreads: self.facts.cpuThreads,
      hz: self.facts.cpuMhz * 1_000_000,
    }),
    cpuPkg: () => packagesOf(self.facts),
    memorySize: self.facts.memoryBytes,
    smcPresent: false,
    cpuFeature: () => cpuFeaturesOf(self.facts),
    // the same for all: nobody migrates by it, and Ansible's vmware_host_facts does not expect its absence
    biosInfo: () => ({
      $: 'HostBIOSInfo',
      biosVersion: '2.12.2',
      releaseDate: BIOS_RELEASED,
      vendor: self.facts.vendor,
    }),
  }),
  capability: () => HOST_CAPABILITY,
  configManager: (self) => self.managers.data,
  config: (self) => ({
    $: 'HostConfigInfo',
    host: self.ref,
    product: () => productOf(self),
    network: () => hostNetworkOf(self),
    service: () => self.managers.services.info,
    autoStart: () => self.managers.autoStart.config,
    dateTimeInfo: () => self.managers.dateTime.info,
  }),
  vm: (self) => self.vms.refs(),
  datastore: (self) => self.datastores.map((datastore) => datastore.ref),
  network: (self) => self.networks.map((network) => network.ref),
  datastoreBrowser: (self) => self.browser.ref,
};

export class HostObject extends Entity {
  facts: Host;
  readonly datastores: DatastoreObject[] = [];
  readonly networks: NetworkObject[] = [];
  readonly vms = new VmList();
  readonly browser: DatastoreBrowserObject;
  readonly managers: HostManagers;

  constructor(id: string, facts: Host, parent: ComputeObject) {
    super('HostSystem', id, facts.name, parent);
    this.facts = facts;
    this.browser = new DatastoreBrowserObject(`datastoreBrowser-${id}`, () => this.datastores);
    this.managers = new HostManagers(this);
  }

  protected get properties(): Properties<HostObject> {
    return HOST;
  }

  override get attributes(): AttributeValues | undefined {
    return this.facts.attributes;
  }

  get compute(): ComputeObject {
    return this.parent as ComputeObject;
  }

  override members(): Iterable<Entity> {
    return [...this.vms.list(), ...this.datastores, ...this.networks];
  }
}

const BIOS_RELEASED = Date.parse('2021-07-09T00:00:00Z');

function statusOf({ facts }: HostObject): string {
  return (facts.connection ?? 'connected') === 'connected' ? 'green' : 'red';
}

function runtimeOf(self: HostObject, { vcenter }: Reading): Data {
  return {
    $: 'HostRuntimeInfo',
    connectionState: self.facts.connection ?? 'connected',
    powerState: self.facts.connection === 'notResponding' ? 'unknown' : 'poweredOn',
    standbyMode: 'none',
    inMaintenanceMode: self.facts.maintenance,
    bootTime: vcenter.inventory.hostBootTime,
  };
}

function hardwareSummaryOf({ facts }: HostObject): Data {
  return {
    $: 'HostHardwareSummary',
    vendor: facts.vendor,
    model: facts.model,
    uuid: facts.uuid,
    memorySize: facts.memoryBytes,
    cpuModel: facts.cpuModel,
    cpuMhz: facts.cpuMhz,
    numCpuPkgs: facts.cpuPackages,
    numCpuCores: facts.cpuCores,
    numCpuThreads: facts.cpuThreads,
    numNics: 4,
    numHBAs: 3,
  };
}

function packagesOf(facts: Host): Data[] {
  const threads = Math.max(1, Math.floor(facts.cpuThreads / facts.cpuPackages));
  return Array.from({ length: facts.cpuPackages }, (_, index) => ({
    $: 'HostCpuPackage',
    index,
    vendor: /amd/i.test(facts.cpuModel) ? 'amd' : 'intel',
    hz: facts.cpuMhz * 1_000_000,
    busHz: 100_000_000,
    description: facts.cpuModel,
    threadId: Array.from({ length: threads }, (_, thread) => index * threads + thread),
  }));
}

/**
 * CPUID leaves as vSphere writes them: 32 bits, highest first, in groups of four. libvirt reads bit 29 of EDX
 * of leaf 0x80000001 (long mode) to tell a 64-bit host.
 */
function cpuFeaturesOf({ cpuModel }: Host): Data[] {
  // The vendor's name, four letters a register: "GenuineIntel", "AuthenticAMD".
  const [ebx, edx, ecx] = /amd/i.test(cpuModel)
    ? [0x6874_7541, 0x6974_6e65, 0x444d_4163]
    : [0x756e_6547, 0x4965_6e69, 0x6c65_746e];
  return [
    cpuLeaf(0x0000_0000, [0x0000_000d, ebx!, ecx!, edx!]),
    cpuLeaf(0x0000_0001, [0x0005_0654, 0x0000_0800, 0xfffa_3203, 0x0f8b_fbff]),
    cpuLeaf(0x8000_0001, [0x0000_0000, 0x0000_0000, 0x0000_0121, 0x2c10_0800]),
  ];
}

function cpuLeaf(level: number, registers: readonly [number, number, number, number]): Data {
  const [eax, ebx, ecx, edx] = registers.map((value) =>
    value
      .toString(2)
      .padStart(32, '0')
      .replace(/(.{4})(?=.)/g, '$1:'),
  );
  return { $: 'HostCpuIdInfo', level: level | 0, eax, ebx, ecx, edx };
}

function productOf({ facts }: HostObject): Data {
  return {
    $: 'AboutInfo',
    name: 'VMware ESXi',
    fullName: `VMware ESXi ${facts.version} build-${facts.build}`,
    vendor: 'VMware, Inc.',
    version: facts.version,
    build: facts.build,
    localeVersion: 'INTL',
    localeBuild: '000',
    osType: 'vmnix-x86',
    productLineId: 'embeddedEsx',
    apiType: 'HostAgent',
    apiVersion: `${facts.version}.0`,
    licenseProductName: 'VMware ESX Server',
    licenseProductVersion: `${facts.version.split('.')[0]}.0`,
  };
}

/** Capacity of a host's processors in MHz. */
export function hostMhz(facts: Host): number {
  return facts.cpuMhz * facts.cpuCores;
}

export function hostMemoryKiB(facts: Host): number {
  return Math.floor(facts.memoryBytes / KIB);
}

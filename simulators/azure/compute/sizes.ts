/** Sizes of machines and kinds of disks, as the lists of Microsoft.Compute tell them: from core's catalogue. */
import { REGIONS } from '#core/assessment/regions.ts';
import { VM_SIZES, type VmSize } from '#core/assessment/vm-sizes.ts';
import { badRequest, methodNotAllowed, unknownAction } from '../arm/faults.ts';
import { readLocation } from '../arm/groups.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import { DISK_SKUS } from './disk-requests.ts';

const OS_DISK_MIB = 1_047_552;

/** As in virtualMachineSizes. */
export function sizeView({ name, vCpus, memoryMiB, dataDisks }: VmSize): object {
  return {
    name,
    numberOfCores: vCpus,
    osDiskSizeInMB: OS_DISK_MIB,
    resourceDiskSizeInMB: 0,
    memoryInMB: memoryMiB,
    maxDataDiskCount: dataDisks,
  };
}

/** As in resourceSkus. */
function skuView(size: VmSize, location: string): object {
  const {
    name,
    family,
    vCpus,
    memoryMiB,
    dataDisks,
    nics,
    premium,
    ultra,
    generations,
    iops,
    bytesPerSecond,
  } = size;
  const capabilities: Record<string, string | number> = {
    vCPUs: vCpus,
    vCPUsAvailable: vCpus,
    MemoryGB: memoryMiB / 1024,
    MaxDataDiskCount: dataDisks,
    MaxNetworkInterfaces: nics,
    PremiumIO: premium ? 'True' : 'False',
    UltraSSDAvailable: ultra ? 'True' : 'False',
    HyperVGenerations: generations.map((generation) => `V${generation}`).join(','),
    UncachedDiskIOPS: iops,
    UncachedDiskBytesPerSecond: bytesPerSecond,
    OSVhdSizeMB: OS_DISK_MIB,
    CpuArchitectureType: 'x64',
  };
  return {
    resourceType: 'virtualMachines',
    name,
    tier: 'Standard',
    size: name.replace(/^Standard_/, ''),
    family: `standard${family.replace(/_series$/, '')}Family`,
    locations: [location],
    locationInfo: [{ location, zones: ['1', '2', '3'], zoneDetails: [] }],
    capabilities: Object.entries(capabilities).map(([key, value]) => ({ name: key, value: String(value) })),
    restrictions: [],
  };
}

function diskSkuView(name: string, location: string): object {
  return {
    resourceType: 'disks',
    name,
    tier: name.split('_')[0],
    locations: [location],
    locationInfo: [{ location, zones: [], zoneDetails: [] }],
    capabilities: [],
    restrictions: [],
  };
}

/** `GET /subscriptions/{s}/providers/Microsoft.Compute/skus`, one location at a time where the filter says so. */
export function listSkus({ method, name, query, segments }: ArmRequest): ArmAnswer {
  if (method !== 'GET') throw methodNotAllowed(method, 'skus');
  if (name !== '' || segments.length > 0) throw unknownAction(method, 'skus');
  const filter = query.get('$filter');
  const match = /^\s*location\s+eq\s+'([^']*)'\s*$/i.exec(filter ?? '');
  if (filter !== null && !match)
    throw badRequest(`The $filter '${filter.slice(0, 200)}' is not supported.`, '$filter');
  const locations = match ? [readLocation(match[1])] : REGIONS.map((region) => region.name);
  const perLocation = VM_SIZES.length + DISK_SKUS.length;
  return {
    list: {
      count: locations.length * perLocation,
      item(index) {
        const location = locations[Math.floor(index / perLocation)]!;
        const n = index % perLocation;
        return n < VM_SIZES.length
          ? skuView(VM_SIZES[n]!, location)
          : diskSkuView(DISK_SKUS[n - VM_SIZES.length]!, location);
      },
    },
  };
}

const COMMANDS = [
  {
    id: 'RunShellScript',
    osType: 'Linux',
    label: 'Runs a Linux shell script',
    description: 'Executes a Linux shell script',
  },
  {
    id: 'RunPowerShellScript',
    osType: 'Windows',
    label: 'Executes a PowerShell script',
    description: 'Custom multiline PowerShell script',
  },
];

/** `…/locations/{l}/vmSizes`, `/runCommands`, `/usages`. */
export function inLocation({ method, name, segments }: ArmRequest): ArmAnswer {
  const [what, ...more] = segments;
  if (name === '' || what === undefined || more.length > 0) throw unknownAction(method, `locations/${name}`);
  if (method !== 'GET') throw methodNotAllowed(method, `locations/${what}`);
  readLocation(name);
  switch (what.toLowerCase()) {
    case 'vmsizes':
      return { status: 200, body: { value: VM_SIZES.map(sizeView) } };
    case 'runcommands':
      return {
        list: listOf(
          COMMANDS.map((command) => ({ $schema: 'https://schema.management.azure.com', ...command })),
        ),
      };
    default:
      throw unknownAction(method, `locations/${name}/${what}`);
  }
}

/** Methods of OvfManager: descriptors of machines that were exported, and specifications from descriptors. */
import { KIB } from '#core/units.ts';
import type { DiskFacts } from '../../estate/model.ts';
import { invalidArgument } from '../faults.ts';
import { type OvfMachine, readOvf } from '../leases/ovf-reader.ts';
import { ovfOf } from '../leases/ovf-writer.ts';
import { diskByKey, importKeyOf } from '../leases/transfers.ts';
import { datastoreAt, plainName, poolAt } from '../lifecycle/places.ts';
import { NetworkObject, PortgroupObject } from '../objects/network.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Data, Ref } from '../values.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Call, defineMethod, type Method } from './method.ts';
import { requirePrivilege } from './privileges.ts';

interface DescriptorParams extends Data {
  readonly ovfFiles: ReadonlyArray<
    Data & {
      readonly deviceId: string;
      readonly path: string;
      readonly size: number;
      readonly populatedSize?: number;
    }
  >;
  readonly name?: string;
}

const createDescriptor = defineMethod<{ obj: Ref; cdp: DescriptorParams }>({
  on: 'OvfManager',
  name: 'CreateDescriptor',
  since: '4.0',
  takes: 'obj &ManagedEntity, cdp OvfCreateDescriptorParams',
  returns: 'OvfCreateDescriptorResult',
  privilege: 'System.View',
  faults: ['TaskInProgress', 'ConcurrentAccess', 'FileFault', 'InvalidState'],
  run({ obj, cdp }, call) {
    const vm = call.find(obj);
    if (!vm) throw objectNotFound(obj);
    if (!(vm instanceof VirtualMachine)) throw invalidArgument('obj');
    requirePrivilege(call, 'VApp.Export', vm);
    const files = cdp.ovfFiles.map(({ deviceId, path, size, populatedSize }) => {
      const disk = diskByKey(vm, deviceId);
      if (!disk) throw invalidArgument('cdp.ovfFiles.deviceId');
      return { disk, path, size, populatedSize };
    });
    return {
      $: 'OvfCreateDescriptorResult',
      ovfDescriptor: ovfOf(vm, cdp.name ?? vm.machine.name, files),
      includeImageFiles: false,
    };
  },
});

const parseDescriptor = defineMethod<{ ovfDescriptor: string }>({
  on: 'OvfManager',
  name: 'ParseDescriptor',
  since: '4.0',
  takes: 'ovfDescriptor string, pdp OvfParseDescriptorParams',
  returns: 'OvfParseDescriptorResult',
  privilege: 'System.View',
  faults: ['TaskInProgress', 'ConcurrentAccess', 'FileFault', 'InvalidState'],
  run({ ovfDescriptor }) {
    const { name, annotation, isVApp, machines, networks, eula } = readOvf(ovfDescriptor);
    const disks = machines.flatMap((machine) => machine.disks);
    return {
      $: 'OvfParseDescriptorResult',
      eula,
      network: networks.map((network) => ({ $: 'OvfNetworkInfo', ...network })),
      annotation,
      approximateDownloadSize: disks.reduce((sum, { file }) => sum + (file?.size ?? 0), 0),
      approximateFlatDeploymentSize: disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      defaultEntityName: name,
      virtualApp: isVApp,
      defaultDeploymentOption: '',
    };
  },
});

interface ImportParams extends Data {
  readonly entityName: string;
  readonly networkMapping: ReadonlyArray<Data & { readonly name: string; readonly network: Ref }>;
  readonly diskProvisioning?: string;
}

const THICK = new Set(['thick', 'eagerZeroedThick', 'flat', 'monolithicFlat']);

const createImportSpec = defineMethod<{
  ovfDescriptor: string;
  resourcePool: Ref;
  datastore: Ref;
  cisp: ImportParams;
}>({
  on: 'OvfManager',
  name: 'CreateImportSpec',
  since: '4.0',
  takes:
    'ovfDescriptor string, resourcePool &ResourcePool, datastore &Datastore, cisp OvfCreateImportSpecParams',
  returns: 'OvfCreateImportSpecResult',
  privilege: 'System.View',
  faults: ['TaskInProgress', 'ConcurrentAccess', 'FileFault', 'InvalidState', 'InvalidDatastore'],
  run({ ovfDescriptor, resourcePool, datastore: datastoreRef, cisp }, call) {
    const ovf = readOvf(ovfDescriptor);
    const pool = poolAt(resourcePool, call);
    const datastore = datastoreAt(datastoreRef, call);
    requirePrivilege(call, 'VApp.Import', pool);
    const name = plainName(cisp.entityName === '' ? ovf.name : cisp.entityName);
    const networks = new Map(cisp.networkMapping.map((each) => [each.name, each.network]));
    const specOf = (machine: OvfMachine, as: string): Data => ({
      $: 'VirtualMachineImportSpec',
      configSpec: {
        $: 'VirtualMachineConfigSpec',
        name: as,
        version: machine.hardware,
        guestId: machine.guestId,
        annotation: machine.annotation === '' ? undefined : machine.annotation,
        files: { $: 'VirtualMachineFileInfo', vmPathName: `[${datastore.name}]` },
        numCPUs: machine.cores,
        memoryMB: machine.memoryMiB,
        deviceChange: [
          ...diskChanges(machine, THICK.has(cisp.diskProvisioning ?? '')),
          ...machine.nics.map((nic, n) => nicChange(nic, n, networks, pool.owner.networks(), call)),
        ],
        firmware: machine.firmware,
      },
    });
    const named = ovf.machines.map((machine) => ({
      machine,
      as: ovf.isVApp ? plainName(machine.name) : name,
    }));
    const children = named.map(({ machine, as }) => specOf(machine, as));
    return {
      $: 'OvfCreateImportSpecResult',
      importSpec: ovf.isVApp
        ? {
            $: 'VirtualAppImportSpec',
            name,
            vAppConfigSpec: { $: 'VAppConfigSpec', annotation: ovf.annotation },
            resourcePoolSpec: UNLIMITED,
            child: children,
          }
        : children[0],
      fileItem: named.flatMap(({ machine, as }) =>
        machine.disks.flatMap((disk): Data[] =>
          disk.file
            ? [
                {
                  $: 'OvfFileItem',
                  deviceId: importKeyOf(ovf.isVApp ? `${name}/${as}` : name, disk),
                  path: disk.file.href,
                  size: disk.file.size,
                  cimType: 17,
                  create: false,
                },
              ]
            : [],
        ),
      ),
    };
  },
});

const NO_LIMIT: Data = {
  $: 'ResourceAllocationInfo',
  reservation: 0,
  expandableReservation: true,
  limit: -1,
  shares: { $: 'SharesInfo', shares: 0, level: 'normal' },
};
const UNLIMITED: Data = { $: 'ResourceConfigSpec', cpuAllocation: NO_LIMIT, memoryAllocation: NO_LIMIT };

const CONTROLLERS: Readonly<Record<DiskFacts['controller'], string>> = {
  pvscsi: 'ParaVirtualSCSIController',
  lsilogic: 'VirtualLsiLogicController',
  lsilogicsas: 'VirtualLsiLogicSASController',
  buslogic: 'VirtualBusLogicController',
  sata: 'VirtualAHCIController',
  nvme: 'VirtualNVMEController',
  ide: 'VirtualIDEController',
};

function added(device: Data, fileOperation?: string): Data {
  return { $: 'VirtualDeviceConfigSpec', operation: 'add', fileOperation, device };
}

function diskChanges({ disks }: OvfMachine, isThick: boolean): Data[] {
  const keys = new Map<string, number>();
  const changes: Data[] = [];
  for (const { controller, bus } of disks) {
    const id = `${controller}${bus}`;
    if (keys.has(id)) continue;
    const key = controller === 'ide' ? 200 + bus : -1 - keys.size;
    keys.set(id, key);
    if (controller === 'ide') continue;
    const isScsi = controller !== 'sata' && controller !== 'nvme';
    changes.push(
      added({
        $: CONTROLLERS[controller],
        key,
        busNumber: bus,
        ...(isScsi ? { sharedBus: 'noSharing' } : {}),
      }),
    );
  }
  for (const [n, { sizeBytes, controller, bus, unit }] of disks.entries())
    changes.push(
      added(
        {
          $: 'VirtualDisk',
          key: -100 - n,
          backing: {
            $: 'VirtualDiskFlatVer2BackingInfo',
            fileName: '',
            diskMode: 'persistent',
            thinProvisioned: !isThick,
          },
          controllerKey: keys.get(`${controller}${bus}`),
          unitNumber: unit,
          capacityInKB: Math.floor(sizeBytes / KIB),
          capacityInBytes: sizeBytes,
        },
        'create',
      ),
    );
  return changes;
}

const ADAPTERS = {
  vmxnet3: 'VirtualVmxnet3',
  vmxnet2: 'VirtualVmxnet2',
  pcnet32: 'VirtualPCNet32',
  sriov: 'VirtualVmxnet3',
  e1000: 'VirtualE1000',
  e1000e: 'VirtualE1000e',
} as const;

function nicChange(
  { adapter, network: name }: OvfMachine['nics'][number],
  n: number,
  mapping: ReadonlyMap<string, Ref>,
  networks: readonly NetworkObject[],
  call: Call,
): Data {
  const mapped = mapping.get(name);
  const found = mapped ? call.find(mapped) : networks.find((each) => each.name === name);
  const network = found ?? networks[0];
  if (!(network instanceof NetworkObject)) throw invalidArgument('cisp.networkMapping');
  return added({
    $: ADAPTERS[adapter],
    key: -200 - n,
    backing:
      network instanceof PortgroupObject
        ? {
            $: 'VirtualEthernetCardDistributedVirtualPortBackingInfo',
            port: {
              $: 'DistributedVirtualSwitchPortConnection',
              switchUuid: network.switch.uuid,
              portgroupKey: network.ref.id,
            },
          }
        : {
            $: 'VirtualEthernetCardNetworkBackingInfo',
            deviceName: network.name,
            network: network.ref,
          },
    addressType: 'generated',
  });
}

export const OVF_METHODS: readonly Method[] = [createDescriptor, parseDescriptor, createImportSpec];

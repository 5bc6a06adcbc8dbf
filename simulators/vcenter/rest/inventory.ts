/** vcenter/…: lists of what is in the inventory, machines one by one, and their power. */
import { VimFault } from '../faults.ts';
import type { DatastoreObject } from '../objects/datastore.ts';
import type { FolderObject } from '../objects/folder.ts';
import type { HostObject } from '../objects/host.ts';
import type { Entity } from '../objects/object.ts';
import { diskKey, nicKey } from '../vm/devices.ts';
import { changePower } from '../vm/operations.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { entityById, type Json, notFound, RestError, type RestRequest, requireRest } from './request.ts';

const LIST_MAX = 4000;

const POWER = { on: 'POWERED_ON', off: 'POWERED_OFF', suspended: 'SUSPENDED' } as const;
const ACTIONS = {
  start: { privilege: 'VirtualMachine.Interact.PowerOn', from: ['off', 'suspended'], to: 'on' },
  stop: { privilege: 'VirtualMachine.Interact.PowerOff', from: ['on', 'suspended'], to: 'off' },
  suspend: { privilege: 'VirtualMachine.Interact.Suspend', from: ['on'], to: 'suspended' },
} as const;

/** What each list shows of its objects, by the last word of its path. */
const LISTS: Readonly<Record<string, { readonly types: readonly string[]; row(entity: Entity): Json }>> = {
  vm: { types: ['VirtualMachine'], row: (entity) => vmRow(entity as VirtualMachine) },
  host: {
    types: ['HostSystem'],
    row: (entity) => ({
      host: entity.ref.id,
      name: entity.name,
      connection_state: (entity as HostObject).facts.connection === undefined ? 'CONNECTED' : stateOf(entity),
      power_state: 'POWERED_ON',
    }),
  },
  datacenter: {
    types: ['Datacenter'],
    row: (entity) => ({ datacenter: entity.ref.id, name: entity.name }),
  },
  cluster: {
    types: ['ClusterComputeResource'],
    row: (entity) => ({
      cluster: entity.ref.id,
      name: entity.name,
      ha_enabled: true,
      drs_enabled: true,
    }),
  },
  folder: {
    types: ['Folder'],
    row: (entity) => ({
      folder: entity.ref.id,
      name: entity.name,
      type: folderType(entity as FolderObject),
    }),
  },
  datastore: {
    types: ['Datastore'],
    row: (entity) => {
      const { facts } = entity as DatastoreObject;
      return {
        datastore: entity.ref.id,
        name: entity.name,
        type: facts.type === 'vsan' ? 'VSAN' : facts.type,
        capacity: facts.capacityBytes,
        free_space: facts.freeBytes,
      };
    },
  },
  network: {
    types: ['Network', 'DistributedVirtualPortgroup'],
    row: (entity) => ({
      network: entity.ref.id,
      name: entity.name,
      type: entity.ref.type === 'Network' ? 'STANDARD_PORTGROUP' : 'DISTRIBUTED_PORTGROUP',
    }),
  },
  'resource-pool': {
    types: ['ResourcePool'],
    row: (entity) => ({ resource_pool: entity.ref.id, name: entity.name }),
  },
};

function stateOf(entity: Entity): string {
  const { connection } = (entity as HostObject).facts;
  return connection === 'notResponding' ? 'NOT_RESPONDING' : (connection ?? 'connected').toUpperCase();
}

function folderType({ childTypes }: FolderObject): string {
  if (childTypes.includes('VirtualMachine')) return 'VIRTUAL_MACHINE';
  if (childTypes.includes('ComputeResource')) return 'HOST';
  if (childTypes.includes('Datastore')) return 'DATASTORE';
  return childTypes.includes('Network') ? 'NETWORK' : 'DATACENTER';
}

function vmRow(vm: VirtualMachine): Json {
  return {
    vm: vm.ref.id,
    name: vm.name,
    power_state: POWER[vm.power],
    cpu_count: vm.machine.cores,
    memory_size_MiB: vm.machine.memoryMiB,
  };
}

/** @returns undefined where nothing is at the path */
export function answerInventory(request: RestRequest): Json | undefined {
  const { path, method, vcenter } = request;
  const [, kind, id, below] = /^vcenter\/([\w-]+)(?:\/([\w-]+))?(?:\/(.+))?$/.exec(path) ?? [];
  const list = LISTS[kind ?? ''];
  if (!list) return undefined;
  if (id === undefined) return method === 'GET' ? rows(request, list) : undefined;
  const entity = entityById(vcenter, id);
  if (!list.types.includes(entity.ref.type)) throw notFound(`The object ${id}`);
  requireRest(request, 'System.Read', entity);
  if (!(entity instanceof VirtualMachine)) return below === undefined ? list.row(entity) : undefined;
  if (below === undefined) return method === 'GET' ? detailsOf(entity) : undefined;
  const step = /^power(?:\/(\w+))?$/.exec(below);
  if (!step) return undefined;
  if (method === 'GET') return { state: POWER[entity.power], clean_power_off: entity.wasShutDown };
  return method === 'POST' ? switchPower(request, entity, step[1] ?? request.action) : undefined;
}

/** Filters of both dialects: filter.names.1=a, filter.names=a, names=a. */
function wanted({ query }: RestRequest, field: string): ReadonlySet<string> | undefined {
  const pattern = new RegExp(`^(?:filter\\.)?${field}(?:\\.\\d+)?$`);
  const values = [...query].filter(([name]) => pattern.test(name)).map(([, value]) => value);
  return values.length === 0 ? undefined : new Set(values);
}

function rows(request: RestRequest, { types, row }: (typeof LISTS)[string]): Json {
  const names = wanted(request, 'names');
  const states = wanted(request, 'power_states');
  const kindsOfPlace = ['folders', 'hosts', 'clusters', 'datacenters', 'resource_pools'] as const;
  const places = kindsOfPlace.flatMap((field) => {
    const ids = wanted(request, field);
    return ids ? [ids] : [];
  });
  const ids = wanted(
    request,
    '(?:vms|hosts|datastores|networks|clusters|datacenters|folders|resource_pools)',
  );
  const found: Json[] = [];
  for (const entity of request.vcenter.inventory.entities()) {
    if (!types.includes(entity.ref.type)) continue;
    if (names && !names.has(entity.name)) continue;
    if (states && !(entity instanceof VirtualMachine && states.has(POWER[entity.power]))) continue;
    const isItself = ids?.has(entity.ref.id) ?? false;
    if (places.length > 0 && !isItself && !places.every((each) => isIn(entity, each))) continue;
    if (places.length === 0 && ids && !isItself) continue;
    if (!request.session.may('System.View', entity)) continue;
    found.push(row(entity));
    if (found.length > LIST_MAX)
      throw new RestError(400, 'unable_to_allocate_resource', `More than ${LIST_MAX} objects match.`);
  }
  return found;
}

function isIn(entity: Entity, ids: ReadonlySet<string>): boolean {
  for (let at: Entity | undefined = entity; at; at = at.parent) if (ids.has(at.ref.id)) return true;
  if (!(entity instanceof VirtualMachine)) return false;
  for (const from of [entity.host, entity.pool])
    for (let at: Entity | undefined = from; at; at = at.parent) if (ids.has(at.ref.id)) return true;
  return false;
}

function detailsOf(vm: VirtualMachine): Json {
  const { machine } = vm;
  return {
    name: vm.name,
    guest_OS: machine.os.guestId
      .replace(/Guest(64)?$/, '')
      .replace(/([a-z\d])([A-Z])/g, '$1_$2')
      .toUpperCase(),
    power_state: POWER[vm.power],
    identity: { name: vm.name, bios_uuid: machine.biosUuid, instance_uuid: machine.instanceUuid },
    hardware: { version: `VMX_${machine.hardwareVersion}`, upgrade_policy: 'NEVER', upgrade_status: 'NONE' },
    cpu: {
      count: machine.cores,
      cores_per_socket: Math.max(1, Math.floor(machine.cores / machine.sockets)),
      hot_add_enabled: vm.settings.get('cpuHotAddEnabled') === true,
      hot_remove_enabled: false,
    },
    memory: {
      size_MiB: machine.memoryMiB,
      hot_add_enabled: vm.settings.get('memoryHotAddEnabled') === true,
    },
    boot: { type: machine.firmware.toUpperCase(), delay: 0, retry: false, enter_setup_mode: false },
    disks: Object.fromEntries(
      machine.disks.map((disk) => [
        String(diskKey(disk)),
        {
          label: disk.label,
          type: disk.controller === 'sata' ? 'SATA' : disk.controller === 'ide' ? 'IDE' : 'SCSI',
          capacity: disk.sizeBytes,
          backing: { type: 'VMDK_FILE', vmdk_file: vm.topLink(disk).fileName },
        },
      ]),
    ),
    nics: Object.fromEntries(
      machine.nics.map((nic) => [
        String(nicKey(nic)),
        {
          label: `Network adapter ${nic.index + 1}`,
          type: nic.adapter.toUpperCase(),
          mac_address: nic.macAddress,
          mac_type: nic.addressType === 'manual' ? 'MANUAL' : 'ASSIGNED',
          state: nic.connected && vm.isOn ? 'CONNECTED' : 'NOT_CONNECTED',
          start_connected: nic.connected,
          backing: { type: 'STANDARD_PORTGROUP', network: vm.inventory.network(nic.networkId).ref.id },
        },
      ]),
    ),
  };
}

function switchPower(request: RestRequest, vm: VirtualMachine, action: string | undefined): Json | undefined {
  const step = ACTIONS[action as keyof typeof ACTIONS];
  if (!step) return undefined;
  requireRest(request, step.privilege, vm);
  try {
    changePower(request.vcenter, vm, step.from, step.to);
  } catch (fault) {
    if (!(fault instanceof VimFault)) throw fault;
    throw new RestError(
      400,
      vm.power === step.to ? 'already_in_desired_state' : 'not_allowed_in_current_state',
      fault.message,
    );
  }
  return null;
}

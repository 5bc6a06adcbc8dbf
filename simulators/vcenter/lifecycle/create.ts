/** Machines that are made from a specification. */
import type { Machine } from '../../estate/model.ts';
import { templateWorkload } from '../../estate/workload-guess.ts';
import type { FolderObject } from '../objects/folder.ts';
import type { HostObject } from '../objects/host.ts';
import type { PoolObject } from '../objects/pool.ts';
import type { Session } from '../sessions.ts';
import type { Vcenter } from '../vcenter.ts';
import { formatDatastorePath, parseDatastorePath } from '../vm/paths.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { type ConfigSpec, changeFacts, changeSettings } from './config-changes.ts';
import { commit, draftOf } from './draft.ts';
import { vmFault } from './faults.ts';
import { operatingSystemOf } from './guest-ids.ts';
import {
  datastoreNamed,
  freeDirectory,
  hostFor,
  placementOf,
  plainName,
  requireFree,
  requireVmFolder,
} from './places.ts';

export interface NewMachine {
  readonly folder: FolderObject;
  readonly pool: PoolObject;
  readonly host: HostObject | undefined;
  readonly spec: ConfigSpec;
}

/** @throws VimFault DuplicateName, InvalidName, InvalidVmConfig, InvalidDatastore and those of devices */
export function createMachine(
  vcenter: Vcenter,
  { folder, pool, host: wanted, spec }: NewMachine,
): VirtualMachine {
  const { datacenterId, path } = requireVmFolder(folder);
  const host = hostFor(pool, wanted);
  if (spec.name === undefined) throw vmFault('configSpec.name');
  const name = plainName(spec.name);
  requireFree(folder.children(), name);
  const { entropy } = vcenter.context;
  const number = vcenter.nextNumber();
  const id = `made-${number}`;
  const major = Number(host.facts.version.split('.')[0]);
  const machine: Machine = {
    id,
    name,
    dnsName: name,
    datacenterId,
    ...placementOf(pool, host),
    folder: path,
    biosUuid: `42${entropy.uuid('vcenter.bios', number).slice(2)}`,
    instanceUuid: `50${entropy.uuid('vcenter.instance', number).slice(2)}`,
    template: false,
    cores: 1,
    sockets: 1,
    memoryMiB: 32,
    firmware: 'bios',
    os: operatingSystemOf('otherGuest'),
    annotation: '',
    hardwareVersion: major >= 8 ? 20 : major === 7 ? 17 : 14,
    tools: 'notInstalled',
    toolsVersion: 0,
    home: homeFor(vcenter, host, name, spec.files?.vmPathName),
    disks: [],
    nics: [],
    workload: templateWorkload(),
    power: 'off',
  };
  const draft = draftOf(vcenter, machine, host, undefined);
  changeFacts(draft, { ...spec, numCPUs: spec.numCPUs ?? 1 });
  commit(draft);
  const vm = vcenter.inventory.vmOf(id);
  changeSettings(vm, spec);
  vm.modifiedAt = Math.floor(vcenter.context.clock.wall());
  return vm;
}

/** Path of the configuration file: in a directory of its own, unless the whole path was given. */
export function homeFor(
  vcenter: Vcenter,
  host: HostObject,
  name: string,
  vmPathName: string | undefined,
): string {
  const place = vmPathName === undefined ? undefined : parseDatastorePath(vmPathName);
  if (!place) throw vmFault('configSpec.files.vmPathName');
  const datastore = datastoreNamed(host, place.datastore);
  if (place.path.endsWith('.vmx')) return formatDatastorePath(place);
  const stem = name.replace(/[/\\:*?"<>|%]/g, '_');
  const directory = freeDirectory(vcenter, datastore, place.path === '' ? stem : place.path);
  return formatDatastorePath({ datastore: datastore.name, path: `${directory}/${stem}.vmx` });
}

/** The events of a machine that was made, in the chain of the task. */
export function postCreated(
  vcenter: Vcenter,
  vm: VirtualMachine,
  by: { readonly session: Session | undefined; readonly chain: number },
  type = 'VmCreatedEvent',
): void {
  const post = (event: string, fields = {}, words = {}) =>
    vcenter.events.post({
      type: event,
      about: vm,
      user: by.session?.user.name,
      chain: by.chain,
      fields,
      words,
    });
  if (type === 'VmCreatedEvent') post('VmBeingCreatedEvent');
  const { biosUuid: uuid, instanceUuid } = vm.machine;
  post('VmUuidAssignedEvent', { uuid }, { uuid });
  post('VmInstanceUuidAssignedEvent', { instanceUuid }, { uuid: instanceUuid });
  post(type);
}

/** Methods that make leases, and those of leases. */
import { invalidArgument, vimFault } from '../faults.ts';
import { LeaseObject } from '../leases/lease.ts';
import { exportLease, importLease, requireReady } from '../leases/transfers.ts';
import { type ConfigSpec, requireKnown } from '../lifecycle/config-changes.ts';
import { createMachine, postCreated } from '../lifecycle/create.ts';
import { requireOff } from '../lifecycle/faults.ts';
import { folderAt, hostAt } from '../lifecycle/places.ts';
import { destroyPool } from '../lifecycle/removal.ts';
import type { PoolSpec } from '../objects/allocation.ts';
import type { FolderObject } from '../objects/folder.ts';
import type { HostObject } from '../objects/host.ts';
import { PoolObject } from '../objects/pool.ts';
import { taskInProgress } from '../tasks.ts';
import type { Data, Ref } from '../values.ts';
import { SnapshotObject } from '../vm/snapshot.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Call, defineMethod, type Method, selfAs } from './method.ts';
import { makeVApp, type VAppSpec } from './pools.ts';
import { requirePrivilege } from './privileges.ts';

const LEASE_FAULTS = ['TaskInProgress', 'InvalidState', 'FileFault'];

function kept(call: Call, lease: LeaseObject): Ref {
  call.vcenter.keepLease(lease);
  lease.begin(call.taskFault);
  return lease.ref;
}

const leaseId = (call: Call) => call.vcenter.leaseId();

const exportVm = defineMethod({
  on: 'VirtualMachine',
  name: 'ExportVm',
  since: '4.0',
  returns: '&HttpNfcLease',
  privilege: 'VApp.Export',
  faults: [...LEASE_FAULTS, 'InvalidPowerState'],
  run(_args, call) {
    const vm = selfAs(call, VirtualMachine);
    if (vm.busy) throw taskInProgress(vm.busy);
    requireOff(vm);
    return kept(call, exportLease(call.vcenter, leaseId(call), vm, undefined));
  },
});

const exportSnapshot = defineMethod({
  on: 'VirtualMachineSnapshot',
  name: 'ExportSnapshot',
  since: '5.5',
  returns: '&HttpNfcLease',
  privilege: 'VApp.Export',
  faults: LEASE_FAULTS,
  run(_args, call) {
    const snapshot = selfAs(call, SnapshotObject);
    return kept(call, exportLease(call.vcenter, leaseId(call), snapshot.vm, snapshot));
  },
});

interface ImportSpec extends Data {
  readonly configSpec: ConfigSpec;
}

/** VirtualAppImportSpec */
interface VAppImportSpec extends Data {
  readonly name: string;
  readonly vAppConfigSpec: VAppSpec;
  readonly resourcePoolSpec: PoolSpec;
  readonly child: readonly ImportSpec[];
}

const MACHINES_MAX = 100;

/** @throws VimFault NotSupported for what is neither a machine nor a vApp of machines, and those of making them */
function importOf(
  call: Call,
  spec: ImportSpec | VAppImportSpec,
  pool: PoolObject,
  folder: FolderObject,
  host: HostObject | undefined,
): LeaseObject {
  const { vcenter, session } = call;
  const make = (into: PoolObject, configSpec: ConfigSpec): VirtualMachine => {
    const vm = createMachine(vcenter, { folder, pool: into, host, spec: configSpec });
    postCreated(vcenter, vm, { session, chain: vcenter.events.nextKey });
    return vm;
  };
  if (spec.$ === 'VirtualMachineImportSpec') {
    const { configSpec } = spec as ImportSpec;
    requireKnown(configSpec);
    const vm = make(pool, configSpec);
    return importLease(vcenter, leaseId(call), vm, [vm]);
  }
  if (spec.$ !== 'VirtualAppImportSpec') throw vimFault('NotSupported', `A ${spec.$} is not imported here.`);
  const { name, vAppConfigSpec, resourcePoolSpec, child } = spec as VAppImportSpec;
  if (child.length > MACHINES_MAX) throw invalidArgument('spec.child');
  for (const each of child) {
    if (each.$ !== 'VirtualMachineImportSpec')
      throw vimFault('NotSupported', 'vApps in vApps are not imported by this server.');
    requireKnown(each.configSpec);
  }
  const app = makeVApp(call, pool, { name, resources: resourcePoolSpec, spec: vAppConfigSpec, folder });
  const vms: VirtualMachine[] = [];
  try {
    for (const { configSpec } of child) vms.push(make(app, configSpec));
  } catch (fault) {
    destroyPool(vcenter, app); // with the machines made so far
    throw fault;
  }
  return importLease(vcenter, leaseId(call), app, vms);
}

const importVApp = defineMethod<{ spec: ImportSpec | VAppImportSpec; folder?: Ref; host?: Ref }>({
  on: 'ResourcePool',
  name: 'ImportVApp',
  since: '4.0',
  takes: 'spec ImportSpec, folder &Folder?, host &HostSystem?',
  returns: '&HttpNfcLease',
  privilege: 'VApp.Import',
  faults: ['DuplicateName', 'InvalidName', 'InvalidDatastore', 'NoDiskSpace', 'InvalidState'],
  run({ spec, folder: folderRef, host: hostRef }, call) {
    const pool = selfAs(call, PoolObject);
    const { inventory } = call.vcenter;
    const folder = folderRef
      ? folderAt(folderRef, call)
      : inventory.datacenterOf(pool.owner.datacenterId).vmFolder;
    requirePrivilege(call, 'VirtualMachine.Inventory.Create', folder);
    return kept(call, importOf(call, spec, pool, folder, hostRef && hostAt(hostRef, call)));
  },
});

/** A method of a lease that goes on with it. */
function leaseMethod<Args>(
  name: string,
  takes: string,
  run: (lease: LeaseObject, args: Args) => void,
): Method {
  return defineMethod<Args>({
    on: 'HttpNfcLease',
    name,
    since: '4.0',
    takes,
    faults: ['Timedout', 'InvalidState'],
    run(args, call) {
      call.requireSession();
      const lease = selfAs(call, LeaseObject);
      requireReady(lease);
      lease.heard();
      run(lease, args);
      return undefined;
    },
  });
}

const getManifest = defineMethod({
  on: 'HttpNfcLease',
  name: 'HttpNfcLeaseGetManifest',
  since: '4.1',
  returns: 'HttpNfcLeaseManifestEntry[]',
  faults: ['Timedout', 'InvalidState'],
  run(_args, call) {
    call.requireSession();
    const lease = selfAs(call, LeaseObject);
    requireReady(lease);
    return lease.manifest();
  },
});

export const LEASE_METHODS: readonly Method[] = [
  exportVm,
  exportSnapshot,
  importVApp,
  getManifest,
  leaseMethod('HttpNfcLeaseComplete', '', (lease) => lease.complete()),
  leaseMethod<{ fault?: Data }>('HttpNfcLeaseAbort', 'fault LocalizedMethodFault?', (lease) =>
    lease.fail(vimFault('RequestCanceled', 'The lease was given up by its holder.')),
  ),
  leaseMethod<{ percent: number }>('HttpNfcLeaseProgress', 'percent int', (lease, { percent }) => {
    lease.progress = Math.max(0, Math.min(100, percent));
  }),
];

/** vApps: pools whose machines start and stop together, and which stand in a folder as machines do. */
import type { Data } from '../values.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { allocationData } from './allocation.ts';
import type { FolderObject } from './folder.ts';
import type { Entity, Properties } from './object.ts';
import { POOL, PoolObject, type PoolSettings, poolRuntimeOf, usageOf } from './pool.ts';

export const VIRTUAL_APP: Properties<VirtualAppObject> = {
  ...(POOL as Properties<VirtualAppObject>),
  summary: (self, reading) => ({
    $: 'VirtualAppSummary',
    name: self.name,
    config: () => allocationData(self),
    runtime: () => poolRuntimeOf(self, reading),
    quickStats: () => ({ $: 'ResourcePoolQuickStats', ...usageOf(self, reading) }),
    vAppState: isStarted(self) ? 'started' : 'stopped',
    suspended: false,
    installBootRequired: false,
  }),
  parentFolder: (self) => self.folder.ref,
  datastore: (self) =>
    [...new Set([...self.allVms()].flatMap((vm) => vm.datastores()))].map(({ ref }) => ref),
  network: (self) => [...new Set([...self.allVms()].flatMap((vm) => vm.networks()))].map(({ ref }) => ref),
  vAppConfig: (self) => ({
    $: 'VAppConfigInfo',
    ipAssignment: {
      $: 'VAppIPAssignmentInfo',
      ipAllocationPolicy: 'fixedPolicy',
      ipProtocol: 'IPv4',
    },
    installBootRequired: false,
    installBootStopDelay: 0,
    annotation: self.annotation,
    instanceUuid: self.instanceUuid,
    entityConfig: self.inOrder().map((vm) => self.entryOf(vm)),
  }),
  parentVApp: (self) => (self.parent instanceof VirtualAppObject ? self.parent.ref : undefined),
  childLink: () => [],
};

function isStarted(self: VirtualAppObject): boolean {
  for (const vm of self.allVms()) if (vm.isOn) return true;
  return false;
}

/** How a machine of a vApp starts and stops: VAppEntityConfigInfo, as it comes in. */
export interface StartEntry extends Data {
  readonly key?: Data & { readonly id: string };
  readonly startOrder?: number;
  readonly startAction?: string;
  readonly stopAction?: string;
}

export class VirtualAppObject extends PoolObject {
  readonly folder: FolderObject;
  annotation = '';
  instanceUuid: string;
  /** What was set of its machines, by their id. */
  readonly entries = new Map<string, StartEntry>();

  constructor(number: number, settings: PoolSettings, folder: FolderObject) {
    super(`resgroup-v${number}`, settings, 'VirtualApp');
    this.folder = folder;
    this.instanceUuid = this.ref.id;
  }

  protected override get properties(): Properties<PoolObject> {
    return VIRTUAL_APP as Properties<PoolObject>;
  }

  override get inheritsFrom(): readonly Entity[] {
    return [this.folder, ...super.inheritsFrom];
  }

  override children(): Iterable<Entity> {
    return [...this.pools, ...this.vms.list()];
  }

  /** How the machine starts and stops with it. */
  entryOf(vm: VirtualMachine): Data {
    return {
      $: 'VAppEntityConfigInfo',
      key: vm.ref,
      tag: vm.name,
      startOrder: 0,
      startDelay: 120,
      waitingForGuest: false,
      startAction: 'powerOn',
      stopDelay: 120,
      stopAction: 'powerOff',
      destroyWithParent: true,
      ...this.entries.get(vm.ref.id),
    };
  }

  /** Its machines in the order in which they start. */
  inOrder(): VirtualMachine[] {
    const orderOf = (vm: VirtualMachine) => this.entries.get(vm.ref.id)?.startOrder ?? 0;
    return [...this.allVms()].sort((a, b) => orderOf(a) - orderOf(b));
  }
}

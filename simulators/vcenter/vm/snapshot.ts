/** Snapshots of a machine: a tree, of which one is current. */
import type { UnixMillis } from '#core/units.ts';
import type { PowerState } from '../../estate/model.ts';
import { ManagedObject, type Properties } from '../objects/object.ts';
import type { Data } from '../values.ts';
import { configOf } from './config.ts';
import type { DiskLink } from './disk-chain.ts';
import { powerName } from './power.ts';
import type { VirtualMachine } from './virtual-machine.ts';

export interface SnapshotFacts {
  readonly name: string;
  readonly description: string;
  readonly createTime: UnixMillis;
  /** Power state that reverting leads to: as it was, with memory; off without. */
  readonly power: PowerState;
  readonly quiesced: boolean;
  readonly changeTrackingEnabled: boolean;
}

export interface SnapshotDisk {
  readonly link: DiskLink;
  readonly changeId: string | undefined;
}

export const SNAPSHOT: Properties<SnapshotObject> = {
  value: () => [],
  availableField: () => [],
  config: (self, reading) =>
    configOf(self.vm, reading, {
      changeTrackingEnabled: self.facts.changeTrackingEnabled,
      disk: (index) => self.disks.get(index),
    }),
  childSnapshot: (self) => self.children.map((child) => child.ref),
  vm: (self) => self.vm.ref,
};

export class SnapshotObject extends ManagedObject {
  /** Number within the machine, from 1. */
  readonly number: number;
  readonly vm: VirtualMachine;
  readonly facts: SnapshotFacts;
  /** Undefined for a root. Changes when the parent is removed. */
  parent: SnapshotObject | undefined;
  readonly children: SnapshotObject[] = [];
  /** Frozen disks by index; disks that snapshots leave out are absent. */
  readonly disks: ReadonlyMap<number, SnapshotDisk>;
  name: string;
  description: string;

  constructor(
    id: string,
    number: number,
    vm: VirtualMachine,
    facts: SnapshotFacts,
    disks: ReadonlyMap<number, SnapshotDisk>,
    parent: SnapshotObject | undefined,
  ) {
    super('VirtualMachineSnapshot', id);
    this.number = number;
    this.vm = vm;
    this.facts = facts;
    this.disks = disks;
    this.parent = parent;
    this.name = facts.name;
    this.description = facts.description;
  }

  override get label(): string {
    return this.vm.label;
  }

  override get entity(): VirtualMachine {
    return this.vm;
  }

  protected get properties(): Properties<SnapshotObject> {
    return SNAPSHOT;
  }

  /** The file beside the .vmx that holds the snapshot's configuration. */
  get dataFileName(): string {
    return `${this.vm.fileStem}-Snapshot${this.number}.vmsn`;
  }

  /** This snapshot and everything below it. */
  subtree(): SnapshotObject[] {
    return [this, ...this.children.flatMap((child) => child.subtree())];
  }

  treeNode(): Data {
    return {
      $: 'VirtualMachineSnapshotTree',
      snapshot: this.ref,
      vm: this.vm.ref,
      name: this.name,
      description: this.description,
      id: this.number,
      createTime: this.facts.createTime,
      state: powerName(this.facts.power),
      quiesced: this.facts.quiesced,
      childSnapshotList: this.children.map((child) => child.treeNode()),
      replaySupported: false,
    };
  }
}

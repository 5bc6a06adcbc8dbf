/** Checkpoints, reference points and what changed since: by the methods that backup and migration call. */
import { beforeEach, expect, test } from 'vitest';
import { SECOND } from '#core/units.ts';
import { generateEstate } from '../estate/generate.ts';
import type { Machine } from '../estate/model.ts';
import { texts } from '../winrm/testing/cim-client.ts';
import { RESOURCE } from '../winrm/wsman/names.ts';
import type { ReleaseName } from './hyperv-host.ts';
import { type Stage, stage } from './testing/stage.ts';

const V2 = 'root/virtualization/v2';

let on: Stage;
let machine: Machine;
let client: ReturnType<Stage['client']>;

function begin(release: ReleaseName): void {
  const made = generateEstate({ seed: 'hyperv checkpoints', machines: 3, hosts: 1 });
  const small = (one: Machine): Machine => ({
    ...one,
    power: 'on',
    disks: one.disks.map((disk) => ({ ...disk, sizeBytes: 64 * 2 ** 20 })),
  });
  on = stage({ release, facts: { ...made, machines: made.machines.map(small) } });
  machine = on.machinesOn(on.hosts[0]!)[0]!;
  client = on.client(on.hosts[0]!);
}

beforeEach(() => begin('2019'));

function reference(parameter: string, className: string, key: string, value: string): string {
  return (
    `<p:${parameter}><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>${RESOURCE.wmi}${V2}/${className}` +
    `</w:ResourceURI><w:SelectorSet><w:Selector Name="${key}">${value}</w:Selector></w:SelectorSet></a:ReferenceParameters></p:${parameter}>`
  );
}

const system = () => reference('AffectedSystem', 'Msvm_ComputerSystem', 'Name', machine.instanceUuid);

/** Calls a method, lets its job end, and gives the id of what it was about. */
function done(className: string, method: string, input: string): string | undefined {
  const answer = client.invoke(V2, className, method, input);
  expect(texts(answer, 'ReturnValue')).toEqual(['4096']);
  const job = /Name="InstanceID">([^<]*)</.exec(answer)![1]!;
  on.pass(5 * SECOND);
  expect(
    texts(client.ask(`SELECT * FROM Msvm_ConcreteJob WHERE InstanceID='${job}'`, V2)[0]!, 'JobState'),
  ).toEqual(['7']);
  const [about] = client.ask(
    `ASSOCIATORS OF {Msvm_ConcreteJob.InstanceID='${job}'} WHERE AssocClass = Msvm_AffectedJobElement`,
    V2,
  );
  return about && texts(about, 'InstanceID')[0];
}

const snapshot = (type: number): string =>
  done(
    'Msvm_VirtualSystemSnapshotService',
    'CreateSnapshot',
    `${system()}<p:SnapshotSettings>&lt;INSTANCE CLASSNAME="Msvm_VirtualSystemSettingData"&gt;&lt;PROPERTY NAME="ElementName" TYPE="string"&gt;&lt;VALUE&gt;before the change&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;</p:SnapshotSettings><p:SnapshotType>${type}</p:SnapshotType>`,
  )!;

/** Paths of the disks of some settings. */
const files = (settings: string): string[] =>
  client
    .ask(
      `ASSOCIATORS OF {Msvm_VirtualSystemSettingData.InstanceID='${settings}'} WHERE AssocClass = Msvm_VirtualSystemSettingDataComponent ResultClass = Msvm_StorageAllocationSettingData`,
      V2,
    )
    .flatMap((xml) => texts(xml, 'HostResource'));

const hardDisk = (path: string): string =>
  texts(
    client.invoke(
      V2,
      'Msvm_ImageManagementService',
      'GetVirtualHardDiskSettingData',
      `<p:Path>${path}</p:Path>`,
    ),
    'SettingData',
  )[0]!;

test('a checkpoint keeps the files as they were; the machine writes to new ones, whose parents they are', () => {
  const active = `Microsoft:${machine.instanceUuid.toUpperCase()}`;
  const [before] = files(active);
  const id = snapshot(2);
  const [kept] = files(id);
  const [now] = files(active);
  expect(kept).toBe(before);
  expect(now).toMatch(/_[0-9A-F-]{36}\.avhdx$/);
  expect(hardDisk(now!)).toContain('<PROPERTY NAME="Type" TYPE="uint16"><VALUE>4</VALUE>');
  expect(hardDisk(now!)).toContain(`<PROPERTY NAME="ParentPath" TYPE="string"><VALUE>${before}</VALUE>`);
  const [settings] = client.ask(
    `ASSOCIATORS OF {Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='${machine.instanceUuid}'} WHERE AssocClass = Msvm_SnapshotOfVirtualSystem`,
    V2,
  );
  expect(texts(settings!, 'ElementName')).toEqual(['before the change']);
  expect(texts(settings!, 'VirtualSystemType')).toEqual(['Microsoft:Hyper-V:Snapshot:Realized']);
  done(
    'Msvm_VirtualSystemSnapshotService',
    'DestroySnapshot',
    reference('AffectedSnapshot', 'Msvm_VirtualSystemSettingData', 'InstanceID', id),
  );
  expect(files(active)).toEqual([before, ...files(active).slice(1)]);
});

test('changes since a reference point are those that were written, and are told in parts', () => {
  const disk = on.estate.disk(machine.disks[0]!.id);
  const point = done(
    'Msvm_VirtualSystemSnapshotService',
    'ConvertToReferencePoint',
    reference('AffectedSnapshot', 'Msvm_VirtualSystemSettingData', 'InstanceID', snapshot(32768)),
  );
  const [xml] = client.ask('SELECT * FROM Msvm_VirtualSystemReferencePoint', V2);
  expect(texts(xml!, 'InstanceID')).toEqual([point]);
  const [id] = texts(xml!, 'ResilientChangeTrackingIdentifiers');
  disk.write(1024 * 1024, Buffer.alloc(512, 1));
  disk.write(5 * 1024 * 1024, Buffer.alloc(512, 2));
  const [path] = files(`Microsoft:${machine.instanceUuid.toUpperCase()}`);
  const changes = (offset: number, length: number, limit = id): string =>
    client.invoke(
      V2,
      'Msvm_ImageManagementService',
      'GetVirtualDiskChanges',
      `<p:Path>${path}</p:Path><p:LimitId>${limit}</p:LimitId><p:TargetSnapshotId></p:TargetSnapshotId><p:ByteOffset>${offset}</p:ByteOffset><p:ByteLength>${length}</p:ByteLength>`,
    );
  const all = changes(0, disk.facts.sizeBytes);
  expect(texts(all, 'ChangedByteOffsets')).toEqual([String(2 ** 20), String(5 * 2 ** 20)]);
  expect(texts(all, 'ChangedByteLengths')).toEqual(['65536', '65536']);
  expect(texts(all, 'ProcessedByteLength')).toEqual([String(disk.facts.sizeBytes)]);
  expect(texts(changes(2 * 2 ** 20, 2 ** 20), 'ChangedByteOffsets')).toEqual([]);
  expect(texts(changes(0, 4096, 'rctX:none'), 'ReturnValue')).toEqual(['32773']);
  done(
    'Msvm_VirtualSystemReferencePointService',
    'DestroyReferencePoint',
    reference('AffectedReferencePoint', 'Msvm_VirtualSystemReferencePoint', 'InstanceID', point!),
  );
  expect(texts(changes(0, 4096), 'ReturnValue')).toEqual(['32773']);
});

test('before 2016 nobody tracks changes', () => {
  begin('2012 R2');
  expect(() => client.enumerate(V2, 'Msvm_VirtualSystemReferencePoint')).toThrow('Invalid class');
  expect(() => client.invoke(V2, 'Msvm_ImageManagementService', 'GetVirtualDiskChanges')).toThrow();
  expect(client.ask('SELECT * FROM Msvm_VirtualSystemSettingData', V2)[0]).not.toContain('UserSnapshotType');
  expect(() => client.ask('SELECT UserSnapshotType FROM Msvm_VirtualSystemSettingData', V2)).toThrow(
    'Invalid query',
  );
});

test('the state of a file says what it takes and whether it is in use', () => {
  const [path] = files(`Microsoft:${machine.instanceUuid.toUpperCase()}`);
  const state = texts(
    client.invoke(V2, 'Msvm_ImageManagementService', 'GetVirtualHardDiskState', `<p:Path>${path}</p:Path>`),
    'State',
  )[0]!;
  expect(state).toContain('<PROPERTY NAME="InUse" TYPE="boolean"><VALUE>TRUE</VALUE>');
});

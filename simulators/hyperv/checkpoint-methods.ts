/**
 * Checkpoints (Msvm_VirtualSystemSnapshotService) and reference points of change tracking
 * (Msvm_VirtualSystemReferencePointService, since 2016). A checkpoint freezes the disks and lets the machine write to
 * new files; deleting it merges them. Backup turns its checkpoint into a reference point, from which on changes of
 * disks are known.
 */
import { SECOND } from '#core/units.ts';
import { childrenOf, type XmlElement } from '#core/wire/xml/element.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import type { Machine } from '../estate/model.ts';
import type { CimMethod, MethodCall, MethodResult } from '../winrm/cim/cim-service.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import { type CimInstance, instant } from '../winrm/cim/values.ts';
import { trackingId } from './disk-methods.ts';
import { type HypervHost, machineByGuid, machineGuid, machinesOf } from './hyperv-host.ts';
import { type Jobs, RETURN } from './jobs.ts';
import { checkpointSettings } from './machine-settings.ts';
import { type Checkpoint, ownDisks, type ReferencePoint, stateOf } from './machine-state.ts';
import { instance, V2 } from './names.ts';

const TAKES = 4 * SECOND;
const CHECKPOINTS_MAX = 50;
/** SnapshotType of CreateSnapshot: of the machine, and of its disks for backup. */
const FULL = 2;
const RECOVERY = 32768;
/** JobType [Msvm_ConcreteJob]. */
const JOB = { newSnapshot: 70, deleteSnapshot: 72, referencePoint: 135 } as const;

export function checkpointMethods(host: HypervHost, jobs: Jobs): CimMethod[] {
  const { estate, clock, entropy } = host;
  const state = stateOf(estate);
  const job = { name: 'Job', type: 'ref', array: false } as const;
  const snapshots = cimClass(V2, 'Msvm_VirtualSystemSnapshotService');
  const points = cimClass(V2, 'Msvm_VirtualSystemReferencePointService');

  const freeze = (machine: Machine): Map<string, number> =>
    new Map(ownDisks(machine).map(({ id }) => [id, estate.disk(id).mark()]));
  const thaw = (epochs: ReadonlyMap<string, number>, machine: Machine): void => {
    for (const { id } of ownDisks(machine)) {
      const epoch = epochs.get(id);
      if (epoch !== undefined) estate.disk(id).release(epoch);
    }
  };
  const gone = 'The virtual machine is not on this host any more.';

  const create = (call: MethodCall): MethodResult => {
    const machine = affected(host, call);
    const type = Number(call.texts('SnapshotType')[0]?.trim() ?? NaN);
    if (!machine || (type !== FULL && type !== RECOVERY)) return refused(RETURN.invalidParameter);
    if (state.checkpoints(machine.id).length >= CHECKPOINTS_MAX || state.transitions.has(machine.id))
      return refused(RETURN.invalidState);
    const now = clock.wall();
    const name =
      settingOf(call.texts('SnapshotSettings')[0], 'ElementName') ??
      `${machine.name} - (${new Date(now).toISOString().slice(0, 19).replace('T', ' ')})`;
    const id = entropy.uuid('hyperv.checkpoint', machine.id, now).toUpperCase();
    const find = (): Checkpoint | undefined => state.checkpoints(machine.id).find((each) => each.id === id);
    return jobs.start({
      caption: 'Creating Checkpoint',
      type: JOB.newSnapshot,
      takes: TAKES,
      affected: () => {
        const made = find();
        return made && checkpointSettings(host, made);
      },
      effect() {
        const current = machineByGuid(host, machineGuid(machine));
        if (!current) return gone;
        const fileId = entropy.uuid('hyperv.checkpointFile', machine.id, now).toUpperCase();
        const kind = type === FULL ? 'user' : 'recovery';
        const made: Checkpoint = {
          id,
          name,
          createdAt: clock.wall(),
          kind,
          machine: current,
          epochs: freeze(current),
          fileId,
        };
        state.addCheckpoint(machine.id, made);
        return undefined;
      },
    });
  };

  const destroy = (call: MethodCall, parameter: string, tree: boolean): MethodResult => {
    const found = checkpointOf(host, call.references(parameter)[0]);
    if (!found) return refused(RETURN.invalidParameter);
    const { machine, checkpoint } = found;
    return jobs.start({
      caption: 'Deleting Checkpoint',
      type: JOB.deleteSnapshot,
      takes: TAKES,
      effect() {
        const all = state.checkpoints(machine.id);
        const at = all.findIndex(({ id }) => id === checkpoint.id);
        if (at < 0) return 'The checkpoint is not there any more.';
        for (const each of tree ? all.slice(at) : [all[at]!]) {
          state.removeCheckpoint(machine.id, each.id);
          thaw(each.epochs, machine);
        }
        return undefined;
      },
    });
  };

  const convert = (call: MethodCall): MethodResult => {
    const found = checkpointOf(host, call.references('AffectedSnapshot')[0]);
    if (found?.checkpoint.kind !== 'recovery') return refused(RETURN.invalidParameter);
    const { machine, checkpoint } = found;
    return jobs.start({
      caption: 'Converting Checkpoint to Reference Point',
      type: JOB.referencePoint,
      takes: TAKES,
      affected: () => pointInstances(host, machine).find((each) => nameOf(each).endsWith(checkpoint.id)),
      effect() {
        if (!state.checkpoints(machine.id).some(({ id }) => id === checkpoint.id))
          return 'The checkpoint is not there any more.';
        state.removeCheckpoint(machine.id, checkpoint.id);
        thaw(checkpoint.epochs, machine);
        state.addReferencePoint(machine.id, {
          id: checkpoint.id,
          createdAt: clock.wall(),
          epochs: checkpoint.epochs,
        });
        return undefined;
      },
    });
  };

  const createPoint = (call: MethodCall): MethodResult => {
    const machine = affected(host, call);
    if (!machine) return refused(RETURN.invalidParameter);
    const id = entropy.uuid('hyperv.referencePoint', machine.id, clock.wall()).toUpperCase();
    return jobs.start({
      caption: 'Creating Reference Point',
      type: JOB.referencePoint,
      takes: TAKES,
      affected: () => pointInstances(host, machine).find((each) => nameOf(each).endsWith(id)),
      effect() {
        const current = machineByGuid(host, machineGuid(machine));
        if (!current) return gone;
        const epochs = freeze(current);
        thaw(epochs, current); // only when it was has to be known
        state.addReferencePoint(machine.id, { id, createdAt: clock.wall(), epochs });
        return undefined;
      },
    });
  };

  const destroyPoint = (call: MethodCall): MethodResult => {
    const given = call.references('AffectedReferencePoint')[0];
    const found = given && pointOf(host, given);
    if (!found) return refused(RETURN.invalidParameter);
    return jobs.start({
      caption: 'Deleting Reference Point',
      type: JOB.referencePoint,
      takes: TAKES,
      effect() {
        state.removeReferencePoint(found.machine.id, found.point.id);
        return undefined;
      },
    });
  };

  return [
    { class: snapshots, name: 'CreateSnapshot', outputs: [job], run: create },
    {
      class: snapshots,
      name: 'DestroySnapshot',
      outputs: [job],
      run: (call) => destroy(call, 'AffectedSnapshot', false),
    },
    {
      class: snapshots,
      name: 'DestroySnapshotTree',
      outputs: [job],
      run: (call) => destroy(call, 'SnapshotSettingData', true),
    },
    // no disk of the estate goes back in time
    { class: snapshots, name: 'ApplySnapshot', outputs: [job], run: () => refused(RETURN.notSupported) },
    ...(host.release.changeTracking
      ? [
          { class: snapshots, name: 'ConvertToReferencePoint', outputs: [job], run: convert },
          { class: points, name: 'CreateReferencePoint', outputs: [job], run: createPoint },
          { class: points, name: 'DestroyReferencePoint', outputs: [job], run: destroyPoint },
        ]
      : []),
  ];
}

function refused(returnValue: number): MethodResult {
  return { returnValue, outputs: {} };
}

function nameOf({ values }: CimInstance): string {
  return String(values['InstanceID'] ?? values['Name']);
}

function affected(host: HypervHost, call: MethodCall): Machine | undefined {
  const given = call.references('AffectedSystem')[0];
  return given && machineByGuid(host, String(given.values['Name']));
}

/** The checkpoint whose settings an instance is. */
function checkpointOf(
  host: HypervHost,
  given: CimInstance | undefined,
): { machine: Machine; checkpoint: Checkpoint } | undefined {
  const id =
    given &&
    nameOf(given)
      .replace(/^Microsoft:/i, '')
      .toUpperCase();
  for (const machine of machinesOf(host)) {
    const checkpoint = stateOf(host.estate)
      .checkpoints(machine.id)
      .find((each) => each.id === id);
    if (checkpoint) return { machine, checkpoint };
  }
  return undefined;
}

function pointOf(
  host: HypervHost,
  given: CimInstance,
): { machine: Machine; point: ReferencePoint } | undefined {
  for (const machine of machinesOf(host)) {
    const point = stateOf(host.estate)
      .referencePoints(machine.id)
      .find(({ id }) => nameOf(given).toUpperCase().endsWith(id));
    if (point) return { machine, point };
  }
  return undefined;
}

/** Msvm_VirtualSystemReferencePoint of a machine. */
export function pointInstances(host: HypervHost, machine: Machine): CimInstance[] {
  return stateOf(host.estate)
    .referencePoints(machine.id)
    .map(({ id, createdAt, epochs }) => {
      const disks = ownDisks(machine).filter((disk) => epochs.has(disk.id));
      return instance('Msvm_VirtualSystemReferencePoint', {
        Caption: 'Reference Point',
        Description: 'Microsoft Virtual System Reference Point',
        ElementName: machine.name,
        InstanceID: `Microsoft:${machineGuid(machine)}\\${id}`,
        ConsistencyLevel: 2,
        CreationTime: instant(createdAt),
        ReferencePointType: 1,
        ResilientChangeTrackingIdentifiers: disks.map((disk) => trackingId(disk, epochs.get(disk.id)!)),
        VirtualDiskIdentifiers: disks.map(({ uuid }) => uuid.toUpperCase()),
        VirtualSystemIdentifier: machineGuid(machine),
      });
    });
}

const SETTING_LIMITS = { bytesMax: 64 * 1024, depthMax: 16, elementsMax: 1000 };

/** A property of an instance that came as CIM-XML. Undefined where it is missing, or nothing was sent. */
function settingOf(text: string | undefined, name: string): string | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  let root: XmlElement;
  try {
    root = parseXml(text, SETTING_LIMITS);
  } catch {
    return undefined;
  }
  const property = childrenOf(root, 'PROPERTY').find((each) => each.attributes.get('NAME')?.value === name);
  const value = property && childrenOf(property, 'VALUE')[0]?.text;
  return value === '' ? undefined : value;
}

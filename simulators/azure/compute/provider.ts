/**
 * Microsoft.Compute, disks and snapshots: requests in, JSON out. What a disk is stands in disks.ts.
 *
 * @see Azure/azure-rest-api-specs, compute/resource-manager/Microsoft.Compute, DiskRP.
 */
import { GIB, SECOND } from '#core/units.ts';
import { conflict, methodNotAllowed, resourceNotFound, unknownAction } from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmProvider, ArmRequest } from '../arm/provider.ts';
import { iso } from '../http.ts';
import { VHD_FOOTER_BYTES } from '../storage/vhd-footer.ts';
import { readAccess, readNewDisk, readNewSnapshot, readUpdate } from './disk-requests.ts';
import type { Disk, DiskKind, Disks } from './disks.ts';
import { inLocation, listSkus } from './sizes.ts';
import type { VirtualMachines } from './virtual-machines.ts';
import { VM_API_VERSIONS } from './vm-model.ts';

const NAMESPACE = 'Microsoft.Compute';
/** From the version that brought uploads to the one the current SDK speaks. */
const API_VERSIONS = [
  ...['2019-03-01', '2019-07-01', '2019-11-01', '2020-05-01', '2020-06-30', '2020-09-30', '2020-12-01'],
  ...['2021-04-01', '2021-08-01', '2021-12-01', '2022-03-02', '2022-07-02', '2023-01-02', '2023-04-02'],
  ...['2023-10-02', '2024-03-02', '2025-01-02', '2026-03-02'],
];
const SKU_API_VERSIONS = ['2017-09-01', '2019-04-01', '2021-07-01'];
const CREATE_TAKES_MS = 5 * SECOND;
const ACCESS_TAKES_MS = 3 * SECOND;
const DELETE_TAKES_MS = 5 * SECOND;
const NAME = /^[\w][\w.-]{0,79}$/;

export interface ComputeDependencies {
  readonly disks: Disks;
  /** A cloud without them has disks only. */
  readonly machines?: VirtualMachines;
}

export function computeProvider({ disks, machines }: ComputeDependencies): ArmProvider {
  const type = (kind: DiskKind) => ({
    apiVersions: API_VERSIONS,
    handle: (request: ArmRequest) => handle(disks, kind, request),
  });
  return {
    namespace: NAMESPACE,
    types: {
      disks: type('disks'),
      snapshots: type('snapshots'),
      ...(machines ? { virtualMachines: machines.shelf.type } : {}),
      skus: { apiVersions: SKU_API_VERSIONS, holdsResources: false, handle: listSkus },
      locations: {
        apiVersions: [...API_VERSIONS, ...VM_API_VERSIONS],
        holdsResources: false,
        handle: inLocation,
      },
    },
  };
}

function handle(disks: Disks, kind: DiskKind, request: ArmRequest): ArmAnswer {
  if (request.name === '') return list(disks, kind, request);
  const [action, ...more] = request.segments;
  if (more.length > 0) throw unknownAction(request.method, request.segments.join('/'));
  const disk = disks.find(idOf(kind, request));
  if (action !== undefined) {
    if (request.method !== 'POST') throw methodNotAllowed(request.method, `${kind}/${action}`);
    if (!disk) throw resourceNotFound(request, NAMESPACE);
    if (action.toLowerCase() === 'begingetaccess') return beginGetAccess(disks, disk, request);
    if (action.toLowerCase() === 'endgetaccess') return endGetAccess(disks, disk);
    throw unknownAction(request.method, action);
  }
  switch (request.method) {
    case 'PUT':
      return put(disks, kind, disk, request);
    case 'DELETE':
      return remove(disks, disk);
    case 'GET':
      if (!disk) throw resourceNotFound(request, NAMESPACE);
      return { status: 200, body: view(disk) };
    case 'PATCH':
      if (!disk) throw resourceNotFound(request, NAMESPACE);
      return update(disks, disk, request);
    default:
      throw methodNotAllowed(request.method, kind);
  }
}

function idOf(kind: DiskKind, { subscriptionId, resourceGroup, name }: ArmRequest): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${NAMESPACE}/${kind}/${name}`;
}

function list(disks: Disks, kind: DiskKind, request: ArmRequest): ArmAnswer {
  if (request.method !== 'GET') throw methodNotAllowed(request.method, kind);
  const { subscriptionId, resourceGroup } = request;
  const group = resourceGroup === '' ? '' : `/resourceGroups/${resourceGroup}`;
  return { list: listOf(disks.list(kind, `/subscriptions/${subscriptionId}${group}`).map(view)) };
}

function put(disks: Disks, kind: DiskKind, before: Disk | undefined, request: ArmRequest): ArmAnswer {
  if (!NAME.test(request.name))
    throw conflict('InvalidResourceName', `'${request.name}' is no name for a disk.`);
  const read = kind === 'disks' ? readNewDisk : readNewSnapshot;
  const wanted = read(request.body);
  if (before) {
    if (wanted.creationData.createOption !== before.creation.createOption)
      throw conflict(
        'PropertyChangeNotAllowed',
        "Changing property 'creationData.createOption' is not allowed.",
      );
    const { settings } = wanted;
    return updated(disks, before, settings);
  }
  const disk = disks.create(kind, idOf(kind, request), wanted);
  return {
    operation: {
      takesMs: CREATE_TAKES_MS,
      status: 202,
      location: true,
      body: view(disk),
      run() {
        disk.isReady = true;
        return view(disk);
      },
    },
  };
}

function update(disks: Disks, disk: Disk, request: ArmRequest): ArmAnswer {
  return updated(disks, disk, readUpdate(request.body));
}

function updated(disks: Disks, disk: Disk, change: Parameters<Disks['update']>[1]): ArmAnswer {
  return {
    operation: {
      takesMs: SECOND,
      status: 202,
      location: true,
      body: view(disk),
      run() {
        disks.update(disk, change);
        return view(disk);
      },
    },
  };
}

function remove(disks: Disks, disk: Disk | undefined): ArmAnswer {
  if (!disk) return { status: 204 };
  disks.requireEvent(disk, 'delete');
  return {
    operation: {
      takesMs: DELETE_TAKES_MS,
      status: 202,
      location: true,
      run: () => disks.delete(disk),
    },
  };
}

function beginGetAccess(disks: Disks, disk: Disk, request: ArmRequest): ArmAnswer {
  const { access, seconds } = readAccess(request.body);
  disks.requireEvent(disk, access === 'Write' ? 'grantWrite' : 'grantRead');
  return {
    operation: {
      takesMs: ACCESS_TAKES_MS,
      status: 202,
      location: true,
      run: () => ({ accessSAS: request.addresses.blobUrl(disks.grant(disk, access, seconds)) }),
    },
  };
}

function endGetAccess(disks: Disks, disk: Disk): ArmAnswer {
  disks.requireEvent(disk, 'revoke');
  return {
    operation: {
      takesMs: ACCESS_TAKES_MS,
      status: 202,
      location: true,
      run: () => disks.revoke(disk),
    },
  };
}

/** As ARM shows it. Sizes leave out the footer. */
function view(disk: Disk): object {
  const { kind, settings, creation, space } = disk;
  const isUpload = disk.state === 'ReadyToUpload' || disk.state === 'ActiveUpload';
  const diskSizeBytes = space.sizeBytes - (isUpload ? VHD_FOOTER_BYTES : 0);
  return {
    id: disk.id,
    name: disk.name,
    type: `${NAMESPACE}/${kind}`,
    location: settings.location,
    tags: settings.tags,
    sku: { name: settings.sku, tier: settings.sku.split('_')[0] },
    ...(settings.zones ? { zones: settings.zones } : {}),
    ...(disk.managedBy === undefined ? {} : { managedBy: disk.managedBy }),
    properties: {
      creationData: creation,
      diskSizeGB: Math.ceil(diskSizeBytes / GIB),
      diskSizeBytes,
      ...(settings.osType ? { osType: settings.osType } : {}),
      encryption: { type: 'EncryptionAtRestWithPlatformKey' },
      networkAccessPolicy: 'AllowAll',
      publicNetworkAccess: 'Enabled',
      ...settings.kept,
      ...(kind === 'snapshots' ? { incremental: settings.incremental, completionPercent: 100 } : {}),
      ...(kind === 'snapshots' && settings.incremental
        ? { incrementalSnapshotFamilyId: disk.family.id }
        : {}),
      timeCreated: iso(disk.createdAt),
      uniqueId: disk.uniqueId,
      diskState: disk.state === 'ReservedSAS' ? 'ActiveSAS' : disk.state,
      provisioningState: disk.isReady ? 'Succeeded' : 'Updating',
    },
  };
}

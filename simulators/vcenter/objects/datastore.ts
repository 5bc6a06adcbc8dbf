/** Datastores, and the browsers that list files on them. */
import { KIB, MIB, TIB } from '#core/units.ts';
import type { Datastore } from '../../estate/model.ts';
import type { Data } from '../values.ts';
import type { HostObject } from './host.ts';
import { ENTITY_PROPERTIES, Entity, ManagedObject, type Properties } from './object.ts';
import { VmList } from './vm-list.ts';

/** vSphere 7: VMFS 6 and NFS files are at most 62 TB for virtual disks, 64 TB for anything else. */
const FILE_BYTES_MAX = 64 * TIB;
const DISK_BYTES_MAX = 62 * TIB;

export const DATASTORE: Properties<DatastoreObject> = {
  ...ENTITY_PROPERTIES,
  info: (self, { now }) => infoOf(self, now),
  summary: (self) => ({
    $: 'DatastoreSummary',
    datastore: self.ref,
    name: self.name,
    url: self.url,
    capacity: self.facts.capacityBytes,
    freeSpace: self.facts.freeBytes,
    uncommitted: 0,
    accessible: self.facts.accessible ?? true,
    multipleHostAccess: self.hosts.length > 1,
    type: self.facts.type === 'NFS' ? nfsType(self.facts.nfs?.version ?? '3') : self.facts.type,
    maintenanceMode: 'normal',
  }),
  host: (self) =>
    self.hosts.map((host) => ({
      $: 'DatastoreHostMount',
      key: host.ref,
      mountInfo: {
        $: 'HostMountInfo',
        path: self.mountPath,
        accessMode: 'readWrite',
        mounted: true,
        accessible: self.facts.accessible ?? true,
        inaccessibleReason: self.facts.accessible === false ? 'AllPathsDown_Start' : undefined,
      },
    })),
  vm: (self) => self.vms.refs(),
  browser: (self) => self.browser.ref,
  capability: (self) => ({
    $: 'DatastoreCapability',
    directoryHierarchySupported: true,
    rawDiskMappingsSupported: self.facts.type === 'VMFS',
    perFileThinProvisioningSupported: true,
    storageIORMSupported: self.facts.type !== 'vsan',
    nativeSnapshotSupported: false,
    topLevelDirectoryCreateSupported: self.facts.type !== 'vsan',
    seSparseSupported: true,
    vmfsSparseSupported: true,
    vsanSparseSupported: self.facts.type === 'vsan',
  }),
};

export class DatastoreObject extends Entity {
  readonly bytesMax = { file: FILE_BYTES_MAX, disk: DISK_BYTES_MAX } as const;
  readonly facts: Datastore;
  readonly hosts: HostObject[] = [];
  readonly vms = new VmList();
  readonly browser: DatastoreBrowserObject;

  constructor(id: string, facts: Datastore, parent: Entity) {
    super('Datastore', id, facts.name, parent);
    this.facts = facts;
    this.browser = new DatastoreBrowserObject(`datastoreBrowser-${id}`, () => [this]);
  }

  protected get properties(): Properties<DatastoreObject> {
    return DATASTORE;
  }

  /** Where hosts mount it. */
  get mountPath(): string {
    return `/vmfs/volumes/${this.facts.uuid}`;
  }

  get url(): string {
    return `ds:///vmfs/volumes/${this.facts.uuid}/`;
  }
}

function infoOf(self: DatastoreObject, now: number): Data {
  const { facts } = self;
  const common = {
    name: self.name,
    url: self.url,
    freeSpace: facts.freeBytes,
    maxFileSize: FILE_BYTES_MAX,
    maxVirtualDiskCapacity: DISK_BYTES_MAX,
    maxMemoryFileSize: FILE_BYTES_MAX,
    timestamp: now,
  };
  if (facts.type === 'VMFS')
    return {
      $: 'VmfsDatastoreInfo',
      ...common,
      maxPhysicalRDMFileSize: FILE_BYTES_MAX,
      maxVirtualRDMFileSize: DISK_BYTES_MAX,
      vmfs: {
        $: 'HostVmfsVolume',
        type: 'VMFS',
        name: self.name,
        capacity: facts.capacityBytes,
        blockSizeMb: 1,
        blockSize: MIB / KIB,
        maxBlocks: Math.min(2_147_483_647, Math.floor(facts.capacityBytes / MIB)),
        majorVersion: 6,
        version: '6.82',
        uuid: facts.uuid,
        extent: [{ $: 'HostScsiDiskPartition', diskName: `naa.${deviceDigits(facts.uuid)}`, partition: 1 }],
        vmfsUpgradable: false,
        ssd: true,
        local: self.hosts.length === 1,
      },
    };
  if (facts.type === 'NFS') {
    const { host, path, version } = facts.nfs ?? {
      host: 'nas.example.internal',
      path: `/export/${self.name}`,
      version: '3',
    };
    return {
      $: 'NasDatastoreInfo',
      ...common,
      nas: {
        $: 'HostNasVolume',
        type: nfsType(version),
        name: self.name,
        capacity: facts.capacityBytes,
        remoteHost: host,
        remotePath: path,
        remoteHostNames: [host],
      },
    };
  }
  // The API describes vSAN by a type of its own only in the vSAN SDK; vim25 clients see the base type.
  return { $: 'DatastoreInfo', ...common, containerId: facts.uuid };
}

function nfsType(version: '3' | '4.1'): string {
  return version === '4.1' ? 'NFS41' : 'NFS';
}

/** A SCSI name (NAA 6, 32 digits) that stays the same for a datastore. */
function deviceDigits(uuid: string): string {
  return `6${uuid.replaceAll('-', '')}`.padEnd(32, '0').slice(0, 32);
}

export const BROWSER: Properties<DatastoreBrowserObject> = {
  datastore: (self) => self.datastores().map((datastore) => datastore.ref),
  supportedType: () =>
    [
      'FolderFileQuery',
      'VmDiskFileQuery',
      'VmConfigFileQuery',
      'VmNvramFileQuery',
      'VmSnapshotFileQuery',
    ].map(($): Data => ({ $ })),
};

export class DatastoreBrowserObject extends ManagedObject {
  readonly datastores: () => readonly DatastoreObject[];

  constructor(id: string, datastores: () => readonly DatastoreObject[]) {
    super('HostDatastoreBrowser', id);
    this.datastores = datastores;
  }

  protected get properties(): Properties<DatastoreBrowserObject> {
    return BROWSER;
  }
}

export const ENVIRONMENT_BROWSER: Properties<EnvironmentBrowserObject> = {
  datastoreBrowser: (self) => self.browser.ref,
};

/** What a compute resource offers to new machines. */
export class EnvironmentBrowserObject extends ManagedObject {
  readonly browser: DatastoreBrowserObject;
  readonly #compute: Entity & { readonly hosts: readonly HostObject[] };

  constructor(
    id: string,
    browser: DatastoreBrowserObject,
    compute: Entity & { readonly hosts: readonly HostObject[] },
  ) {
    super('EnvironmentBrowser', id);
    this.browser = browser;
    this.#compute = compute;
  }

  get hosts(): readonly HostObject[] {
    return this.#compute.hosts;
  }

  override get entity(): Entity {
    return this.#compute;
  }

  protected get properties(): Properties<EnvironmentBrowserObject> {
    return ENVIRONMENT_BROWSER;
  }
}

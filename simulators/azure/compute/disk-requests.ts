/** Bodies of requests for disks and snapshots: shapes, and the rules on sizes (azure.md, section 8). */
import { type Bytes, GIB, MIB } from '#core/units.ts';
import { invalidProperty } from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { ArmError } from '../arm/provider.ts';
import { finite, flag, list, oneOf, oneOfAnyCase, type Reader, shape, text, whole } from '../shape.ts';
import { VHD_FOOTER_BYTES } from '../storage/vhd-footer.ts';

const UPLOAD_BYTES_MIN: Bytes = 20_972_032;
const UPLOAD_BYTES_MAX: Bytes = 35_183_298_347_520;
const SIZE_GIB_MAX = 32_767;
/** Ultra and Premium SSD v2. */
const LARGE_SIZE_GIB_MAX = 65_536;

export const DISK_SKUS = [
  ...['Standard_LRS', 'StandardSSD_LRS', 'StandardSSD_ZRS', 'Premium_LRS', 'Premium_ZRS', 'PremiumV2_LRS'],
  'UltraSSD_LRS',
];
export const SNAPSHOT_SKUS = ['Standard_LRS', 'Premium_LRS', 'Standard_ZRS'];
/** SKUs that take no upload. */
const NO_UPLOAD = ['UltraSSD_LRS'];

const CREATE_OPTIONS_OFFERED = ['Empty', 'Upload', 'Copy'] as const;
const CREATE_OPTIONS_REFUSED = [
  ...['Attach', 'FromImage', 'Import', 'Restore', 'CopyStart', 'ImportSecure', 'UploadPreparedSecure'],
  'CopyFromSanSnapshot',
];

type CreateOption = (typeof CREATE_OPTIONS_OFFERED)[number];

const anything: Reader<unknown> = (value) => value;

const createOption: Reader<CreateOption> = (value, path) => {
  if (typeof value === 'string' && CREATE_OPTIONS_REFUSED.includes(value))
    throw new ArmError(
      409,
      'OperationNotAllowed',
      `Creating from option '${String(value)}' is not supported here.`,
      {
        target: path,
      },
    );
  return oneOf(...CREATE_OPTIONS_OFFERED)(value, path);
};

/** Properties that are kept and given back as they were sent. */
const KEPT = {
  hyperVGeneration: oneOf('V1', 'V2'),
  encryption: anything,
  networkAccessPolicy: oneOf('AllowAll', 'AllowPrivate', 'DenyAll'),
  publicNetworkAccess: oneOf('Enabled', 'Disabled'),
  dataAccessAuthMode: oneOf('None', 'AzureActiveDirectory'),
  supportedCapabilities: anything,
  supportsHibernation: flag,
};
const KEPT_OF_DISKS = {
  diskIOPSReadWrite: whole(1),
  diskMBpsReadWrite: whole(1),
  tier: text(16),
  burstingEnabled: flag,
  maxShares: whole(1, 10),
  optimizedForFrequentAttach: flag,
};

/** Clients that read, change and write back send these again; they are not theirs to set. */
const READ_ONLY = {
  timeCreated: anything,
  uniqueId: anything,
  diskState: anything,
  provisioningState: anything,
  diskSizeBytes: anything,
  incrementalSnapshotFamilyId: anything,
  completionPercent: anything,
};
const READ_ONLY_TOP = { id: anything, name: anything, type: anything, managedBy: anything };

const sectorSize: Reader<number> = (value, path) => {
  if (value !== 512 && value !== 4096) throw invalidProperty(path, '512 or 4096');
  return value;
};

const creationData = shape(
  { createOption },
  {
    sourceResourceId: text(1_024),
    uploadSizeBytes: finite(0, Number.MAX_SAFE_INTEGER),
    logicalSectorSize: sectorSize,
    sourceUniqueId: anything,
  },
);
export type CreationData = ReturnType<typeof creationData>;

const osType = oneOfAnyCase('Linux', 'Windows');
const sizeGib = whole(1, LARGE_SIZE_GIB_MAX);
const skuOf = (names: readonly string[]) => shape({ name: oneOf(...names) }, { tier: anything });

const readDiskBody = shape(
  {
    location: readLocation,
    properties: shape(
      { creationData },
      { diskSizeGB: sizeGib, osType, ...KEPT, ...KEPT_OF_DISKS, ...READ_ONLY },
    ),
  },
  { tags: readTags, sku: skuOf(DISK_SKUS), zones: list(text(8), 3), ...READ_ONLY_TOP },
);

const readSnapshotBody = shape(
  {
    location: readLocation,
    properties: shape(
      { creationData },
      { diskSizeGB: sizeGib, osType, incremental: flag, ...KEPT, ...READ_ONLY },
    ),
  },
  { tags: readTags, sku: skuOf(SNAPSHOT_SKUS), ...READ_ONLY_TOP },
);

const readUpdateBody = shape(
  {},
  {
    tags: readTags,
    sku: skuOf([...DISK_SKUS, ...SNAPSHOT_SKUS]),
    properties: shape({}, { diskSizeGB: sizeGib, osType, ...KEPT, ...KEPT_OF_DISKS, ...READ_ONLY }),
  },
);

const readAccessBody = shape(
  { access: oneOf('Read', 'Write'), durationInSeconds: whole(1, 4_294_967_295) },
  { getSecureVMGuestStateSAS: flag, fileFormat: oneOf('VHD', 'VHDX') },
);

/** What a client may set of a disk or snapshot besides its content. */
export interface Settings {
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly sku: string;
  readonly zones?: readonly string[];
  readonly osType?: 'Linux' | 'Windows';
  readonly diskSizeGb?: number;
  readonly incremental: boolean;
  /** Everything else, by its name in JSON. */
  readonly kept: Readonly<Record<string, unknown>>;
}

export interface NewDisk {
  readonly settings: Settings;
  readonly creationData: CreationData;
}

function keptOf(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of [...Object.keys(KEPT), ...Object.keys(KEPT_OF_DISKS)])
    if (properties[name] !== undefined) kept[name] = properties[name];
  return kept;
}

/** @throws ArmError InvalidRequestContent, InvalidParameter, OperationNotAllowed */
export function readNewDisk(body: unknown): NewDisk {
  const { location, tags, sku, zones, properties } = readDiskBody(body, '');
  const { diskSizeGB } = properties;
  const skuName = sku?.name ?? 'Standard_LRS';
  const isLarge = skuName === 'UltraSSD_LRS' || skuName === 'PremiumV2_LRS';
  if (diskSizeGB !== undefined && !isLarge && diskSizeGB > SIZE_GIB_MAX)
    throw invalidParameter('diskSizeGB', `it must be between 1 and ${SIZE_GIB_MAX}`);
  checkCreation(properties.creationData, diskSizeGB, skuName);
  return {
    creationData: properties.creationData,
    settings: {
      location,
      tags: tags ?? {},
      sku: skuName,
      incremental: false,
      kept: keptOf(properties),
      ...(zones ? { zones } : {}),
      ...(properties.osType ? { osType: properties.osType } : {}),
      ...(diskSizeGB === undefined ? {} : { diskSizeGb: diskSizeGB }),
    },
  };
}

/** Snapshots are copies. @throws ArmError */
export function readNewSnapshot(body: unknown): NewDisk {
  const { location, tags, sku, properties } = readSnapshotBody(body, '');
  if (properties.creationData.createOption !== 'Copy')
    throw invalidParameter('creationData.createOption', 'a snapshot is made by Copy');
  checkCreation(properties.creationData, properties.diskSizeGB, 'Standard_LRS');
  return {
    creationData: properties.creationData,
    settings: {
      location,
      tags: tags ?? {},
      sku: sku?.name ?? 'Standard_LRS',
      incremental: properties.incremental ?? false,
      kept: keptOf(properties),
      ...(properties.osType ? { osType: properties.osType } : {}),
      ...(properties.diskSizeGB === undefined ? {} : { diskSizeGb: properties.diskSizeGB }),
    },
  };
}

function checkCreation(data: CreationData, diskSizeGb: number | undefined, sku: string): void {
  const { createOption: option, uploadSizeBytes, sourceResourceId } = data;
  if (option === 'Upload') {
    if (uploadSizeBytes === undefined)
      throw invalidParameter('creationData.uploadSizeBytes', 'Upload needs it');
    const isWhole = Number.isInteger(uploadSizeBytes) && (uploadSizeBytes - VHD_FOOTER_BYTES) % MIB === 0;
    if (!isWhole || uploadSizeBytes < UPLOAD_BYTES_MIN || uploadSizeBytes > UPLOAD_BYTES_MAX)
      throw invalidParameter(
        'creationData.uploadSizeBytes',
        `it must be whole MiB plus the 512 bytes of a VHD footer, from ${UPLOAD_BYTES_MIN} to ${UPLOAD_BYTES_MAX}`,
      );
    if (NO_UPLOAD.includes(sku)) throw invalidParameter('sku.name', `${sku} takes no upload`);
    if (diskSizeGb !== undefined && diskSizeGb !== Math.ceil((uploadSizeBytes - VHD_FOOTER_BYTES) / GIB))
      throw invalidParameter('diskSizeGB', 'the size of an upload follows from creationData.uploadSizeBytes');
  } else if (uploadSizeBytes !== undefined)
    throw invalidParameter('creationData.uploadSizeBytes', 'only an upload has it');
  if ((option === 'Copy') !== (sourceResourceId !== undefined))
    throw invalidParameter('creationData.sourceResourceId', 'a copy has it, and nothing else');
  if (option === 'Empty' && diskSizeGb === undefined)
    throw invalidParameter('diskSizeGB', 'an empty disk needs it');
}

export interface DiskUpdate {
  readonly tags?: Readonly<Record<string, string>>;
  readonly sku?: string;
  readonly osType?: 'Linux' | 'Windows';
  readonly diskSizeGb?: number;
  readonly kept: Readonly<Record<string, unknown>>;
}

/** @throws ArmError InvalidRequestContent */
export function readUpdate(body: unknown): DiskUpdate {
  const { tags, sku, properties = {} } = readUpdateBody(body, '');
  return {
    kept: keptOf(properties),
    ...(tags ? { tags } : {}),
    ...(sku ? { sku: sku.name } : {}),
    ...(properties.osType ? { osType: properties.osType } : {}),
    ...(properties.diskSizeGB === undefined ? {} : { diskSizeGb: properties.diskSizeGB }),
  };
}

/** @throws ArmError */
export function readAccess(body: unknown): { access: 'Read' | 'Write'; seconds: number } {
  const { access, durationInSeconds, fileFormat, getSecureVMGuestStateSAS } = readAccessBody(body, '');
  if (fileFormat === 'VHDX') throw invalidParameter('fileFormat', 'VHDX is not offered here');
  if (getSecureVMGuestStateSAS)
    throw invalidParameter('getSecureVMGuestStateSAS', 'the disk has no guest state');
  return { access, seconds: durationInSeconds };
}

export function invalidParameter(target: string, rule: string): ArmError {
  return new ArmError(400, 'InvalidParameter', `The value of parameter '${target}' is invalid: ${rule}.`, {
    target,
  });
}

/**
 * Bodies of requests for storage accounts.
 *
 * @see Azure/azure-rest-api-specs, storage/resource-manager/Microsoft.Storage, storage.json 2022-09-01.
 */
import { readLocation, readTags } from '../arm/groups.ts';
import { ENVELOPE } from '../arm/resource-shelf.ts';
import { flag, list, oneOf, type Reader, shape, text } from '../shape.ts';

const anything: Reader<unknown> = (value) => value;

export const STORAGE_SKUS = [
  ...['Standard_LRS', 'Standard_GRS', 'Standard_RAGRS', 'Standard_ZRS', 'Standard_GZRS', 'Standard_RAGZRS'],
  ...['Premium_LRS', 'Premium_ZRS'],
] as const;
const KINDS = ['Storage', 'StorageV2', 'BlobStorage', 'BlockBlobStorage', 'FileStorage'] as const;

const ipRule = shape({ value: text(64) }, { action: oneOf('Allow') });
const networkRule = shape({ id: text(2_048) }, { action: oneOf('Allow'), state: anything });
const networkAcls = shape(
  { defaultAction: oneOf('Allow', 'Deny') },
  {
    bypass: text(64),
    ipRules: list(ipRule, 400),
    virtualNetworkRules: list(networkRule, 400),
    resourceAccessRules: list(anything, 200),
    ipv6Rules: list(anything, 0),
  },
);

const settings = {
  accessTier: oneOf('Hot', 'Cool', 'Cold', 'Premium'),
  supportsHttpsTrafficOnly: flag,
  allowBlobPublicAccess: flag,
  allowSharedKeyAccess: flag,
  allowCrossTenantReplication: flag,
  defaultToOAuthAuthentication: flag,
  minimumTlsVersion: oneOf('TLS1_0', 'TLS1_1', 'TLS1_2', 'TLS1_3'),
  publicNetworkAccess: oneOf('Enabled', 'Disabled', 'SecuredByPerimeter'),
  networkAcls,
  encryption: anything,
  isHnsEnabled: flag,
  isNfsV3Enabled: flag,
  isSftpEnabled: flag,
  isLocalUserEnabled: flag,
  largeFileSharesState: oneOf('Enabled', 'Disabled'),
  dnsEndpointType: oneOf('Standard'),
  allowedCopyScope: oneOf('PrivateLink', 'AAD'),
  routingPreference: anything,
  keyPolicy: anything,
  sasPolicy: anything,
};

const sku = shape({ name: oneOf(...STORAGE_SKUS) }, { tier: anything });

export const readAccount = shape(
  { location: (value: unknown) => readLocation(value), sku, kind: oneOf(...KINDS) },
  {
    ...ENVELOPE,
    tags: (value: unknown) => readTags(value),
    properties: shape({}, settings),
    zones: list(text(8), 0),
    placement: anything,
  },
);
export const readAccountPatch = shape(
  {},
  {
    tags: (value: unknown) => readTags(value),
    sku,
    kind: oneOf(...KINDS),
    properties: shape({}, settings),
    location: text(64),
  },
);
export type AccountRequestSettings = NonNullable<ReturnType<typeof readAccountPatch>['properties']>;

export const readKeyName = shape({ keyName: oneOf('key1', 'key2') });
export const readName = shape({ name: text(64) }, { type: text(64) });
export const readContainer = shape(
  {},
  {
    ...ENVELOPE,
    properties: shape(
      {},
      {
        publicAccess: oneOf('None', 'Blob', 'Container'),
        metadata: anything,
        defaultEncryptionScope: text(64),
        denyEncryptionScopeOverride: flag,
      },
    ),
  },
);

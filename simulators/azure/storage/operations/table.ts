/** The operations of the blob service that are offered. Everything else is refused (blob-service.ts). */
import type { HeaderTest, Operation } from '../operation.ts';
import { accountInformation, getUserDelegationKey } from './account-information.ts';
import { appendBlock } from './append-block.ts';
import { getBlobMetadata, setBlobMetadata } from './blob-metadata.ts';
import { getContainerAcl, setContainerAcl } from './container-acl.ts';
import { copyBlob } from './copy-blob.ts';
import { createContainer } from './create-container.ts';
import { deleteBlob } from './delete-blob.ts';
import { deleteContainer } from './delete-container.ts';
import { getBlob, getBlobProperties } from './get-blob.ts';
import { getBlockList } from './get-block-list.ts';
import { getContainerMetadata, getContainerProperties } from './get-container-properties.ts';
import { getPageRanges } from './get-page-ranges.ts';
import { leaseBlob, leaseContainer } from './lease.ts';
import { listBlobs } from './list-blobs.ts';
import { listContainers } from './list-containers.ts';
import { putAppendBlob, putBlockBlob, putPageBlob } from './put-blob.ts';
import { putBlock } from './put-block.ts';
import { putBlockList } from './put-block-list.ts';
import { clearPages, putPage } from './put-page.ts';
import { setBlobProperties } from './set-blob-properties.ts';
import { setContainerMetadata } from './set-container-metadata.ts';
import { snapshotBlob } from './snapshot-blob.ts';

export const OPERATIONS: readonly Operation[] = [
  ...[listContainers, getUserDelegationKey, ...accountInformation],
  ...[createContainer, deleteContainer, getContainerProperties, getContainerMetadata, setContainerMetadata],
  ...[getContainerAcl, setContainerAcl, ...leaseContainer, listBlobs],
  ...[putBlockBlob, putPageBlob, putAppendBlob, copyBlob, getBlob, getBlobProperties, deleteBlob],
  ...[getBlobMetadata, setBlobMetadata, setBlobProperties, snapshotBlob, ...leaseBlob],
  ...[putBlock, putBlockList, getBlockList, putPage, clearPages, getPageRanges, appendBlock],
];

/**
 * Operations of the service that are known and not offered: told apart from requests that mean nothing, and
 * listed in the coverage ledger as refused.
 */
export interface RefusedOperation extends Pick<Operation, 'name' | 'on' | 'methods' | 'restype' | 'comp'> {
  readonly headers?: readonly HeaderTest[];
}

const COPY_SOURCE: HeaderTest = { name: 'x-ms-copy-source' };

export const REFUSED_OPERATIONS: readonly RefusedOperation[] = [
  {
    name: 'PutBlobFromURL',
    on: 'blob',
    methods: ['PUT'],
    headers: [COPY_SOURCE, { name: 'x-ms-blob-type' }],
  },
  { name: 'PutBlockFromURL', on: 'blob', methods: ['PUT'], comp: 'block', headers: [COPY_SOURCE] },
  { name: 'PutPageFromURL', on: 'blob', methods: ['PUT'], comp: 'page', headers: [COPY_SOURCE] },
  { name: 'AppendBlockFromURL', on: 'blob', methods: ['PUT'], comp: 'appendblock', headers: [COPY_SOURCE] },
  { name: 'AbortCopyBlob', on: 'blob', methods: ['PUT'], comp: 'copy' },
  { name: 'IncrementalCopyBlob', on: 'blob', methods: ['PUT'], comp: 'incrementalcopy' },
  { name: 'SetBlobTier', on: 'blob', methods: ['PUT'], comp: 'tier' },
  { name: 'SetBlobTags', on: 'blob', methods: ['PUT'], comp: 'tags' },
  { name: 'GetBlobTags', on: 'blob', methods: ['GET'], comp: 'tags' },
  { name: 'UndeleteBlob', on: 'blob', methods: ['PUT'], comp: 'undelete' },
  { name: 'QueryBlobContents', on: 'blob', methods: ['POST'], comp: 'query' },
  { name: 'SealAppendBlob', on: 'blob', methods: ['PUT'], comp: 'seal' },
  { name: 'SetBlobExpiry', on: 'blob', methods: ['PUT'], comp: 'expiry' },
  { name: 'SetImmutabilityPolicy', on: 'blob', methods: ['PUT', 'DELETE'], comp: 'immutabilityPolicies' },
  { name: 'SetLegalHold', on: 'blob', methods: ['PUT'], comp: 'legalhold' },
  { name: 'FindBlobsByTags', on: 'service', methods: ['GET'], comp: 'blobs' },
  { name: 'FilterBlobs', on: 'container', methods: ['GET'], restype: 'container', comp: 'blobs' },
  { name: 'BlobBatch', on: 'service', methods: ['POST'], comp: 'batch' },
  { name: 'ContainerBatch', on: 'container', methods: ['POST'], restype: 'container', comp: 'batch' },
  { name: 'RestoreContainer', on: 'container', methods: ['PUT'], restype: 'container', comp: 'undelete' },
  { name: 'RenameContainer', on: 'container', methods: ['PUT'], restype: 'container', comp: 'rename' },
  { name: 'GetServiceProperties', on: 'service', methods: ['GET'], restype: 'service', comp: 'properties' },
  { name: 'SetServiceProperties', on: 'service', methods: ['PUT'], restype: 'service', comp: 'properties' },
  { name: 'GetServiceStats', on: 'service', methods: ['GET'], restype: 'service', comp: 'stats' },
];

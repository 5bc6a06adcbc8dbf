/** The operations of the blob service that are offered. Everything else is refused (blob-service.ts). */
import type { Operation } from '../operation.ts';
import { accountInformation, getUserDelegationKey } from './account-information.ts';
import { appendBlock, sealAppendBlob } from './append-block.ts';
import { blobBatch, containerBatch } from './batch.ts';
import { getBlobMetadata, setBlobMetadata } from './blob-metadata.ts';
import { filterBlobs, findBlobsByTags, getBlobTags, setBlobTags } from './blob-tags.ts';
import { getContainerAcl, setContainerAcl } from './container-acl.ts';
import { abortCopyBlob, copyBlob, incrementalCopyBlob } from './copy-blob.ts';
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
import { appendBlockFromUrl, putBlobFromUrl, putBlockFromUrl, putPageFromUrl } from './put-from-url.ts';
import { clearPages, putPage } from './put-page.ts';
import {
  getBlobServiceProperties,
  getBlobServiceStats,
  setBlobServiceProperties,
} from './service-properties.ts';
import { setBlobProperties } from './set-blob-properties.ts';
import { setBlobTier } from './set-blob-tier.ts';
import { setContainerMetadata } from './set-container-metadata.ts';
import { snapshotBlob } from './snapshot-blob.ts';
import { restoreContainer, undeleteBlob } from './undelete.ts';

/** Where requests with and without a copy source look alike, those with one stand first. */
export const OPERATIONS: readonly Operation[] = [
  ...[listContainers, getUserDelegationKey, ...accountInformation],
  ...[getBlobServiceProperties, setBlobServiceProperties, getBlobServiceStats, findBlobsByTags, blobBatch],
  ...[createContainer, deleteContainer, getContainerProperties, getContainerMetadata, setContainerMetadata],
  ...[getContainerAcl, setContainerAcl, ...leaseContainer, listBlobs, filterBlobs, containerBatch],
  ...[restoreContainer, putBlobFromUrl, putBlockBlob, putPageBlob, putAppendBlob, copyBlob, abortCopyBlob],
  ...[incrementalCopyBlob, getBlob, getBlobProperties, deleteBlob, undeleteBlob, setBlobTier],
  ...[getBlobMetadata, setBlobMetadata, setBlobProperties, setBlobTags, getBlobTags, snapshotBlob],
  ...[...leaseBlob, putBlockFromUrl, putBlock, putBlockList, getBlockList, putPageFromUrl, putPage],
  ...[clearPages, getPageRanges, appendBlockFromUrl, appendBlock, sealAppendBlob],
];

/**
 * Operations of the service that are known and not offered: told apart from requests that mean nothing, and
 * listed in the coverage ledger as refused.
 */
export type RefusedOperation = Pick<Operation, 'name' | 'on' | 'methods' | 'restype' | 'comp'>;

export const REFUSED_OPERATIONS: readonly RefusedOperation[] = [
  { name: 'QueryBlobContents', on: 'blob', methods: ['POST'], comp: 'query' },
  { name: 'SetBlobExpiry', on: 'blob', methods: ['PUT'], comp: 'expiry' },
  { name: 'SetImmutabilityPolicy', on: 'blob', methods: ['PUT', 'DELETE'], comp: 'immutabilityPolicies' },
  { name: 'SetLegalHold', on: 'blob', methods: ['PUT'], comp: 'legalhold' },
  { name: 'RenameContainer', on: 'container', methods: ['PUT'], restype: 'container', comp: 'rename' },
];

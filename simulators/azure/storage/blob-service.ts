/** The blob service: what the HTTP side of storage asks of it, and requests that come inside others. */
import type { HttpHandler } from '#core/net/http-server.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { StorageAccount } from './account.ts';
import { type AuthorizationOptions, authorize } from './authorization.ts';
import { BLOB_RULES } from './blob-authorization.ts';
import { type BlobRequest, readBlobRequest } from './blob-request.ts';
import { refuseUnsupported } from './conditions.ts';
import { operationFor } from './dispatch.ts';
import type { LimitKeeper } from './limits.ts';
import type { Grant, Operation, ServiceTools } from './operation.ts';
import { type StorageProtocol, serviceHandler, writeXmlFault } from './service-handler.ts';
import { storageFault } from './storage-fault.ts';
import { OLDEST_VERSION } from './versions.ts';

export interface BlobServiceOptions {
  readonly context: SimulatorContext;
  readonly tools: ServiceTools;
  readonly authorization: AuthorizationOptions;
  readonly limits: LimitKeeper;
}

export function blobHandler(options: BlobServiceOptions): HttpHandler {
  const { context, tools, authorization, limits } = options;
  const protocol: StorageProtocol<BlobRequest, Operation> = {
    service: 'blob',
    server: 'Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0',
    oldestVersion: OLDEST_VERSION,
    tools,
    read: readBlobRequest,
    operationFor,
    authorize: (request, account, operation) => authorizeBlob(request, account, operation, authorization),
    run(operation, call) {
      const reply = operation.run({ ...call, tools });
      if (call.request.method !== 'GET' && call.request.method !== 'HEAD')
        tools.wrote(call.account, call.now);
      return reply;
    },
    subject: subjectOf,
    pageBlob: pageBlobKey,
    writeFault: writeXmlFault,
  };
  return serviceHandler({ context, protocol, limits });
}

/** Header checks and authorization, as every request meets them, also those in a batch. @throws StorageFault */
export function authorizeBlob(
  request: BlobRequest,
  account: StorageAccount,
  operation: Operation,
  options: AuthorizationOptions,
): Grant {
  refuseUnsupported(request);
  const grant = authorize(BLOB_RULES, request, account, operation, () => exists(request, account), options);
  const { headers } = request;
  const usesTags = headers['x-ms-tags'] !== undefined || headers['x-ms-if-tags'] !== undefined;
  if (usesTags && grant.permissions !== undefined && !grant.permissions.includes('t'))
    throw storageFault('AuthorizationPermissionMismatch');
  return grant;
}

function exists({ container, blob }: BlobRequest, account: StorageAccount): boolean {
  return account.containers.get(container ?? '')?.blobs.get(blob ?? '')?.current !== undefined;
}

function subjectOf({ account, isSecondary, container, blob }: BlobRequest): string {
  return [isSecondary ? `${account}-secondary` : account, container, blob]
    .filter((part) => part !== undefined)
    .join('/');
}

function pageBlobKey(request: BlobRequest, account: StorageAccount): string | undefined {
  const blob = account.containers.get(request.container ?? '')?.blobs.get(request.blob ?? '')?.current;
  return blob?.body.type === 'PageBlob' ? subjectOf(request) : undefined;
}

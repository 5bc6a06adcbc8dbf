/** What operations of the blob service use of the service around them. */
import { type Bytes, MIB, type Millis, SECOND, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { StorageAccount } from './account.ts';
import type { AuthorizationOptions } from './authorization.ts';
import type { Blob } from './blob-model.ts';
import { type BlobRequest, readBlobRequest, readBlobUrl } from './blob-request.ts';
import { authorizeBlob } from './blob-service.ts';
import { operationFor } from './dispatch.ts';
import type { ExtentStore } from './extent-store.ts';
import type { GeoReplication } from './geo.ts';
import { type BatchPart, type BlobSource, blobOf, type PartReply, type ServiceTools } from './operation.ts';
import { getBlob } from './operations/get-blob.ts';
import { NO_CONTENT } from './request-body.ts';
import { faultMessage, faultOf, writeXmlFault } from './service-handler.ts';
import { storageFault } from './storage-fault.ts';

export interface ToolsOptions {
  readonly context: SimulatorContext;
  readonly store: ExtentStore;
  readonly accounts: ReadonlyMap<string, StorageAccount>;
  readonly authorization: AuthorizationOptions;
  readonly geo: GeoReplication;
  later(at: UnixMillis, work: () => void): void;
}

const TICKS_AT_EPOCH = 621_355_968_000_000_000n;
const TICKS_PER_MS = 10_000n;
/** What a copy between accounts runs at; below a second nobody sees it. */
const COPY_BYTES_PER_SECOND: Bytes = 100 * MIB;

export function serviceTools(options: ToolsOptions): ServiceTools {
  const { context, store, accounts, authorization, geo } = options;
  let lastTick = 0n;
  const tick = (now: UnixMillis): bigint => {
    const at = BigInt(Math.floor(now)) * TICKS_PER_MS + TICKS_AT_EPOCH;
    lastTick = at > lastTick ? at : lastTick + 1n;
    return lastTick;
  };
  const numbers = { lease: 0, copy: 0, generation: 0, part: 0 };
  const tools: ServiceTools = {
    store,
    stamp: (now) => ({
      etag: `"0x${tick(now).toString(16).toUpperCase()}"`,
      lastModified: now,
    }),
    snapshotId(now) {
      const ticks = tick(now) - TICKS_AT_EPOCH;
      const ms = Number(ticks / TICKS_PER_MS);
      return `${new Date(ms).toISOString().slice(0, -1)}${String(ticks % TICKS_PER_MS).padStart(4, '0')}Z`;
    },
    leaseId: () => context.entropy.uuid('azure.storage.lease', numbers.lease++),
    copyId: () => context.entropy.uuid('azure.storage.copy', numbers.copy++),
    nextGeneration: () => ++numbers.generation,
    reading({ account: name, isSecondary }) {
      const account = accounts.get(name);
      if (!account) throw storageFault('ResourceNotFound');
      return isSecondary ? geo.secondary(account) : account;
    },
    wrote: (account, now) => geo.wrote(account, now),
    geoStatus: (account) => geo.status(accounts.get(account.name) ?? account),
    later: options.later,
    copyMillis: (bytes): Millis => Math.floor(bytes / COPY_BYTES_PER_SECOND) * SECOND,
    accountOf: (url, by) => readBlobUrl(url, by)?.account,
    openSource: (source) => openSource(source, tools, authorization),
    perform: (part): PartReply => {
      const requestId = context.entropy.uuid('azure.storage.part', numbers.part++);
      const common = { 'x-ms-request-id': requestId, 'x-ms-version': part.call.version };
      try {
        const { status, headers } = runPart(part, tools, authorization);
        return { status, headers: { ...common, ...headers }, body: '' };
      } catch (error) {
        const fault = faultOf(error, context);
        const { contentType, body } = writeXmlFault(fault, faultMessage(fault, requestId, part.call.now));
        const headers = {
          ...common,
          'x-ms-error-code': fault.code,
          'Content-Length': String(Buffer.byteLength(body)),
          'Content-Type': contentType,
        };
        return { status: fault.status, headers, body };
      }
    },
  };
  return tools;
}

/** A blob that the caller may read by a URL: by what stands in it, or because it is the caller's own account. */
function openSource(
  { url, call, authorization: sent }: BlobSource,
  tools: ServiceTools,
  options: AuthorizationOptions,
): Blob {
  const target = readBlobUrl(url, call.request);
  if (!target || target.blob === undefined) throw storageFault('CannotVerifyCopySource');
  const account = tools.reading(target);
  const isOwn = target.account === call.account.name && !target.query.has('sig') && sent === undefined;
  const mayRead = call.grant.kind === 'sharedKey' || call.grant.kind === 'token';
  if (!(isOwn && mayRead)) {
    const headers = sent === undefined ? {} : { authorization: sent };
    const asked: BlobRequest = { ...target, headers: { ...target.headers, ...headers } };
    authorizeBlob(asked, account, getBlob, options);
  }
  return blobOf({ request: target, account, now: call.now });
}

/** A request that came inside another: its own credentials, the other's time, version and host. */
function runPart(
  { method, target, headers, call, allowed }: BatchPart,
  tools: ServiceTools,
  options: AuthorizationOptions,
): { readonly status: number; readonly headers: Readonly<Record<string, string | undefined>> } {
  const { request: outer, account, now, version } = call;
  const request = readBlobRequest({
    method,
    target,
    headers: { host: outer.headers.host ?? '', ...headers },
    rawHeaders: Object.entries(headers).flat(),
    isSecure: outer.isSecure,
    remoteAddress: outer.remoteAddress,
    from: outer.from,
    arrivedAt: outer.arrivedAt,
  });
  if (request.account !== account.name || request.isSecondary) throw storageFault('ResourceNotFound');
  if (outer.container !== undefined && request.container !== outer.container)
    throw storageFault('InvalidInput');
  const operation = operationFor(request, version);
  if (!allowed.includes(operation.name)) throw storageFault('InvalidInput');
  const grant = authorizeBlob(request, account, operation, options);
  const reply = operation.run({ request, account, now, version, grant, body: NO_CONTENT, tools });
  return { status: reply.status, headers: reply.headers ?? {} };
}

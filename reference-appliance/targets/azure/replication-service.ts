/** Replication control and log blobs. [docs/protocols/appliance-data-planes.md §2; Blob service: Put Blob] */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineErrors } from '#core/errors.ts';
import type { HttpClient } from '#core/net/http-client.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { ReplicationControl } from '../../app/cloud-ports.ts';
import { type AzureHttp, readAs, retryAfterSeconds } from './azure-http.ts';

export const errors = defineErrors({
  'azure.blob.busy': {
    blame: 'peer',
    retry: 'safe',
    why: 'The storage account is over a limit or has a passing problem (503 ServerBusy, 500 OperationTimedOut).',
    next: 'Nothing is to be done: the appliance slows down and tries again.',
  },
  'azure.blob.forbidden': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The signature of the log container has expired or was revoked.',
    next: 'Nothing is to be done the first time: the appliance asks for a fresh one.',
  },
  'azure.blob.containerMissing': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The container for log blobs does not exist any more.',
    next: 'Stop and restart the replication of the machine, so that the service makes a new one.',
  },
  'azure.blob.refused': {
    blame: 'peer',
    why: 'The storage account refused the blob.',
    next: 'Look at the code above.',
  },
});

const WORK = z.object({
  items: z
    .array(
      z.object({
        itemId: z.string().min(1).max(200),
        instanceUuid: z.string(),
        machineName: z.string(),
        command: z.enum(['replicate', 'cutover', 'stop']),
        performShutdown: z.boolean().default(true),
        migration: z.int().min(0).default(0),
        disks: z
          .array(
            z.object({
              diskId: z.string().min(1),
              logContainerUrl: z.url(),
              isOSDisk: z.boolean().default(false),
              lastAppliedCycleId: z.string().nullish(),
            }),
          )
          .max(100),
      }),
    )
    .max(1000),
});

const CYCLE = z.object({
  state: z.enum(['Open', 'Applying', 'Applied', 'Failed']),
  appliedBytes: z.number().min(0).default(0),
  error: z.object({ code: z.string(), message: z.string() }).nullish(),
});

const SAS = z.object({ logContainerUrl: z.url() });

/** Newest version of the service whose semantics this was written for. */
const BLOB_VERSION = '2021-06-08';

/**
 * A blob of that name is there and may not be replaced. Names say cycle, disk and window of a frozen disk, so it is
 * the same content, stored by an attempt whose answer was lost.
 */
const ALREADY_STORED = new Set(['BlobAlreadyExists', 'ConditionNotMet', 'UnauthorizedBlobOverwrite']);

export interface ReplicationOptions {
  azure: AzureHttp;
  http: HttpClient;
  counters: Counters;
  /** "https://pod01.westeurope.hypervrecoverymanager.windowsazure.com/v1/vaults/<token>" */
  base: string;
  audience: string;
  applianceName: string;
}

export function replicationService(options: ReplicationOptions): ReplicationControl {
  const { azure, http, counters, base, audience, applianceName } = options;
  const itemUrl = (itemId: string): string => `${base}/items/${encodeURIComponent(itemId)}`;
  const cycleUrl = (itemId: string, cycleId: string): string =>
    `${itemUrl(itemId)}/cycles/${encodeURIComponent(cycleId)}`;
  const put = (url: string, body: unknown, signal: AbortSignal) =>
    azure.send({ method: 'PUT', url, audience, body, expect: [200, 201, 202], signal });

  return {
    async work(signal) {
      const { json } = await azure.send({
        method: 'GET',
        url: `${base}/work?appliance=${encodeURIComponent(applianceName)}`,
        audience,
        expect: [200],
        signal,
      });
      return readAs(WORK, 'the work of this appliance', json).items.map((item) => ({
        ...item,
        disks: item.disks.map(({ isOSDisk, lastAppliedCycleId, ...disk }) => ({
          ...disk,
          isOsDisk: isOSDisk,
          lastAppliedCycleId: lastAppliedCycleId ?? undefined,
        })),
      }));
    },
    async openCycle(itemId, cycleId, { kind, takenAt, disks }, signal) {
      await put(
        cycleUrl(itemId, cycleId),
        {
          kind,
          takenAt: new Date(takenAt).toISOString(),
          disks: disks.map(({ diskId, sizeBytes }) => ({ diskId, capacityInBytes: sizeBytes })),
        },
        signal,
      );
    },
    async putManifest(itemId, cycleId, diskId, n, blocks, signal) {
      await put(
        `${cycleUrl(itemId, cycleId)}/disks/${encodeURIComponent(diskId)}/manifests/${n}`,
        { blocks: blocks.map(({ offset, extents, content }) => ({ offset, extents, ...content })) },
        signal,
      );
    },
    async commit(itemId, cycleId, disks, signal) {
      await azure.send({
        method: 'POST',
        url: `${cycleUrl(itemId, cycleId)}/commit`,
        audience,
        body: {
          disks: disks.map(({ diskId, manifests, dirty }) => ({
            diskId,
            manifests,
            dirty: dirty.map(({ start, length }) => [start, length]),
          })),
        },
        expect: [200, 202],
        signal,
      });
    },
    async cycle(itemId, cycleId, signal) {
      const answer = await azure.send({
        method: 'GET',
        url: cycleUrl(itemId, cycleId),
        audience,
        expect: [200, 404],
        signal,
      });
      if (answer.status === 404) return undefined;
      const { error, ...cycle } = readAs(CYCLE, 'a cycle', answer.json);
      return { ...cycle, error: error ?? undefined };
    },
    async progress(itemId, { nextCycleAt, ...progress }, signal) {
      await put(
        `${itemUrl(itemId)}/progress`,
        {
          ...progress,
          ...(nextCycleAt === undefined ? {} : { nextCycleAt: new Date(nextCycleAt).toISOString() }),
        },
        signal,
      );
    },
    async sourceState(itemId, poweredOff, at, signal) {
      await put(`${itemUrl(itemId)}/source-state`, { poweredOff, at: new Date(at).toISOString() }, signal);
    },
    async renewLogContainer(itemId, diskId, signal) {
      const { json } = await azure.send({
        method: 'POST',
        url: `${itemUrl(itemId)}/sas`,
        audience,
        body: { diskId },
        expect: [200],
        signal,
      });
      return readAs(SAS, 'a log container', json).logContainerUrl;
    },
    async putBlob(containerUrl, name, content, sha256, signal) {
      const url = new URL(containerUrl);
      url.pathname = `${url.pathname.replace(/\/$/, '')}/${name}`;
      counters.add('appliance.blob.puts');
      const { status, headers } = await http.fetch({
        method: 'PUT',
        url,
        headers: {
          'x-ms-blob-type': 'BlockBlob',
          'x-ms-version': BLOB_VERSION,
          'x-ms-meta-sha256': sha256,
          'content-type': 'application/octet-stream',
          'content-md5': createHash('md5').update(content).digest('base64'),
        },
        body: content,
        signal,
      });
      if (status === 201) {
        counters.add('appliance.blob.bytes', content.length);
        return;
      }
      const code = String(headers['x-ms-error-code'] ?? '');
      const what = `${url.host} answered ${status} ${code} to the log blob ${name}.`;
      const seconds = retryAfterSeconds(headers);
      const data = { status, code, ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }) };
      if (ALREADY_STORED.has(code)) return;
      if (status === 403 || status === 401) throw errors.make('azure.blob.forbidden', { what, data });
      if (status === 404) throw errors.make('azure.blob.containerMissing', { what, data });
      if (status === 429 || status >= 500) throw errors.make('azure.blob.busy', { what, data });
      throw errors.make('azure.blob.refused', { what, data });
    },
  };
}

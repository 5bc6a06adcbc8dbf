/**
 * Disks over HTTPS, as leases name them: GET /nfc/<lease>/disk-0.vmdk gives a stream-optimized VMDK of the
 * disk's content, PUT and POST bring one. The address, which only the lease tells, is the credential, as on a
 * host.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { HttpResponseOut } from '#core/net/http-server.ts';
import { drained } from '../drained.ts';
import type { Vcenter } from '../vcenter.ts';
import type { LeaseDisk, LeaseObject } from './lease.ts';
import { BadImage, StreamReader, streamOptimized } from './stream-optimized.ts';

/** Transfers that a host serves at once. */
const TRANSFERS_MAX = 8;

export async function handleNfc(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
  url: URL,
): Promise<void> {
  const { method = 'GET' } = request;
  response.operation = method === 'GET' || method === 'HEAD' ? 'GetNfc' : 'PutNfc';
  const match = /^\/nfc\/([\w[\]-]{1,120})\/([\w.-]{1,80})$/.exec(decodeURI(url.pathname));
  const lease = match && vcenter.leases.get(match[1]!);
  const disk = lease?.disks.find(({ file }) => file === match![2]);
  if (!lease || !disk || lease.state !== 'ready') return refuse(response, 404);
  const fault = vcenter.context.faults.hit('vcenter.nfc', `${lease.label} ${disk.file}`);
  if (fault?.answer === 'sessionLimit' || vcenter.transfers >= TRANSFERS_MAX) {
    response.setHeader('Retry-After', fault?.retryAfterSeconds ?? 30);
    return refuse(response, 503);
  }
  if (fault && fault.answer !== 'reset') return refuse(response, Number(fault.answer));
  vcenter.transfers++;
  try {
    if (method === 'GET' || method === 'HEAD')
      await send(lease, disk, method, response, fault?.answer === 'reset');
    else if ((method === 'PUT' || method === 'POST') && lease.isImport)
      await receive(lease, disk, request, response);
    else {
      response.setHeader('Allow', lease.isImport ? 'PUT, POST' : 'GET, HEAD');
      refuse(response, 405);
    }
  } finally {
    vcenter.transfers--;
  }
}

async function send(
  lease: LeaseObject,
  entry: LeaseDisk,
  method: string,
  response: HttpResponseOut,
  isCut: boolean,
): Promise<void> {
  const { disk, epoch } = entry;
  response.statusCode = 200;
  response.setHeader('Content-Type', 'application/x-vnd.vmware-streamVmdk');
  if (method === 'HEAD') return void response.end();
  const image = {
    sizeBytes: disk.facts.sizeBytes,
    extents: disk.allocated(epoch),
    read: (offset: number, length: number) =>
      lease.state === 'ready' ? disk.read(offset, length, epoch) : undefined,
  };
  const hash = createHash('sha1');
  let size = 0;
  const pieces = streamOptimized(image, disk.facts.uuid.replaceAll('-', ''));
  for (let next = pieces.next(); ; next = pieces.next()) {
    if (next.done) {
      if (!next.value) return void response.destroy();
      break;
    }
    if (response.destroyed) return;
    const piece = next.value;
    hash.update(piece);
    size += piece.length;
    if (isCut && size > 1_000_000) return void response.destroy();
    if (!response.write(piece)) await drained(response);
  }
  if (isCut) return void response.destroy();
  entry.transferred = { sha1: hash.digest('hex'), size };
  response.end();
}

async function receive(
  lease: LeaseObject,
  { disk }: LeaseDisk,
  request: IncomingMessage,
  response: HttpResponseOut,
): Promise<void> {
  const { sizeBytes } = disk.facts;
  const reader = new StreamReader((offset, content) => {
    if (offset + content.length <= sizeBytes) disk.write(offset, content);
    else if (offset < sizeBytes) disk.write(offset, content.subarray(0, sizeBytes - offset));
    else throw new BadImage('it is larger than the disk');
  });
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      if (lease.state !== 'ready') return void response.destroy();
      reader.push(piece);
      lease.heard();
    }
  } catch (error) {
    if (!(error instanceof BadImage)) return; // the client went away in the middle
    response.setHeader('Connection', 'close');
    return refuse(response, 400, error.message);
  }
  if (!reader.isComplete) return refuse(response, 400, 'the image ends too early');
  response.statusCode = 201;
  response.setHeader('Content-Length', 0);
  response.end();
}

function refuse(response: HttpResponseOut, status: number, why = ''): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain');
  response.setHeader('Content-Length', Buffer.byteLength(why));
  response.end(why);
}

/**
 * Datastore access over HTTPS: `/folder/<path>?dcPath=<datacenter>&dsName=<datastore>`. GET and HEAD with
 * single ranges, directories as HTML, by session cookie or HTTP Basic. PUT makes or replaces a file that belongs to
 * no machine, DELETE removes one.
 */
import type { IncomingMessage } from 'node:http';
import type { HttpResponseOut } from '#core/net/http-server.ts';
import { type Bytes, MIB } from '#core/units.ts';
import { escapeAttribute, escapeText } from '#core/wire/xml/writer.ts';
import type { Fault } from '../../kit/fault-points.ts';
import { drained } from '../drained.ts';
import { VimFault } from '../faults.ts';
import { isConnected } from '../host-outages.ts';
import { relocate } from '../lifecycle/relocate.ts';
import type { DatastoreObject } from '../objects/datastore.ts';
import type { DatacenterObject } from '../objects/folder.ts';
import { basicCredentials, type Session, setCookie, tokenOf } from '../sessions.ts';
import type { Vcenter } from '../vcenter.ts';
import type { VmFile } from '../vm/files.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';

const PIECE_BYTES = MIB;
const PRIVILEGE = 'Datastore.Browse';
/** Files that are brought are held whole. */
const UPLOAD_BYTES_MAX = 256 * MIB;
const OPERATIONS: Readonly<Record<string, string>> = {
  GET: 'GetFolder',
  HEAD: 'HeadFolder',
  PUT: 'PutFolder',
  POST: 'PutFolder',
  DELETE: 'DeleteFolder',
};

export async function handleFolder(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
  url: URL,
): Promise<void> {
  const { method = 'GET' } = request;
  const operation = OPERATIONS[method];
  if (operation === undefined) {
    response.setHeader('Allow', Object.keys(OPERATIONS).join(', '));
    return refuse(response, 405, 'The method is not offered.');
  }
  response.operation = operation;
  const fault = vcenter.context.faults.hit('vcenter.folder', url.pathname);
  const isCut = fault?.answer === 'reset' || fault?.answer === 'vmotion';
  if (fault && !isCut) return injected(response, fault);
  const access = authenticate(vcenter, request, response);
  if (!access) return;
  if (url.searchParams.get('dsName') === null && !access.may(PRIVILEGE))
    return refuse(response, 403, 'The account may not browse datastores.');
  const path = decodedPath(url.pathname);
  if (path === undefined) return refuse(response, 400, 'The path is not a path on a datastore.');

  const datacenter = findDatacenter(vcenter, url.searchParams.get('dcPath'));
  const datastoreName = url.searchParams.get('dsName');
  if (datacenter === undefined || (datastoreName === null && path !== ''))
    return refuse(response, 404, 'There is no such datacenter.');
  if (datacenter === 'all') {
    if (datastoreName !== null) return refuse(response, 404, 'A datastore is found by dcPath and dsName.');
    return listing(response, 'Datacenters', linksToDatacenters(vcenter));
  }
  if (datastoreName === null) return listing(response, datacenter.name, linksToDatastores(datacenter));
  const datastore = datacenter.datastores.find(({ name }) => name === datastoreName);
  if (!datastore) return refuse(response, 404, 'There is no such datastore.');
  const isWrite = method === 'PUT' || method === 'POST' || method === 'DELETE';
  if (!access.may(isWrite ? 'Datastore.FileManagement' : PRIVILEGE, datastore))
    return refuse(response, 403, `The account may not ${isWrite ? 'change' : 'browse'} this datastore.`);
  if (isWrite) return change(vcenter, request, response, datastore, path);

  const file = vcenter.files.file(datastore, path);
  if (file) return sendFile(vcenter, request, response, file, fault);
  const directory = vcenter.files.directory(datastore, path);
  if (!directory) return refuse(response, 404, 'There is no such file.');
  listing(response, `[${datastore.name}] ${path}`, linksInDirectory(datacenter, datastore, path, directory));
}

function authenticate(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
): Session | undefined {
  const known = vcenter.sessions.ofToken(tokenOf(request.headers.cookie));
  if (known) return known;
  const credentials = basicCredentials(request.headers.authorization);
  if (credentials) {
    try {
      const session = vcenter.sessions.ofBasic(credentials.name, credentials.password, {
        address: request.socket.remoteAddress ?? '',
        userAgent: request.headers['user-agent'] ?? '',
      });
      if (!session) {
        refuse(response, 503, 'The maximum number of sessions has been exceeded.');
        return undefined;
      }
      response.setHeader('Set-Cookie', setCookie(session));
      return session;
    } catch (error) {
      if (!(error instanceof VimFault)) throw error;
    }
  }
  response.setHeader('WWW-Authenticate', 'Basic realm="VMware HTTP server"');
  refuse(response, 401, 'Authentication is required.');
  return undefined;
}

/** The part below /folder, decoded once; undefined when it leads outside or is no UTF-8. */
function decodedPath(pathname: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(pathname.replace(/^\/folder\/?/, ''));
  } catch {
    return undefined;
  }
  const parts = path.split('/').filter((part) => part !== '');
  return parts.some((part) => part === '.' || part === '..' || part.includes('\0'))
    ? undefined
    : parts.join('/');
}

/** dcPath is written with and without a leading slash; without one at all, every datacenter is meant. */
function findDatacenter(vcenter: Vcenter, dcPath: string | null): DatacenterObject | 'all' | undefined {
  const name = (dcPath ?? '').replace(/^\/+|\/+$/g, '');
  if (name === '') return 'all';
  for (const datacenter of vcenter.inventory.datacenters()) if (datacenter.name === name) return datacenter;
  return undefined;
}

async function change(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
  datastore: DatastoreObject,
  path: string,
): Promise<void> {
  const { loose } = vcenter.files;
  const known = vcenter.files.file(datastore, path);
  if (path === '' || vcenter.files.directory(datastore, path))
    return refuse(response, 405, 'It is a directory.');
  if (known && loose.get(datastore, path)?.kind !== 'bytes')
    return refuse(response, 403, 'The file belongs to a machine or is a disk.');
  if (request.method === 'DELETE') {
    if (!known) return refuse(response, 404, 'There is no such file.');
    loose.remove(datastore, path);
    response.statusCode = 204;
    response.end();
    return;
  }
  const tooLarge = Number(request.headers['content-length'] ?? 0) > UPLOAD_BYTES_MAX;
  const chunks: Buffer[] = [];
  let size = 0;
  if (!tooLarge)
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > UPLOAD_BYTES_MAX) break;
        chunks.push(chunk);
      }
    } catch {
      return; // the client went away in the middle
    }
  if (tooLarge || size > UPLOAD_BYTES_MAX) {
    response.setHeader('Connection', 'close');
    return refuse(response, 413, 'The file is larger than this server takes.');
  }
  if (size > datastore.facts.freeBytes) return refuse(response, 507, 'The datastore is full.');
  const at = Math.floor(vcenter.context.clock.wall());
  loose.put(datastore, path, { kind: 'bytes', bytes: Buffer.concat(chunks), at });
  response.statusCode = known ? 200 : 201;
  response.setHeader('Content-Length', 0);
  response.end();
}

interface Span {
  readonly start: Bytes;
  readonly length: Bytes;
  readonly isPart: boolean;
}

/** RFC 9110, 14: one range, or the whole; undefined when the range lies outside the file. */
export function spanOf(header: string | undefined, size: Bytes): Span | undefined {
  const whole = { start: 0, length: size, isPart: false };
  const match = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return whole;
  if (match[1] === '') {
    const length = Math.min(size, Number(match[2]));
    return length === 0 ? undefined : { start: size - length, length, isPart: true };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (match[2] !== '' && Number(match[2]) < start) return whole;
  return start >= size ? undefined : { start, length: end - start + 1, isPart: true };
}

async function sendFile(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
  file: VmFile,
  fault: Fault | undefined,
): Promise<void> {
  if (!file.read) return refuse(response, 403, 'The file is in use by the host and cannot be read.');
  const size = file.size();
  const span = spanOf(request.headers.range, size);
  response.setHeader('Accept-Ranges', 'bytes');
  if (!span) {
    response.setHeader('Content-Range', `bytes */${size}`);
    return refuse(response, 416, 'The range is outside the file.');
  }
  response.statusCode = span.isPart ? 206 : 200;
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Length', span.length);
  if (span.isPart)
    response.setHeader('Content-Range', `bytes ${span.start}-${span.start + span.length - 1}/${size}`);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const cutAfter = fault ? Math.floor(span.length / 2) : span.length;
  for (let at = 0; at < span.length && !response.destroyed; ) {
    const piece = file.read(span.start + at, Math.min(PIECE_BYTES, span.length - at));
    if (!piece || at + piece.length > cutAfter) {
      if (fault?.answer === 'vmotion' && file.vm) moveAway(vcenter, file.vm);
      response.destroy();
      return;
    }
    at += piece.length;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
}

/** vMotion in the middle of a read: the machine goes on elsewhere, and who reads has to begin again. */
function moveAway(vcenter: Vcenter, vm: VirtualMachine): void {
  const { host } = vm;
  const others = host.compute.hosts.filter((each) => each !== host && isConnected(each));
  if (others[0]) relocate(vcenter, vm, { host: others[0] });
}

function injected(response: HttpResponseOut, fault: Fault): void {
  if (fault.retryAfterSeconds !== undefined) response.setHeader('Retry-After', fault.retryAfterSeconds);
  refuse(response, Number(fault.answer), 'The service cannot answer now.');
}

function refuse(response: HttpResponseOut, status: number, why: string): void {
  const body = `<html><body><h1>${status}</h1><p>${escapeText(why)}</p></body></html>`;
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

interface Link {
  readonly text: string;
  readonly href: string;
  readonly size?: Bytes;
}

function listing(response: HttpResponseOut, title: string, links: readonly Link[]): void {
  const rows = links
    .map(
      ({ text, href, size }) =>
        `<tr><td><a href="${escapeAttribute(href)}">${escapeText(text)}</a></td><td align="right">${size ?? '-'}</td></tr>`,
    )
    .join('\n');
  const body =
    `<!DOCTYPE html>\n<html><head><title>Index of ${escapeText(title)}</title></head>\n` +
    `<body><h1>Index of ${escapeText(title)}</h1>\n<table><tr><th>Name</th><th>Size</th></tr>\n${rows}\n</table></body></html>\n`;
  response.statusCode = 200;
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

function linksToDatacenters(vcenter: Vcenter): Link[] {
  return [...vcenter.inventory.datacenters()].map(({ name }) => ({
    text: name,
    href: `/folder?dcPath=${encodeURIComponent(name)}`,
  }));
}

function linksToDatastores(datacenter: DatacenterObject): Link[] {
  return datacenter.datastores.map(({ name }) => ({
    text: name,
    href: hrefOf(datacenter, name, ''),
  }));
}

function linksInDirectory(
  datacenter: DatacenterObject,
  datastore: DatastoreObject,
  path: string,
  directory: { directories: readonly string[]; files: readonly VmFile[] },
): Link[] {
  const below = (name: string) => hrefOf(datacenter, datastore.name, path === '' ? name : `${path}/${name}`);
  return [
    ...directory.directories.map((name) => ({ text: `${name}/`, href: below(name) })),
    ...directory.files.map((file) => {
      const name = file.name.slice(Math.max(file.name.lastIndexOf('/'), file.name.indexOf('] ') + 1) + 1);
      return { text: name, href: below(name), size: file.size() };
    }),
  ];
}

function hrefOf(datacenter: DatacenterObject, datastore: string, path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `/folder${encoded === '' ? '' : `/${encoded}`}?dcPath=${encodeURIComponent(datacenter.name)}&dsName=${encodeURIComponent(datastore)}`;
}

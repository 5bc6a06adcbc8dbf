/**
 * The REST side: sessions, tags, lists of the inventory, in the dialect of 6.5 (/rest, values wrapped) and that
 * of 7.0 (/api). What is not offered is 404, as a path that a server does not know.
 */
import type { IncomingMessage } from 'node:http';
import type { HttpResponseOut } from '#core/net/http-server.ts';
import { KIB } from '#core/units.ts';
import { VimFault } from '../faults.ts';
import { accountName, basicCredentials, type Session } from '../sessions.ts';
import type { Vcenter } from '../vcenter.ts';
import { answerInventory } from './inventory.ts';
import { type Json, RestError, type RestRequest } from './request.ts';
import { answerTagging } from './tagging.ts';

const BODY_BYTES_MAX = 256 * KIB;
const HEADER = 'vmware-api-session-id';

interface Answer {
  readonly status: number;
  readonly value: Json | undefined;
}

export async function handleRest(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
  url: URL,
): Promise<void> {
  const dialect = url.pathname.startsWith('/api') ? 'api' : 'rest';
  response.operation = `${request.method} ${url.pathname.split('/').slice(0, 5).join('/')}`.slice(0, 80);
  try {
    const body = await readJson(request);
    const answer = answered(vcenter, request, response, url, dialect, body);
    send(response, answer, dialect);
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    if (error.status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="VAPI endpoint"');
    if (error.status === 413) response.setHeader('Connection', 'close');
    sendError(response, error, dialect);
  }
}

/** @throws RestError 400, 413 */
async function readJson(request: IncomingMessage): Promise<{ readonly [key: string]: Json }> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > BODY_BYTES_MAX) break;
      chunks.push(chunk);
    }
  } catch {
    throw new RestError(400, 'invalid_request', 'The body ended too early.');
  }
  if (size > BODY_BYTES_MAX) throw new RestError(413, 'invalid_request', 'The body is too large.');
  if (size === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new RestError(400, 'invalid_request', 'The body is no JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RestError(400, 'invalid_request', 'The body is no JSON object.');
  return value as { readonly [key: string]: Json };
}

function answered(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
  url: URL,
  dialect: 'rest' | 'api',
  body: { readonly [key: string]: Json },
): Answer {
  const { method = 'GET' } = request;
  const path = decoded(url.pathname)
    .replace(/^\/(rest|api)\//, '')
    .replace(/^com\/vmware\//, '')
    .replace(/\/+$/, '');
  const isSession = path === 'cis/session' || path === 'session';
  const action = url.searchParams.get('~action') ?? url.searchParams.get('action') ?? undefined;
  if (isSession && method === 'POST' && action === undefined)
    return login(vcenter, request, response, dialect);
  const session = sessionOf(vcenter, request);
  if (isSession) {
    if (method === 'DELETE') {
      vcenter.sessions.end(session);
      return { status: dialect === 'api' ? 204 : 200, value: undefined };
    }
    if (method === 'GET' || action === 'get')
      return {
        status: 200,
        value: {
          user: accountName(session.user.name).split('\\').reverse().join('@'),
          created_time: new Date(session.loginTime).toISOString(),
          last_accessed_time: new Date(session.lastActive).toISOString(),
        },
      };
  }
  const rest: RestRequest = {
    vcenter,
    method,
    dialect,
    path,
    action,
    query: url.searchParams,
    body,
    session,
  };
  let answer = path === 'appliance/system/version' ? version(vcenter) : answerTagging(rest);
  if (answer === undefined) answer = answerInventory(rest);
  // `null` is an answer without content.
  if (answer === undefined) throw new RestError(404, 'operation_not_found', 'There is no such operation.');
  if (answer === null) return { status: dialect === 'api' ? 204 : 200, value: undefined };
  const isMade = method === 'POST' && action === undefined && dialect === 'api';
  return { status: isMade ? 201 : 200, value: answer };
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw new RestError(400, 'invalid_request', 'The path is no UTF-8.');
  }
}

function version(vcenter: Vcenter): Json {
  const { about } = vcenter;
  return {
    version: `${about.version}.00000`,
    product: about.name as string,
    build: about.build as string,
    type: 'vCenter Server with an embedded Platform Services Controller',
    summary: '',
    releasedate: '',
    install_time: new Date(vcenter.inventory.createdAt).toISOString(),
  };
}

function login(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
  dialect: 'rest' | 'api',
): Answer {
  const credentials = basicCredentials(request.headers.authorization);
  if (!credentials) throw unauthenticated();
  let session: Session | undefined;
  try {
    session = vcenter.sessions.login(credentials.name, credentials.password, clientOf(request));
  } catch (fault) {
    if (fault instanceof VimFault) throw unauthenticated();
    throw fault;
  }
  if (!session) throw new RestError(503, 'service_unavailable', 'There are too many sessions.');
  response.setHeader('Set-Cookie', `${HEADER}=${session.token};Path=/${dialect};Secure;HttpOnly`);
  return { status: dialect === 'api' ? 201 : 200, value: session.token };
}

function clientOf(request: IncomingMessage) {
  return {
    address: request.socket.remoteAddress ?? '',
    userAgent: request.headers['user-agent'] ?? '',
  };
}

const unauthenticated = () => new RestError(401, 'unauthenticated', 'Unable to authenticate user.');

/** By header or cookie; some clients send name and password with each request. */
function sessionOf(vcenter: Vcenter, request: IncomingMessage): Session {
  const header = request.headers[HEADER];
  const cookie = new RegExp(`(?:^|;)\\s*${HEADER}=([^;\\s]+)`).exec(request.headers.cookie ?? '')?.[1];
  const session = vcenter.sessions.ofToken(typeof header === 'string' ? header : cookie);
  if (!session || vcenter.context.faults.hit('vcenter.session', 'REST')) throw unauthenticated();
  session.calls++;
  return session;
}

function send(response: HttpResponseOut, { status, value }: Answer, dialect: 'rest' | 'api'): void {
  response.statusCode = status;
  const text = value === undefined ? '' : JSON.stringify(dialect === 'rest' ? { value } : value);
  if (text !== '') response.setHeader('Content-Type', 'application/json');
  if (status !== 204) response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

function sendError(
  response: HttpResponseOut,
  { status, type, message }: RestError,
  dialect: 'rest' | 'api',
): void {
  const messages = [{ id: `vapi.${type}`, default_message: message, args: [] }];
  const body =
    dialect === 'rest'
      ? { type: `com.vmware.vapi.std.errors.${type}`, value: { messages } }
      : { error_type: type.toUpperCase(), messages };
  const text = JSON.stringify(body);
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

/**
 * A simulated vCenter Server: an HTTPS endpoint that shows an estate as vSphere does. SOAP at /sdk, datastore
 * files at /folder.
 */
import type { HttpHandler, HttpReply } from '#core/net/http-server.ts';
import { serveHttp } from '#core/net/http-server.ts';
import type { Endpoint } from '#core/net/transport.ts';
import type { Estate } from '../estate/estate.ts';
import { exchangeObserver, type Simulator, type SimulatorContext } from '../kit/context.ts';
import { faultPoints } from './fault-points.ts';
import { handleFolder } from './folder/folder-handler.ts';
import { handleGuestFile } from './guest/transfers.ts';
import { handleNfc } from './leases/nfc-handler.ts';
import { handlePbm } from './pbm/pbm-handler.ts';
import { handleRest } from './rest/rest-handler.ts';
import { versionsDocument } from './schema/versions.ts';
import { answerSdk, handleSdk } from './sdk-handler.ts';
import type { User } from './sessions.ts';
import { type ProductVersion, Vcenter } from './vcenter.ts';
import { wsdlDocument } from './wsdl.ts';

export interface VcenterOptions {
  context: SimulatorContext;
  estate: Estate;
  at: Endpoint | Endpoint[];
  /** Names and addresses in its certificate. */
  names: string[];
  users: User[];
  /** What it says it is; 8.0.3. */
  version?: ProductVersion;
  /** A session that asks nothing for so long is over; 30. */
  sessionIdleMinutes?: number;
  /** What it is: a vCenter Server, or one ESXi host by itself. */
  flavour?: 'vcenter' | 'esx';
}

export interface VcenterSimulator extends Simulator {
  /** Where it listens. */
  readonly endpoint: Endpoint;
}

/** Starts listening. @throws DryliftError `net.listen` */
export async function startVcenter(options: VcenterOptions): Promise<VcenterSimulator> {
  const { context, estate, at, names, users, version = '8.0.3', sessionIdleMinutes = 30 } = options;
  context.faults.declare(faultPoints());
  const { flavour = 'vcenter' } = options;
  const vcenter = new Vcenter({ context, estate, users, version, sessionIdleMinutes, flavour });
  const listener = await serveHttp({
    transport: context.transport,
    at,
    identity: await context.identityFor(names),
    clock: context.clock,
    handler: handlerOf(vcenter),
    plain: {
      asked: 'POST /sdk',
      handle: (request, body, response) =>
        answerSdk(vcenter, request, body, response, (error) => fail(response, error)),
    },
    onExchange: exchangeObserver(context, 'vcenter'),
  });
  return {
    endpoint: listener.endpoint,
    async stop() {
      vcenter.stop();
      await listener.close();
    },
  };
}

function handlerOf(vcenter: Vcenter): HttpHandler {
  return (request, response) => {
    response.on('error', ignore); // the client went away: its own doing
    let work: Promise<void>;
    try {
      if (request.url === '/sdk' && request.method === 'POST')
        return handleSdk(vcenter, request, response, (error) => fail(response, error));
      const url = new URL(request.url ?? '/', 'https://vcenter.invalid');
      if (/^\/folder(\/|$)/.test(url.pathname)) work = handleFolder(vcenter, request, response, url);
      else if (url.pathname === '/guestFile') work = handleGuestFile(vcenter, request, response, url);
      else if (/^\/(rest|api)\//.test(url.pathname)) work = handleRest(vcenter, request, response, url);
      else if (url.pathname.startsWith('/nfc/')) work = handleNfc(vcenter, request, response, url);
      else if (/^\/pbm(\/sdk)?\/?$/.test(url.pathname) && request.method === 'POST')
        work = handlePbm(vcenter, request, response);
      else if (/^\/sdk\/?$/.test(url.pathname) && request.method === 'POST')
        return handleSdk(vcenter, request, response, (error) => fail(response, error));
      else return sendDocument(response, documentAt(vcenter, request.method, url));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return sendDocument(response, { status: 400, body: '' }); // the target is no URL
    }
    work.catch((error: unknown) => fail(response, error));
  };
}

/** Does nothing; one function for all responses. */
function ignore(): void {}

/** A bug of ours: it must not pass unseen. */
function fail(response: HttpReply, error: unknown): never {
  if (response.headersSent || response.destroyed) response.destroy();
  else sendDocument(response, { status: 500, body: '' });
  throw error;
}

interface Document {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

function documentAt(vcenter: Vcenter, method: string | undefined, { pathname, search }: URL): Document {
  if (/^\/sdk\/?$/.test(pathname) && !/^\?wsdl$/i.test(search)) return { status: 405, body: '' };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: '' };
  if (pathname === '/sdk/vimServiceVersions.xml')
    return { status: 200, body: versionsDocument(vcenter.apiVersion), type: 'text/xml; charset=utf-8' };
  if (pathname === '/sdk/vimService.wsdl' || pathname === '/sdk/vimService' || /^\/sdk\/?$/.test(pathname))
    return { status: 200, body: wsdlDocument(vcenter.apiVersion), type: 'text/xml; charset=utf-8' };
  return { status: 404, body: '' };
}

function sendDocument(response: HttpReply, { status, body, type }: Document): void {
  response.statusCode = status;
  if (type !== undefined) response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

/**
 * WinRM over HTTP: POST /wsman. Requests are authenticated, unsealed where they are sealed, carried out, and answered the
 * same way. HTTP.sys speaks where the service does not.
 */
import type { IncomingMessage } from 'node:http';
import type { HttpHandler, HttpResponseOut } from '#core/net/http-server.ts';
import {
  ENCRYPTED_TYPE,
  isEncryptedType,
  readEncryptedBody,
  writeEncryptedBody,
} from '#core/wire/wsman/encrypted-body.ts';
import type { SimulatorContext } from '../kit/context.ts';
import type { WindowsAccount } from './accounts.ts';
import type { HttpAuthentication } from './authentication/http-authentication.ts';
import type { MessageSecurity } from './authentication/ntlm-acceptor.ts';
import type { ServiceConfig } from './config.ts';
import { POINTS, RESET } from './fault-points.ts';
import type { HostFaults } from './host-faults.ts';
import { ConnectionCut, type WsmanOperations } from './operations.ts';
import type { WinrmHost } from './server.ts';
import { type Addressing, envelope, faultEnvelope } from './wsman/answer.ts';
import { WsmanFault } from './wsman/fault.ts';
import { NS } from './wsman/names.ts';
import { faultOfBody, readRequest, type WsmanRequest } from './wsman/request.ts';

const SOAP_TYPE = 'application/soap+xml;charset=UTF-8';
/** What sealing puts around a message. */
const SEALING_BYTES = 4096;
const NOTHING = Buffer.alloc(0);

interface Answer {
  readonly status: number;
  readonly xml: string;
}

interface Exchange {
  readonly http: IncomingMessage & { from?: string };
  readonly response: HttpResponseOut;
}

export class HttpService {
  readonly #context: SimulatorContext;
  readonly #host: WinrmHost;
  readonly #config: ServiceConfig;
  readonly #operations: WsmanOperations;
  readonly #faults: HostFaults;
  /** What the host's clock says. */
  readonly #now: () => number;
  #answers = 0;
  #active = 0;

  constructor(options: {
    context: SimulatorContext;
    host: WinrmHost;
    config: ServiceConfig;
    operations: WsmanOperations;
    faults: HostFaults;
    now: () => number;
  }) {
    this.#context = options.context;
    this.#host = options.host;
    this.#config = options.config;
    this.#operations = options.operations;
    this.#faults = options.faults;
    this.#now = options.now;
  }

  handler(authentication: HttpAuthentication, secure: boolean): HttpHandler {
    return (http, response) => {
      response.on('error', () => {}); // the client went away: its own doing
      response.setHeader('Server', 'Microsoft-HTTPAPI/2.0');
      this.#active++;
      void this.#serve(authentication, secure, { http, response })
        .catch((error: unknown) => {
          http.socket.destroy();
          if (!(error instanceof ConnectionCut)) throw error;
        })
        .finally(() => this.#active--);
    };
  }

  async #serve(authentication: HttpAuthentication, secure: boolean, exchange: Exchange): Promise<void> {
    const { http, response } = exchange;
    if (this.#host.isUp?.() === false) throw new ConnectionCut();
    const body = await bodyOf(http, this.#config.quotas.envelopeBytesMax + SEALING_BYTES);
    const cut = this.#faults.hit(POINTS.request, () => [http.from]);
    if (cut?.answer === RESET) throw new ConnectionCut();
    if (cut || this.#active > this.#config.quotas.connectionsMax) return end(response, 503);
    const skew = this.#now() - this.#context.clock.wall();
    if (skew !== 0) response.setHeader('Date', new Date(this.#now()).toUTCString());
    if (body === undefined) {
      response.setHeader('Connection', 'close');
      return end(response, 413);
    }
    if (!/^\/wsman\/?(?:\?|$)/i.test(http.url ?? '')) return end(response, 404);
    if (http.method !== 'POST') return end(response, 405);
    if (/^unauthenticated$/i.test(String(http.headers.wsmanidentify ?? '')) && !http.headers.authorization)
      return answer(response, undefined, await this.#respond(body, undefined, exchange));

    const admission = authentication.admit(http);
    if (admission.kind === 'challenged') {
      response.setHeader('WWW-Authenticate', [...admission.schemes]);
      return end(response, 401);
    }
    if (admission.lastToken !== undefined) response.setHeader('WWW-Authenticate', admission.lastToken);
    if (body.length === 0) return end(response, 200);
    const { account, security } = admission;
    if (isEncryptedType(http.headers['content-type'])) {
      const plain = security && unsealed(security, body);
      if (!plain) return end(response, 400);
      return answer(response, security, await this.#respond(plain, account, exchange));
    }
    if (!secure && !this.#config.settings.allowUnencrypted) return end(response, 500); // AllowUnencrypted is false
    return answer(response, undefined, await this.#respond(body, account, exchange));
  }

  /** @param account undefined when nobody is known, who may only ask what this is */
  async #respond(
    body: Buffer,
    account: WindowsAccount | undefined,
    { http, response }: Exchange,
  ): Promise<Answer> {
    const messageId = this.#context.entropy
      .uuid('winrm.message', this.#host.names.dnsName, this.#answers++)
      .toUpperCase();
    let relatesTo = '';
    try {
      const request = readRequest(body, this.#config.quotas);
      relatesTo = request.messageId;
      if (request.body?.namespace === NS.identity && request.body.name === 'Identify') {
        response.operation = 'Identify';
        return { status: 200, xml: this.#identity(account !== undefined, { messageId, relatesTo }) };
      }
      if (!account) throw new WsmanFault('accessDenied');
      response.operation = operationOf(request.action);
      const gone = new AbortController();
      response.once('close', () => {
        if (!response.writableFinished) gone.abort(); // an abort makes an error with its stack: not for each answer
      });
      const inside = await this.#operations.run({
        request,
        account,
        clientAddress: http.socket.remoteAddress ?? '',
        gone: gone.signal,
      });
      // pages of enumerations and streams of shells are cut to fit; nothing else can be
      if (inside.length > request.envelopeUnitsMax) throw new WsmanFault('encodingLimit');
      const action = `${request.action}Response`;
      return { status: 200, xml: envelope({ action, messageId, relatesTo, ...fragmentOf(request) }, inside) };
    } catch (error) {
      if (error instanceof ConnectionCut) throw error;
      const fault = faultOfBody(error);
      return { status: 500, xml: faultEnvelope(fault, { messageId, relatesTo }, this.#host.names.dnsName) };
    }
  }

  #identity(known: boolean, addressing: Omit<Addressing, 'action'>): string {
    const os = known ? this.#host.osVersion : '0.0.0';
    // WinRM 2.0 is that of 2008 R2 and what was before
    const stack = /^(?:5\.|6\.[01]\.)/.test(this.#host.osVersion) ? '2.0' : '3.0';
    const inside =
      `<wsmid:IdentifyResponse xmlns:wsmid="${NS.identity}">` +
      `<wsmid:ProtocolVersion>${NS.w}</wsmid:ProtocolVersion>` +
      '<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>' +
      `<wsmid:ProductVersion>OS: ${os} SP: 0.0 Stack: ${stack}</wsmid:ProductVersion></wsmid:IdentifyResponse>`;
    return envelope({ ...addressing, action: `${NS.identity}/IdentifyResponse` }, inside);
  }
}

function fragmentOf({ fragment }: WsmanRequest): Pick<Addressing, 'fragment'> {
  return fragment ? { fragment } : {};
}

/** Last word of the action: what the counters call it. */
function operationOf(action: string): string {
  return /([A-Za-z_]\w{0,63})$/.exec(action)?.[1] ?? 'unknown';
}

function answer(
  response: HttpResponseOut,
  security: MessageSecurity | undefined,
  { status, xml }: Answer,
): void {
  if (response.destroyed) return;
  const text = Buffer.from(xml);
  if (!security) return end(response, status, SOAP_TYPE, text);
  const { signature, sealed } = security.toClient.seal(text);
  end(response, status, ENCRYPTED_TYPE, writeEncryptedBody({ signature, sealed, length: text.length }));
}

function unsealed({ fromClient }: MessageSecurity, body: Buffer): Buffer | undefined {
  try {
    const { signature, sealed } = readEncryptedBody(body);
    return fromClient.unseal(signature, sealed);
  } catch {
    return undefined; // truncated, changed or replayed: refused without a word
  }
}

/** The whole body; undefined when it is larger than the server takes, the rest of it unread. */
function bodyOf(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= bytesMax) return void chunks.push(chunk);
      request.off('data', onData).pause();
      resolve(undefined);
    };
    if (Number(request.headers['content-length'] ?? 0) > bytesMax) return resolve(undefined);
    request.on('data', onData);
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', () => reject(new ConnectionCut())); // the client went away in the middle
    request.once('close', () => reject(new ConnectionCut()));
  });
}

function end(response: HttpResponseOut, status: number, type?: string, body: Buffer = NOTHING): void {
  response.statusCode = status;
  if (type !== undefined) response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

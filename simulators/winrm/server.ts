/**
 * Windows Remote Management of one host: HTTP and HTTPS, POST /wsman. Requests are authenticated, unsealed where
 * they are sealed, dispatched by action and resource, and answered the same way.
 */
import type { IncomingMessage } from 'node:http';
import { type HttpHandler, type HttpResponseOut, serveHttp } from '#core/net/http-server.ts';
import type { Endpoint, Listener } from '#core/net/transport.ts';
import type { Bytes } from '#core/units.ts';
import { channelBindingOf } from '#core/wire/ntlm/channel-binding.ts';
import {
  ENCRYPTED_TYPE,
  isEncryptedType,
  readEncryptedBody,
  writeEncryptedBody,
} from '#core/wire/wsman/encrypted-body.ts';
import { exchangeObserver, type Simulator, type SimulatorContext } from '../kit/context.ts';
import type { FaultPoint } from '../kit/fault-points.ts';
import type { Accounts, HostNames, WindowsAccount } from './accounts.ts';
import { HttpAuthentication, type ServiceSettings } from './authentication/http-authentication.ts';
import type { MessageSecurity } from './authentication/ntlm-acceptor.ts';
import { type CimHost, CimService } from './cim/cim-service.ts';
import { configDocument } from './config.ts';
import { winrmFaultPoints } from './fault-points.ts';
import type { CommandHost } from './shell/command-host.ts';
import { ShellService } from './shell/shell-service.ts';
import { type Addressing, envelope, faultEnvelope } from './wsman/answer.ts';
import { Enumerations } from './wsman/enumeration.ts';
import { WsmanFault } from './wsman/fault.ts';
import { ACTION, NS, RESOURCE } from './wsman/names.ts';
import { faultOfBody, readRequest, type WsmanRequest } from './wsman/request.ts';

export interface WinrmHost {
  readonly names: HostNames;
  /** "10.0.17763" */
  readonly osVersion: string;
  readonly accounts: Accounts;
  readonly settings: ServiceSettings;
  readonly cim: CimHost;
  readonly commands: CommandHost;
}

export interface WinrmOptions {
  readonly context: SimulatorContext;
  /** In the trace and the counters: "hyperv", "windows". */
  readonly who: string;
  readonly host: WinrmHost;
  /** Usually port 5985; none without. */
  readonly http?: Endpoint | readonly Endpoint[];
  /** Usually port 5986; none without. */
  readonly https?: Endpoint | readonly Endpoint[];
  /** Names and addresses in its certificate. */
  readonly certificateNames: readonly string[];
  /** Points of what the host shows beside WinRM itself. */
  readonly points?: readonly FaultPoint[];
}

export interface WinrmServer extends Simulator {
  readonly http: Endpoint | undefined;
  readonly https: Endpoint | undefined;
}

const BODY_BYTES_MAX: Bytes = 1024 * 1024;
const SOAP_TYPE = 'application/soap+xml;charset=UTF-8';

/** Starts listening. @throws DryliftError `net.listen` */
export async function startWinrm(options: WinrmOptions): Promise<WinrmServer> {
  const { context, who, host } = options;
  const { clock, entropy, transport } = context;
  context.faults.declare([...winrmFaultPoints(), ...(options.points ?? [])]);
  const shells = new ShellService({ host: host.commands, clock, entropy });
  const service = new WinrmService({ context, host, shells });
  const listeners: Listener[] = [];
  const listen = async (at: Endpoint | readonly Endpoint[], secure: boolean): Promise<Endpoint> => {
    const identity = secure ? await context.identityFor(options.certificateNames) : undefined;
    const authentication = new HttpAuthentication({
      accounts: host.accounts,
      names: host.names,
      settings: host.settings,
      secure,
      clock,
      entropy,
      ...(identity ? { channelBinding: channelBindingOf(identity.certificatePem) } : {}),
    });
    const listener = await serveHttp({
      transport,
      at,
      ...(identity ? { identity } : {}),
      clock,
      handler: service.handler(authentication, secure),
      onExchange: exchangeObserver(context, who),
    });
    listeners.push(listener);
    return listener.endpoint;
  };
  const stop = async (): Promise<void> => {
    shells.stop();
    for (const listener of listeners) await listener.close();
  };
  try {
    return {
      http: options.http && (await listen(options.http, false)),
      https: options.https && (await listen(options.https, true)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

class WinrmService {
  readonly #context: SimulatorContext;
  readonly #host: WinrmHost;
  readonly #shells: ShellService;
  readonly #cim: CimService;
  readonly #enumerations: Enumerations;
  #answers = 0;

  constructor(options: { context: SimulatorContext; host: WinrmHost; shells: ShellService }) {
    this.#context = options.context;
    this.#host = options.host;
    this.#shells = options.shells;
    this.#cim = new CimService(options.host.cim);
    const { clock, entropy } = options.context;
    this.#enumerations = new Enumerations({ clock, entropy });
  }

  handler(authentication: HttpAuthentication, secure: boolean): HttpHandler {
    return (request, response) => {
      response.on('error', () => {}); // the client went away: its own doing
      response.setHeader('Server', 'Microsoft-HTTPAPI/2.0');
      void this.#serve(authentication, secure, request, response);
    };
  }

  async #serve(
    authentication: HttpAuthentication,
    secure: boolean,
    request: IncomingMessage,
    response: HttpResponseOut,
  ): Promise<void> {
    const body = await bodyOf(request);
    if (body === undefined) return end(response, 413, undefined, Buffer.alloc(0));
    if (!/^\/wsman\/?(?:\?|$)/i.test(request.url ?? ''))
      return end(response, 404, undefined, Buffer.alloc(0));
    if (request.method !== 'POST') return end(response, 405, undefined, Buffer.alloc(0));
    if (
      /^unauthenticated$/i.test(String(request.headers.wsmanidentify ?? '')) &&
      !request.headers.authorization
    )
      return this.#answer(response, undefined, await this.#respond(body, undefined, request, response));

    const admission = authentication.admit(request);
    if (admission.kind === 'challenged') {
      response.setHeader('WWW-Authenticate', [...admission.schemes]);
      return end(response, 401, undefined, Buffer.alloc(0));
    }
    if (admission.lastToken !== undefined) response.setHeader('WWW-Authenticate', admission.lastToken);
    if (body.length === 0) return end(response, 200, undefined, Buffer.alloc(0));
    const { account, security } = admission;
    if (isEncryptedType(request.headers['content-type'])) {
      const plain = security && unsealed(security, body);
      if (!plain) return end(response, 400, undefined, Buffer.alloc(0));
      return this.#answer(response, security, await this.#respond(plain, account, request, response));
    }
    if (!secure && !this.#host.settings.allowUnencrypted)
      return end(response, 500, undefined, Buffer.alloc(0)); // AllowUnencrypted is false
    return this.#answer(response, undefined, await this.#respond(body, account, request, response));
  }

  #answer(
    response: HttpResponseOut,
    security: MessageSecurity | undefined,
    { status, xml }: { status: number; xml: string },
  ): void {
    if (response.destroyed) return;
    const text = Buffer.from(xml);
    if (!security) return end(response, status, SOAP_TYPE, text);
    const { signature, sealed } = security.toClient.seal(text);
    end(response, status, ENCRYPTED_TYPE, writeEncryptedBody({ signature, sealed, length: text.length }));
  }

  /** @param account undefined when nobody is known, who may only ask what this is */
  async #respond(
    body: Buffer,
    account: WindowsAccount | undefined,
    http: IncomingMessage,
    response: HttpResponseOut,
  ): Promise<{ status: number; xml: string }> {
    const messageId = this.#context.entropy
      .uuid('winrm.message', this.#host.names.dnsName, this.#answers++)
      .toUpperCase();
    let relatesTo = '';
    try {
      const request = readRequest(body);
      relatesTo = request.messageId;
      if (request.body?.namespace === NS.identity && request.body.name === 'Identify') {
        response.operation = 'Identify';
        return { status: 200, xml: this.#identity(account !== undefined, { messageId, relatesTo }) };
      }
      if (!account) throw new WsmanFault('accessDenied');
      response.operation = operationOf(request.action);
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const { action, inside } = await this.#dispatch(request, account, http, gone.signal);
      return { status: 200, xml: envelope({ action, messageId, relatesTo }, inside) };
    } catch (error) {
      const fault = faultOfBody(error);
      return { status: 500, xml: faultEnvelope(fault, { messageId, relatesTo }, this.#host.names.dnsName) };
    }
  }

  async #dispatch(
    request: WsmanRequest,
    account: WindowsAccount,
    http: IncomingMessage,
    signal: AbortSignal,
  ): Promise<{ action: string; inside: string }> {
    const { action, resourceUri } = request;
    const uri = resourceUri.toLowerCase();
    const answered = (inside: string): { action: string; inside: string } => ({
      action: `${action}Response`,
      inside,
    });
    const shell = uri === RESOURCE.cmd.toLowerCase();
    switch (action) {
      case ACTION.enumerate: {
        const items = this.#cim.enumerate(request, account);
        const inside = this.#enumerations.enumerate(request, account.name, items);
        return answered(`<n:EnumerateResponse>${inside}</n:EnumerateResponse>`);
      }
      case ACTION.pull:
        return answered(`<n:PullResponse>${this.#enumerations.pull(request, account.name)}</n:PullResponse>`);
      case ACTION.release:
        this.#enumerations.release(request, account.name);
        return answered('');
      case ACTION.get:
        if (uri === RESOURCE.config.toLowerCase()) return answered(configDocument(this.#host.settings));
        return answered(this.#cim.get(request, account));
      case ACTION.create:
        if (!shell) throw new WsmanFault('actionNotSupported');
        return answered(this.#shells.create(request, account, http.socket.remoteAddress ?? ''));
      case ACTION.delete:
        if (!shell) throw new WsmanFault('actionNotSupported');
        this.#shells.delete(request, account);
        return answered('');
      case ACTION.command:
        return answered(this.#shells.command(request, account));
      case ACTION.receive:
        return answered(await this.#shells.receive(request, account, signal));
      case ACTION.send:
        return answered(this.#shells.send(request, account));
      case ACTION.signal:
        return answered(this.#shells.signal(request, account));
      default:
        return answered(this.#cim.invoke(request, account));
    }
  }

  #identity(known: boolean, addressing: Omit<Addressing, 'action'>): string {
    const os = known ? this.#host.osVersion : '0.0.0';
    const inside =
      `<wsmid:IdentifyResponse xmlns:wsmid="${NS.identity}">` +
      `<wsmid:ProtocolVersion>${NS.w}</wsmid:ProtocolVersion>` +
      '<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>' +
      `<wsmid:ProductVersion>OS: ${os} SP: 0.0 Stack: 3.0</wsmid:ProductVersion></wsmid:IdentifyResponse>`;
    return envelope({ ...addressing, action: `${NS.identity}/IdentifyResponse` }, inside);
  }
}

/** Last word of the action: what the counters call it. */
function operationOf(action: string): string {
  return /([A-Za-z_]\w{0,63})$/.exec(action)?.[1] ?? 'unknown';
}

function unsealed({ fromClient }: MessageSecurity, body: Buffer): Buffer | undefined {
  try {
    const { signature, sealed } = readEncryptedBody(body);
    return fromClient.unseal(signature, sealed);
  } catch {
    return undefined; // truncated, changed or replayed: refused without a word
  }
}

/** The whole body; undefined when it is larger than the server takes. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > BODY_BYTES_MAX) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined; // the client went away in the middle
  }
  return Buffer.concat(chunks);
}

function end(response: HttpResponseOut, status: number, type: string | undefined, body: Buffer): void {
  response.statusCode = status;
  if (type !== undefined) response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

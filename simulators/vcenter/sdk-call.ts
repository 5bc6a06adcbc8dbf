/** One request of the SOAP service on its way through a method; what few methods need is worked out when asked for. */
import type { HttpReply, HttpRequestHead } from '#core/net/http-server.ts';
import type { UnixMillis } from '#core/units.ts';
import { notAuthenticated, type VimFault } from './faults.ts';
import type { Call } from './methods/method.ts';
import type { ManagedObject, Reading } from './objects/object.ts';
import type { Find } from './property/selection.ts';
import type { Encoder } from './schema/encoder.ts';
import type { Session } from './sessions.ts';
import type { Vcenter } from './vcenter.ts';

export class SdkCall implements Call {
  readonly vcenter: Vcenter;
  readonly now: UnixMillis;
  readonly session: Session | undefined;
  readonly method: string;
  readonly self: ManagedObject;
  readonly encoder: Encoder;
  readonly taskFault: VimFault | undefined;
  readonly #request: HttpRequestHead;
  readonly #response: HttpReply;
  #signal: AbortSignal | undefined = undefined;

  constructor(
    vcenter: Vcenter,
    session: Session | undefined,
    method: string,
    self: ManagedObject,
    encoder: Encoder,
    taskFault: VimFault | undefined,
    request: HttpRequestHead,
    response: HttpReply,
  ) {
    this.vcenter = vcenter;
    this.now = Math.floor(vcenter.context.clock.wall());
    this.session = session;
    this.method = method;
    this.self = self;
    this.encoder = encoder;
    this.taskFault = taskFault;
    this.#request = request;
    this.#response = response;
  }

  get find(): Find {
    return this.vcenter.findFor(this.session);
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      const controller = new AbortController();
      const left = (): void => controller.abort(new Error('the client went away'));
      if (this.#response.destroyed) left();
      else this.#response.on('close', left);
      this.#signal = controller.signal;
    }
    return this.#signal;
  }

  get client(): Call['client'] {
    const { socket, headers } = this.#request;
    return {
      address: socket.remoteAddress ?? '',
      userAgent: headers['user-agent'] ?? '',
      host: headers.host ?? '',
    };
  }

  reading(): Reading {
    return this.vcenter.reading(this.session);
  }

  requireSession(): Session {
    if (!this.session) throw notAuthenticated(this.self.ref);
    return this.session;
  }

  setHeader(name: string, value: string): void {
    this.#response.setHeader(name, value);
  }
}

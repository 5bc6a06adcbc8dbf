/**
 * The control endpoint of a served simulator: tests of other people's tools move time, switch machines and arm
 * faults through it. JSON over TLS on a port of its own; every request brings the token as a bearer.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { DryliftError } from '#core/errors.ts';
import { type HttpResponseOut, serveHttp } from '#core/net/http-server.ts';
import type { Endpoint, Listener, TlsIdentity, Transport } from '#core/net/transport.ts';
import type { PacedClock } from '#core/time/system-clock.ts';
import { KIB, parseDuration } from '#core/units.ts';
import type { Estate } from '../estate/estate.ts';
import type { Machine, PowerState } from '../estate/model.ts';
import type { FaultPoints } from './fault-points.ts';
import { readFaultSpec } from './fault-spec.ts';

export interface ControlOptions {
  readonly transport: Transport;
  readonly at: Endpoint;
  readonly identity: TlsIdentity;
  readonly clock: PacedClock;
  readonly token: string;
  readonly faults: FaultPoints;
  readonly estate: Estate;
}

const BODY_BYTES_MAX = 64 * KIB;
const PACE_MAX = 100_000;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

interface Answer {
  readonly status: number;
  readonly body?: Json;
}

/** Starts listening. @throws DryliftError `net.listen` */
export async function serveControl(options: ControlOptions): Promise<Listener> {
  const { transport, at, identity, clock } = options;
  const control = new Control(options);
  return serveHttp({
    transport,
    at,
    identity,
    clock,
    handler: (request, response) => void control.handle(request, response),
  });
}

class Control {
  readonly #options: ControlOptions;
  readonly #armed = new Map<string, Disposable>();
  #count = 0;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: HttpResponseOut): Promise<void> {
    response.on('error', () => {}); // the client went away: its own doing
    const body = await readBody(request);
    const send = ({ status, body: json }: Answer): void => {
      const text = json === undefined ? '' : JSON.stringify(json);
      response.statusCode = status;
      if (text !== '') response.setHeader('Content-Type', 'application/json');
      if (status !== 204) response.setHeader('Content-Length', Buffer.byteLength(text));
      response.end(text);
    };
    if (!this.#isAllowed(request.headers.authorization)) return send({ status: 401 });
    if (!body) return send({ status: 400, body: { error: 'The body is no JSON object, or too large.' } });
    try {
      const { pathname } = new URL(request.url ?? '/', 'https://control.invalid');
      send(this.#answer(request.method ?? 'GET', decodeURIComponent(pathname), body));
    } catch (error) {
      if (error instanceof DryliftError)
        return send({ status: 400, body: { code: error.code, error: error.what } });
      if (error instanceof URIError || error instanceof TypeError) return send({ status: 400 });
      throw error;
    }
  }

  #isAllowed(header: string | undefined): boolean {
    const digest = (text: string) => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${this.#options.token}`));
  }

  #answer(method: string, path: string, body: Readonly<Record<string, unknown>>): Answer {
    const route = `${method} ${path.split('/')[1] ?? ''}`;
    switch (route) {
      case 'GET time':
        return this.#time();
      case 'POST time':
        return this.#moveTime(body);
      case 'GET machines':
        return { status: 200, body: this.#options.estate.machines().map((machine) => this.#shown(machine)) };
      case 'POST machines':
      case 'DELETE machines':
        return this.#machine(method, path, body);
      case 'GET points':
        return {
          status: 200,
          body: this.#options.faults.points().map(({ name, says, answers }) => ({ name, says, answers })),
        };
      case 'GET faults':
        return {
          status: 200,
          body: this.#options.faults
            .armed()
            .map(({ id, at, answer, times, fired }) => ({ id, at, answer, times, fired })),
        };
      case 'POST faults':
        return this.#arm(body);
      case 'DELETE faults':
        return this.#lift(path.split('/')[2]);
      default:
        return { status: 404, body: { error: 'There is time, machines, points and faults.' } };
    }
  }

  #time(): Answer {
    const { clock } = this.#options;
    return { status: 200, body: { now: new Date(clock.wall()).toISOString(), pace: clock.pace } };
  }

  #moveTime({ advance, pace }: Readonly<Record<string, unknown>>): Answer {
    const { clock } = this.#options;
    if (pace !== undefined) {
      if (typeof pace !== 'number' || !(pace >= 0 && pace <= PACE_MAX))
        return { status: 400, body: { error: `pace must be a number from 0 to ${PACE_MAX}.` } };
      clock.setPace(pace);
    }
    if (advance !== undefined) clock.jumpTo(clock.wall() + parseDuration(String(advance)));
    return this.#time();
  }

  #machine(method: string, path: string, body: Readonly<Record<string, unknown>>): Answer {
    const { estate } = this.#options;
    const [, , name, what] = path.split('/');
    const machine = estate.machines().find((each) => each.name === name || each.id === name);
    if (!machine) return { status: 404, body: { error: 'There is no such machine.' } };
    if (method === 'DELETE' && what === undefined) {
      estate.remove(machine.id);
      return { status: 204 };
    }
    const { power } = body;
    if (method !== 'POST' || what !== undefined || !isPower(power))
      return { status: 400, body: { error: 'A machine takes {"power": "on" | "off" | "suspended"}.' } };
    if (machine.template) return { status: 409, body: { error: 'A template cannot be powered.' } };
    estate.setPower(machine.id, power);
    return { status: 200, body: this.#shown(machine) };
  }

  #shown({ id, name }: Machine): Json {
    return { id, name, power: this.#options.estate.power(id) };
  }

  #arm({ spec }: Readonly<Record<string, unknown>>): Answer {
    if (typeof spec !== 'string')
      return { status: 400, body: { error: 'A fault is {"spec": "at: …, answer: …"}.' } };
    const { faults, clock } = this.#options;
    const id = `control-${++this.#count}`;
    this.#armed.set(id, faults.arm(readFaultSpec(spec, id, clock.wall())));
    return { status: 201, body: { id } };
  }

  #lift(id: string | undefined): Answer {
    if (id !== undefined && !this.#armed.has(id))
      return { status: 404, body: { error: 'There is no such fault.' } };
    for (const key of id === undefined ? [...this.#armed.keys()] : [id]) {
      this.#armed.get(key)![Symbol.dispose]();
      this.#armed.delete(key);
    }
    return { status: 204 };
  }
}

function isPower(value: unknown): value is PowerState {
  return value === 'on' || value === 'off' || value === 'suspended';
}

/** Undefined when it is no object, or too large. */
async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>> | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > BODY_BYTES_MAX) return undefined;
      chunks.push(chunk);
    }
    if (size === 0) return {};
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

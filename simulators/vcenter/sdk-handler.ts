/**
 * The SOAP service: reads a request, finds the method in the table, checks session, object, arguments and
 * privilege, runs it, and answers. Whatever goes wrong is a fault of the API; a connection is cut only when a
 * scenario asks for it.
 */
import type { IncomingMessage } from 'node:http';
import { DryliftError } from '#core/errors.ts';
import type { HttpReply, HttpRequestHead, HttpResponseOut } from '#core/net/http-server.ts';
import { type Bytes, MIB } from '#core/units.ts';
import { envelopeOf, parseEnvelope } from '#core/wire/soap/envelope.ts';
import { child, type XmlElement } from '#core/wire/xml/element.ts';
import { drained } from './drained.ts';
import { actsOnTask, DELAYS, faultOf, RESET, UNAVAILABLE } from './fault-points.ts';
import { invalidRequest, noPermission, notAuthenticated, VimFault, vimFault } from './faults.ts';
import { type Method, type Outcome, Unavailable, Written } from './methods/method.ts';
import { methodNamed } from './methods/table.ts';
import type { ManagedObject } from './objects/object.ts';
import { objectNotFound } from './property/selection.ts';
import { parseQuickly } from './quick-xml.ts';
import { decodeFields, decodeRef, VIM_NAMESPACE } from './schema/decoder.ts';
import { Encoder } from './schema/encoder.ts';
import { isA } from './schema/schema.ts';
import { type ApiVersion, requestedVersion, UNNAMED_VERSION } from './schema/versions.ts';
import { SdkCall } from './sdk-call.ts';
import { type Session, tokenOf } from './sessions.ts';
import { faultEnvelope, responseFrame } from './soap.ts';
import { isData, isRef, type Ref, type Value } from './values.ts';
import type { Vcenter } from './vcenter.ts';

const BODY_BYTES_MAX: Bytes = 8 * MIB;
const LIMITS = { bytesMax: BODY_BYTES_MAX, depthMax: 64, elementsMax: 400_000 };
/** Larger requests are read strictly at once: most of their time goes elsewhere. */
const QUICK_BYTES_MAX: Bytes = MIB;
/** Answers larger than the first size are sent in pieces of about the second. */
const FIRST_PIECE_BYTES = 8 * 1024;
const PIECE_BYTES = 256 * 1024;

/** The connection is to be cut without an answer. */
const CUT = Symbol('cut');
type Refusal = { readonly status: number; readonly retryAfterSeconds?: number | undefined };

const encoders = new Map<ApiVersion, Encoder>();

function encoderFor(version: ApiVersion): Encoder {
  let encoder = encoders.get(version);
  if (!encoder) {
    encoder = new Encoder(version);
    encoders.set(version, encoder);
  }
  return encoder;
}

/**
 * Reads one request and answers it.
 * @param failed told of a bug; nothing is answered then.
 */
export function handleSdk(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
  failed: (error: unknown) => void,
): void {
  readBody(request, response, (body) => answerSdk(vcenter, request, body, response, failed));
}

/** Answers one request. What can be done at once is done in one go: of a small request, turns would be a good part. */
export function answerSdk(
  vcenter: Vcenter,
  request: HttpRequestHead,
  body: Buffer,
  response: HttpReply,
  failed: (error: unknown) => void,
): void {
  try {
    answer(vcenter, request, response, body)?.catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** Reads the whole body. A request with one that is larger than the server takes is answered here. */
function readBody(request: IncomingMessage, response: HttpResponseOut, then: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const refuse = (): void => {
    request.removeAllListeners('data');
    request.removeAllListeners('end');
    response.setHeader('Connection', 'close');
    response.statusCode = 413;
    response.setHeader('Content-Length', 0);
    response.end();
  };
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) return refuse();
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) return refuse();
    chunks.push(chunk);
  });
  request.on('end', () => then(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
  request.on('error', ignore); // the client went away in the middle
}

function ignore(): void {}

/** @returns a promise only of what takes time. */
function answer(
  vcenter: Vcenter,
  request: HttpRequestHead,
  response: HttpReply,
  body: Buffer,
): Promise<void> | undefined {
  const header = request.headers.soapaction;
  const version = requestedVersion(Array.isArray(header) ? header[0] : header, vcenter.apiVersion);
  const encoder = encoderFor(version ?? UNNAMED_VERSION);
  const refuse = (error: unknown): void => {
    if (response.destroyed) return; // the client went away
    if (error instanceof Unavailable) return sendRefusal(response, { status: 503 });
    if (!(error instanceof VimFault) || response.headersSent) throw error;
    sendText(response, 500, faultEnvelope(error, encoder));
  };
  try {
    if (version === undefined) throw invalidRequest(`unsupported version URI ${header}`);
    const element = requestElement(body);
    response.operation = methodNamed(element.name) ? element.name : 'unknown';
    const { faults } = vcenter.context;
    const slow = faults.armed().length > 0 ? faults.hit('vcenter.slow', element.name) : undefined;
    const run = () => perform(vcenter, request, response, element, encoder);
    return (slow ? vcenter.pause(DELAYS[slow.answer]!).then(run) : run())?.catch(refuse);
  } catch (error) {
    refuse(error);
    return undefined;
  }
}

/** Calls the method and sends what it gives. @returns a promise only of what takes time. */
function perform(
  vcenter: Vcenter,
  request: HttpRequestHead,
  response: HttpReply,
  element: XmlElement,
  encoder: Encoder,
): Promise<void> | undefined {
  const outcome = call(vcenter, request, response, element, encoder);
  if (outcome === CUT) {
    response.destroy();
    return undefined;
  }
  if (isRefusal(outcome)) {
    sendRefusal(response, outcome);
    return undefined;
  }
  const { method, result } = outcome;
  if (result instanceof Promise)
    return result.then((now) => send(response, element.name, method, now, encoder));
  return send(response, element.name, method, result, encoder);
}

function isRefusal(value: object): value is Refusal {
  return 'status' in value;
}

/** @throws VimFault InvalidRequest */
function requestElement(body: Buffer): XmlElement {
  try {
    const root = body.length <= QUICK_BYTES_MAX ? parseQuickly(body.toString('latin1')) : undefined;
    const envelope = root ? envelopeOf(root) : parseEnvelope(body, LIMITS);
    const [element, ...others] = envelope.body;
    if (envelope.version !== '1.1') throw invalidRequest('only SOAP 1.1 is spoken here');
    if (!element || others.length > 0) throw invalidRequest('the body must hold one element');
    if (element.namespace !== VIM_NAMESPACE)
      throw invalidRequest(`the namespace "${element.namespace.slice(0, 80)}" is not ${VIM_NAMESPACE}`);
    return element;
  } catch (error) {
    if (error instanceof DryliftError) throw invalidRequest(error.what.replace(/\.$/, ''));
    throw error;
  }
}

type Called = { readonly method: Method; readonly result: Outcome | Promise<Outcome> };

function call(
  vcenter: Vcenter,
  request: HttpRequestHead,
  response: HttpReply,
  element: XmlElement,
  encoder: Encoder,
): Called | Refusal | typeof CUT {
  const method = methodNamed(element.name);
  if (!method || method.since > encoder.version)
    throw invalidRequest(`there is no method "${element.name.slice(0, 100)}" at this version`);
  const thisElement = child(element, '_this');
  if (!thisElement) throw invalidRequest(`${method.name} has no _this`);
  const target = decodeRef(thisElement, '_this');
  const session = sessionOf(vcenter, request, method);
  if (!session && method.privilege !== 'System.Anonymous') throw notAuthenticated(target);
  const self = vcenter.find(target, session);
  if (!self) throw objectNotFound(target);
  if (!isA(self.ref.type, method.on))
    throw vimFault('MethodNotFound', `The method ${method.name} is not that of a ${self.ref.type}.`, {
      receiver: self.ref,
      method: method.name,
    });
  const args = decodeFields(element, method.parameters, encoder.version, method.name, thisElement);
  if (session && method.privilege !== undefined && !session.may(method.privilege, self))
    throw noPermission((self.entity ?? self).ref, method.privilege);

  let taskFault: VimFault | undefined;
  const { faults } = vcenter.context;
  const fault =
    faults.armed().length > 0
      ? faults.hit(`vcenter.${method.name}`, subjectOf(vcenter, session, self, args))
      : undefined;
  if (fault) {
    if (fault.answer === RESET) return CUT;
    if (fault.answer === UNAVAILABLE) return { status: 503, retryAfterSeconds: fault.retryAfterSeconds };
    if (fault.answer === 'NotAuthenticated' && session) vcenter.sessions.end(session);
    if (!actsOnTask(method.name, fault.answer)) throw faultOf(fault, self);
    taskFault = faultOf(fault, self);
  }

  const on = new SdkCall(vcenter, session, method.name, self, encoder, taskFault, request, response);
  const result = method.run(args as never, on);
  return { method, result };
}

function sessionOf(vcenter: Vcenter, request: HttpRequestHead, method: Method): Session | undefined {
  const session = vcenter.sessions.ofToken(tokenOf(request.headers.cookie));
  if (!session) return undefined;
  if (vcenter.context.faults.hit('vcenter.session', method.name)) {
    vcenter.sessions.end(session);
    return undefined;
  }
  session.calls++;
  return session;
}

/** What a call is about, as scenarios aim at it: the labels of the object and of all references it brings. */
function subjectOf(
  vcenter: Vcenter,
  session: Session | undefined,
  self: ManagedObject,
  args: Readonly<Record<string, Value>>,
): string {
  const labels = [self.label];
  const visit = (value: unknown): void => {
    if (isRef(value)) labels.push(vcenter.find(value as Ref, session)?.label ?? value.id);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (isData(value)) Object.values(value).forEach(visit);
  };
  Object.values(args).forEach(visit);
  return labels.join(' ');
}

/** @returns a promise only while there is more to send than the connection takes at once. */
function send(
  response: HttpReply,
  name: string,
  method: Method,
  result: Outcome,
  encoder: Encoder,
): Promise<void> | undefined {
  const [open, close] = responseFrame(name);
  if (!(result instanceof Written)) {
    const xml =
      result === undefined || method.returns === undefined
        ? ''
        : encoder.element('returnval', result, method.returns);
    sendText(response, 200, open + xml + close);
    return undefined;
  }
  // Node sends a head and a short text behind it as one piece.
  const source = result.pieces[Symbol.iterator]();
  let text = open;
  let piece = source.next();
  for (
    ;
    !piece.done && typeof piece.value === 'string' && text.length < FIRST_PIECE_BYTES;
    piece = source.next()
  )
    text += piece.value;
  if (piece.done) {
    sendText(response, 200, text + close);
    return undefined;
  }
  const pieces = gathered(text, piece.value, source, close);
  const first = pieces.next().value as Buffer;
  const next = pieces.next();
  response.statusCode = 200;
  response.setHeader('Content-Type', 'text/xml; charset=utf-8');
  if (next.done) {
    response.setHeader('Content-Length', first.length);
    response.end(first);
    return undefined;
  }
  return sendPieces(response, first, next, pieces);
}

async function sendPieces(
  response: HttpReply,
  first: Buffer,
  second: IteratorResult<Buffer>,
  pieces: Generator<Buffer>,
): Promise<void> {
  let next = second;
  for (let piece = first; ; piece = next.value as Buffer, next = pieces.next()) {
    if (response.destroyed) return;
    if (!response.write(piece)) await drained(response);
    if (next.done) break;
  }
  response.end();
}

/**
 * Puts small pieces together, so that an answer is one buffer or a few large ones. Text is written out piece by
 * piece: a string that is put together from many small ones is cheapest to flatten while it is short.
 */
function* gathered(
  open: string,
  next: string | Buffer,
  source: Iterator<string | Buffer>,
  close: string,
): Generator<Buffer> {
  let buffer = Buffer.allocUnsafe(Math.max(FIRST_PIECE_BYTES, 3 * open.length));
  let at = buffer.write(open);
  for (let step: IteratorResult<string | Buffer> = { value: next }; !step.done; step = source.next()) {
    const piece = step.value;
    const isText = typeof piece === 'string';
    const most = isText ? piece.length * 3 : piece.length;
    if (at + most > buffer.length) {
      if (at > 0) yield buffer.subarray(0, at);
      at = 0;
      if (!isText && piece.length >= PIECE_BYTES / 4) {
        yield piece;
        buffer = Buffer.allocUnsafe(FIRST_PIECE_BYTES);
        continue;
      }
      buffer = Buffer.allocUnsafe(Math.max(PIECE_BYTES, most));
    }
    if (isText) at += buffer.write(piece, at);
    else at += piece.copy(buffer, at);
  }
  if (at + close.length > buffer.length) {
    yield buffer.subarray(0, at);
    buffer = Buffer.allocUnsafe(close.length);
    at = 0;
  }
  at += buffer.write(close, at);
  yield buffer.subarray(0, at);
}

function sendText(response: HttpReply, status: number, xml: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/xml; charset=utf-8');
  response.setHeader('Cache-Control', 'no-cache');
  const bytes = Buffer.byteLength(xml);
  response.setHeader('Content-Length', bytes);
  response.end(xml, bytes === xml.length ? 'latin1' : 'utf8'); // ASCII needs no conversion
}

function sendRefusal(response: HttpReply, { status, retryAfterSeconds }: Refusal): void {
  response.statusCode = status;
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  response.setHeader('Content-Type', 'text/plain');
  response.setHeader('Content-Length', 0);
  response.end();
}

/** What a method of the API is here: one entry of the table that drives dispatch, faults and the ledger. */
import { assert } from '#core/assert.ts';
import type { UnixMillis } from '#core/units.ts';
import type { VimFault } from '../faults.ts';
import type { ManagedObject, Reading } from '../objects/object.ts';
import type { Find } from '../property/selection.ts';
import type { Declared, Encoder } from '../schema/encoder.ts';
import { type Field, readFields } from '../schema/notation.ts';
import { type ApiVersion, versionOf } from '../schema/versions.ts';
import type { Session } from '../sessions.ts';
import type { Value } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';

/** One request, on its way through a method. */
export interface Call {
  readonly vcenter: Vcenter;
  /** Read once, when the request arrived. */
  readonly now: UnixMillis;
  readonly session: Session | undefined;
  /** Name of the method. */
  readonly method: string;
  /** The object of `_this`. */
  readonly self: ManagedObject;
  readonly encoder: Encoder;
  readonly find: Find;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** A fault that shall become the outcome of the task that this call starts. */
  readonly taskFault: VimFault | undefined;
  /** What properties may depend on, as of now. */
  reading(): Reading;
  /** The session of a call that needs one. */
  requireSession(): Session;
  /** Who asks, as the connection tells. */
  readonly client: { readonly address: string; readonly userAgent: string; readonly host: string };
  /** Sets a header of the HTTP response. */
  setHeader(name: string, value: string): void;
}

/** A result that the method has written itself: the inside of the response element. */
export class Written {
  readonly pieces: Iterable<string | Buffer>;

  constructor(pieces: Iterable<string | Buffer>) {
    this.pieces = pieces;
  }
}

/** Thrown to answer 503 in place of SOAP, as the web server in front of the service does. */
export class Unavailable extends Error {}

export type Outcome = Value | undefined | Written;

export interface Method {
  /** Managed object type that has it. */
  readonly on: string;
  readonly name: string;
  readonly since: ApiVersion;
  readonly parameters: ReadonlyMap<string, Field>;
  /** Declared type of `returnval`; undefined for void. */
  readonly returns: Declared | undefined;
  /** Required on the object; undefined when the method checks for itself. */
  readonly privilege: string | undefined;
  /** Faults that a scenario may inject here, beyond those that every method can answer. */
  readonly faults: readonly string[];
  run(args: never, call: Call): Outcome | Promise<Outcome>;
}

interface Definition<Args> {
  on: string;
  name: string;
  since?: string;
  /** Parameters in the schema's notation: "querySpec PerfQuerySpec[]". */
  takes?: string;
  /** Result in the schema's notation without a name: "PerfCounterInfo[]". */
  returns?: string;
  privilege?: string;
  faults?: readonly string[];
  run(args: Args, call: Call): Outcome | Promise<Outcome>;
}

export function defineMethod<Args = Record<string, never>>(definition: Definition<Args>): Method {
  const { on, name, since, takes, returns, privilege, faults, run } = definition;
  const version = versionOf(since ?? '2.0');
  const result = returns === undefined ? undefined : readFields(`returnval ${returns}`, version)[0];
  assert(result || returns === undefined, `${name}: the result cannot be read`);
  return {
    on,
    name,
    since: version,
    parameters: new Map(readFields(takes ?? '', version).map((field) => [field.name, field])),
    returns: result,
    privilege,
    faults: faults ?? [],
    run,
  };
}

/** The object of `_this` as what the table says it is. */
export function selfAs<T extends ManagedObject>(call: Call, type: abstract new (...args: never) => T): T {
  assert(call.self instanceof type, `${call.method} was called on a ${call.self.ref.type}`);
  return call.self;
}

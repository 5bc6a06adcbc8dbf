/**
 * What a resource provider is to ARM: a namespace, its types, and a function per type that answers one
 * request. ARM itself has done everything that is the same for all providers before (identity, roles,
 * api-version, subscription and resource group, throttling) and does it after (long-running operations,
 * paging, headers, the shape of errors).
 */
import type { Millis, UnixMillis } from '#core/units.ts';
import type { Addresses } from '../cloud.ts';

export interface ArmRequest {
  /** Upper case. */
  readonly method: string;
  readonly subscriptionId: string;
  /** Empty for a request at the subscription's level, such as a list over all groups. */
  readonly resourceGroup: string;
  /** Declared type that was matched, in its declared spelling: "disks", "vmwareSites/machines". */
  readonly type: string;
  /** Names along the type, outermost first; one fewer than the type has parts when a collection is asked for. */
  readonly names: readonly string[];
  /** Name of the resource itself; empty for a collection. */
  readonly name: string;
  /** What follows the resource: an action, or parts that the provider resolves itself. Spelt as sent. */
  readonly segments: readonly string[];
  readonly apiVersion: string;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
  readonly principal: Principal;
  /** Read once, when the request arrived. */
  readonly now: UnixMillis;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  /** Where this client finds the cloud's other services. */
  readonly addresses: Addresses;
  /** Of an extension: id of what it hangs on; "" for the tenant. */
  readonly scope?: string;
}

export interface Principal {
  readonly objectId: string;
  readonly appId: string;
}

/** A collection, made item by item, so that a page of it costs a page. */
export interface ArmList {
  readonly count: number;
  item(index: number): unknown;
}

export interface ArmOperation {
  /** Virtual time until it is done. */
  readonly takesMs: Millis;
  /** Where it may be done before that: told, as it begins, how to end it. */
  endEarly?(end: () => void): void;
  readonly status: 200 | 201 | 202;
  /** Body of the first answer: the resource as it is meanwhile. */
  readonly body?: unknown;
  /** Answers a Location header too, where the result is found; without it only Azure-AsyncOperation. */
  readonly location?: boolean;
  /** `false`: only the Location header, the older style. */
  readonly asyncOperation?: boolean;
  /** Seconds the client is asked to wait between polls; by default as long as it takes, at most 15. */
  readonly retryAfterSeconds?: number;
  /** Does the work, at its end. Its value is the result; an ArmError makes the operation Failed. */
  run(): unknown;
}

export type ArmAnswer =
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly list: ArmList }
  | { readonly operation: ArmOperation };

export interface ArmType {
  readonly apiVersions: readonly string[];
  /** `false`: a list of something else, which is not among a subscription's resources. */
  readonly holdsResources?: boolean;
  /** Answers, or throws ArmError. Synchronous: a request is one step of the story. */
  handle(request: ArmRequest): ArmAnswer;
}

export interface ArmProvider {
  readonly namespace: string;
  /** By type: "disks", nested ones as "vmwareSites/machines". The longest that matches the path answers. */
  readonly types: Readonly<Record<string, ArmType>>;
  /** Types that hang on any scope: a subscription, a group, a resource. */
  readonly extensions?: Readonly<Record<string, ArmType>>;
  /** Where the status of an operation is polled, as a path; by default below the provider's locations. */
  operationPath?(request: ArmRequest, operationId: string): string;
}

/** A fault of ARM's own kind: answered as `{"error":{"code","message"}}` with its HTTP status. */
export class ArmError extends Error {
  override readonly name = 'ArmError';
  readonly status: number;
  readonly code: string;
  readonly target: string | undefined;
  readonly details: ReadonlyArray<{ readonly code: string; readonly message: string }>;
  readonly headers: Readonly<Record<string, string>>;
  /** Members of the answer beside `error`; none in ARM itself. */
  readonly body: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: string,
    message: string,
    options: {
      target?: string;
      details?: ReadonlyArray<{ code: string; message: string }>;
      headers?: Readonly<Record<string, string>>;
      body?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.target = options.target;
    this.details = options.details ?? [];
    this.headers = options.headers ?? {};
    this.body = options.body ?? {};
  }
}

/** What REST handlers are given and answer, in both dialects: /rest, which wraps values, and /api, which does not. */
import type { Entity, ManagedObject } from '../objects/object.ts';
import { Entity as EntityClass } from '../objects/object.ts';
import type { Session } from '../sessions.ts';
import type { Vcenter } from '../vcenter.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface RestRequest {
  readonly vcenter: Vcenter;
  readonly method: string;
  /** "/rest" or "/api". */
  readonly dialect: 'rest' | 'api';
  /** Below the dialect's root, without com/vmware: "cis/tagging/tag". */
  readonly path: string;
  /** `~action` or `action`. */
  readonly action: string | undefined;
  readonly query: URLSearchParams;
  /** An empty object when there was none. */
  readonly body: { readonly [key: string]: Json };
  readonly session: Session;
}

/** Thrown to answer with an error of the API. */
export class RestError extends Error {
  readonly status: number;
  /** "not_found" */
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

export const notFound = (what: string) => new RestError(404, 'not_found', `${what} was not found.`);
export const invalid = (what: string) => new RestError(400, 'invalid_argument', `${what} is not valid.`);

/** @throws RestError 403 */
export function requireRest(request: RestRequest, privilege: string, object?: ManagedObject): void {
  if (!request.session.may(privilege, object))
    throw new RestError(403, 'unauthorized', `The privilege ${privilege} is missing.`);
}

/** @throws RestError 404 */
export function entityById(vcenter: Vcenter, id: string): Entity {
  const found = vcenter.inventory.find(id);
  if (!(found instanceof EntityClass)) throw notFound(`The object ${id.slice(0, 80)}`);
  return found;
}

/** @throws RestError 400 */
export function textField(body: { readonly [key: string]: Json }, name: string, otherwise?: string): string {
  const value = body[name] ?? otherwise;
  if (typeof value !== 'string' || value.length > 1000) throw invalid(`The field ${name}`);
  return value;
}

export function objectField(
  body: { readonly [key: string]: Json },
  name: string,
): { readonly [key: string]: Json } {
  const value = body[name];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`The field ${name}`);
  return value as { readonly [key: string]: Json };
}

/** @throws RestError 400 */
export function listField(body: { readonly [key: string]: Json }, name: string): readonly Json[] {
  const value = body[name];
  if (!Array.isArray(value)) throw invalid(`The field ${name}`);
  return value;
}

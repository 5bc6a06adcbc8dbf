/** What Graph reads and shows of applications: credentials, filters, and its own words for what is wrong. */
import { X509Certificate } from 'node:crypto';
import type { UnixMillis } from '#core/units.ts';
import { ArmError } from '../arm/provider.ts';
import { iso, isRecord } from '../http.ts';
import type { Person } from './directory.ts';

/** Of each kind, of one application. */
export const CREDENTIALS_MAX = 20;

/** An application object; it can be signed in with once it has a service principal. */
export interface Registered {
  readonly id: string;
  readonly appId: string;
  name: string;
  readonly createdAt: UnixMillis;
  certificates: string[];
  secrets: Array<{
    keyId: string;
    name: string;
    secret: string;
    startsAt: UnixMillis;
    expiresAt: UnixMillis;
  }>;
  principalId: string | undefined;
}

export function secretView({
  keyId,
  name,
  startsAt,
  expiresAt,
  secret,
}: Registered['secrets'][number]): object {
  return {
    keyId,
    displayName: name === '' ? null : name,
    startDateTime: iso(startsAt),
    endDateTime: iso(expiresAt),
    hint: secret.slice(0, 3),
    secretText: null,
  };
}

export function personView({ objectId, userPrincipalName, name }: Person): object {
  return { id: objectId, userPrincipalName, displayName: name, mail: userPrincipalName };
}

/** @throws ArmError 400 for anything that is no list of certificates in DER */
export function certificatesOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > CREDENTIALS_MAX)
    throw bad(`keyCredentials is a list of at most ${CREDENTIALS_MAX}.`);
  return value.map((one: unknown) => {
    const key = isRecord(one) && one['type'] === 'AsymmetricX509Cert' ? one['key'] : undefined;
    if (typeof key !== 'string') throw bad('A key credential has type AsymmetricX509Cert and a key.');
    try {
      return new X509Certificate(Buffer.from(key, 'base64')).toString();
    } catch {
      throw bad('The key is no X.509 certificate in DER, Base64.');
    }
  });
}

export function filterOf(query: URLSearchParams): (one: Registered) => boolean {
  const filter = query.get('$filter');
  if (filter === null || filter === '') return () => true;
  const match =
    /^\s*(?:(appId|displayName|id)\s+eq\s+'([^']*)'|startswith\((displayName),\s*'([^']*)'\)|(servicePrincipalNames|identifierUris)\/any\(\w+:\s*\w+\s+eq\s+'([^']*)'\))\s*$/i.exec(
      filter,
    );
  if (!match) throw bad(`The $filter '${filter.slice(0, 200)}' is not supported.`);
  const [, field, equal, , start, collection, contained] = match;
  if (start !== undefined) return ({ name }) => name.toLowerCase().startsWith(start.toLowerCase());
  if (collection?.toLowerCase() === 'serviceprincipalnames') return ({ appId }) => appId === contained;
  if (collection !== undefined) return () => false;
  const wanted = equal!.toLowerCase();
  return (one) => {
    if (field!.toLowerCase() === 'appid') return one.appId.toLowerCase() === wanted;
    if (field!.toLowerCase() === 'id') return [one.id, one.principalId].includes(wanted);
    return one.name.toLowerCase() === wanted;
  };
}

export function bad(message: string): ArmError {
  return new ArmError(400, 'Request_BadRequest', message);
}

export function missing(id: string): ArmError {
  return new ArmError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id.slice(0, 100)}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

export function notThere(path: string): ArmError {
  return new ArmError(404, 'UnknownError', `Resource not found for the segment '${path.slice(0, 100)}'.`);
}

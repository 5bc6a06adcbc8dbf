/**
 * Shared access signatures: what is signed for each kind, and making them for the service's own grants.
 *
 * @see learn.microsoft.com, rest/api/storageservices/create-service-sas, create-account-sas,
 * create-user-delegation-sas
 */
import type { UnixMillis } from '#core/units.ts';
import { sign } from './shared-key.ts';

/** Decoded query parameters of a signature, by their short names. */
export type SasParameters = ReadonlyMap<string, string>;

/** Version used for signatures that the service makes itself. */
const OWN_VERSION = '2022-11-02';

export interface SasTarget {
  readonly account: string;
  readonly container: string;
  readonly blob?: string | undefined;
}

/** Is this the query of a signature of any kind? */
export function isSas(query: SasParameters): boolean {
  return query.has('sig');
}

export function isAccountSas(query: SasParameters): boolean {
  return query.has('ss') || query.has('srt');
}

export function isUserDelegationSas(query: SasParameters): boolean {
  return query.has('skoid');
}

/** What an account SAS signs. */
export function accountSasStringToSign(account: string, query: SasParameters): string {
  const field = (name: string): string => query.get(name) ?? '';
  const version = field('sv');
  const lines = [account, field('sp'), field('ss'), field('srt'), field('st'), field('se'), field('sip')];
  lines.push(field('spr'), version);
  if (version >= '2020-12-06') lines.push(field('ses'));
  return `${lines.join('\n')}\n`;
}

/** What a service SAS for a container, blob or snapshot signs. */
export function serviceSasStringToSign(target: SasTarget, query: SasParameters): string {
  const field = (name: string): string => query.get(name) ?? '';
  const version = field('sv');
  const lines = [field('sp'), field('st'), field('se'), canonicalName(target, field('sr')), field('si')];
  lines.push(field('sip'), field('spr'), version);
  if (version >= '2018-11-09') lines.push(field('sr'), signedSnapshot(query));
  if (version >= '2020-12-06') lines.push(field('ses'));
  lines.push(...RESPONSE_OVERRIDES.map(field));
  return lines.join('\n');
}

/** What a user delegation SAS signs, with the key of that delegation. */
export function userDelegationSasStringToSign(target: SasTarget, query: SasParameters): string {
  const field = (name: string): string => query.get(name) ?? '';
  const version = field('sv');
  const lines = [field('sp'), field('st'), field('se'), canonicalName(target, field('sr'))];
  lines.push(...DELEGATION_KEY_FIELDS.map(field));
  if (version >= '2020-02-10') lines.push(field('saoid'), field('suoid'), field('scid'));
  if (version >= '2025-07-05') lines.push(field('skdutid'), field('sduoid'));
  lines.push(field('sip'), field('spr'), version, field('sr'), signedSnapshot(query));
  if (version >= '2020-12-06') lines.push(field('ses'));
  // signed request headers and query parameters are not offered; none are signed
  if (version >= '2026-04-06') lines.push('', '');
  lines.push(...RESPONSE_OVERRIDES.map(field));
  return lines.join('\n');
}

/** Signed only where the signature is for that snapshot; others reach snapshots like blobs. */
function signedSnapshot(query: SasParameters): string {
  return query.get('sr') === 'bs' ? (query.get('snapshot') ?? '') : '';
}

/** What a service SAS for a queue signs. */
export function queueSasStringToSign(account: string, queue: string, query: SasParameters): string {
  const field = (name: string): string => query.get(name) ?? '';
  const name = `/queue/${account}/${queue}`;
  return ['sp', 'st', 'se'].map(field).concat(name, ['si', 'sip', 'spr', 'sv'].map(field)).join('\n');
}

/** What a user delegation SAS for a queue signs. */
export function queueDelegationSasStringToSign(account: string, queue: string, query: SasParameters): string {
  const field = (name: string): string => query.get(name) ?? '';
  const name = `/queue/${account}/${queue}`;
  const fields = [...DELEGATION_KEY_FIELDS, 'skdutid', 'sduoid', 'sip', 'spr', 'sv'];
  return ['sp', 'st', 'se'].map(field).concat(name, fields.map(field)).join('\n');
}

/** What a service SAS for a table, or for a range of its keys, signs. */
export function tableSasStringToSign(account: string, table: string, query: SasParameters): string {
  const field = (name: string): string => query.get(name) ?? '';
  const name = `/table/${account}/${table.toLowerCase()}`;
  const fields = ['si', 'sip', 'spr', 'sv', 'spk', 'srk', 'epk', 'erk'];
  return ['sp', 'st', 'se'].map(field).concat(name, fields.map(field)).join('\n');
}

const RESPONSE_OVERRIDES = ['rscc', 'rscd', 'rsce', 'rscl', 'rsct'];
const DELEGATION_KEY_FIELDS = ['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv'];

function canonicalName({ account, container, blob }: SasTarget, resource: string): string {
  const name = `/blob/${account}/${container}`;
  return resource === 'c' || blob === undefined ? name : `${name}/${blob}`;
}

/**
 * The key of a user delegation: derived from the account's secret and the fields it is given for, so that
 * the service has nothing to remember.
 */
export function userDelegationKey(accountKey: string, query: SasParameters): string {
  const fields = DELEGATION_KEY_FIELDS.map((name) => query.get(name) ?? '');
  return sign(accountKey, ['user delegation', ...fields].join('\n'));
}

export interface ServiceSasOptions {
  readonly target: SasTarget;
  readonly accountKey: string;
  /** Letters in the order racwdxltmeop. Left out where a stored policy says it. */
  readonly permissions?: string;
  readonly startsAt?: UnixMillis;
  readonly expiresAt?: UnixMillis;
  /** Name of a stored access policy of the container. */
  readonly policy?: string;
}

/** Query string (without "?") of a service SAS for a container, or for a blob when one is named. */
export function makeServiceSas(options: ServiceSasOptions): string {
  const { target, permissions, startsAt, expiresAt, policy } = options;
  const query = new Map<string, string>([['sv', OWN_VERSION]]);
  if (startsAt !== undefined) query.set('st', sasTime(startsAt));
  if (expiresAt !== undefined) query.set('se', sasTime(expiresAt));
  query.set('sr', target.blob === undefined ? 'c' : 'b');
  if (permissions !== undefined) query.set('sp', permissions);
  if (policy !== undefined) query.set('si', policy);
  query.set('sig', sign(options.accountKey, serviceSasStringToSign(target, query)));
  return [...query].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

/** Whole seconds, as signatures are written. */
export function sasTime(at: UnixMillis): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** Date, or date and time with `Z`. @returns undefined when it is neither */
export function readSasTime(text: string): UnixMillis | undefined {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?Z)?$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

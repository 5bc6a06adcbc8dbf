/**
 * Who may do what: Shared Key, account, service and user delegation signatures, stored access policies, bearer
 * tokens, anonymous readers; the same for blobs, queues and tables, with what differs in `AuthorizationRules`. All
 * of it is judged when a request's head has arrived, before its body.
 *
 * @see learn.microsoft.com, rest/api/storageservices/authorize-requests-to-azure-storage
 */
import type { UnixMillis } from '#core/units.ts';
import type { ServiceName, StorageAccount, StoredPolicy } from './account.ts';
import type { Grant, ServiceOperation } from './operation.ts';
import {
  accountSasStringToSign,
  isAccountSas,
  isSas,
  isUserDelegationSas,
  readSasTime,
  type SasParameters,
  userDelegationKey,
} from './sas.ts';
import { isSignedBy } from './shared-key.ts';
import { type StorageFault, storageFault } from './storage-fault.ts';
import { header, type StorageRequest } from './storage-request.ts';
import { isSignatureVersion } from './versions.ts';

/** What a verified token says; any further claims are the verifier's business. */
export interface TokenClaims {
  readonly oid: string;
  readonly tid: string;
}

/**
 * Checks signature, issuer, times and audience of a bearer token.
 * @param audiences any of these is right
 * @returns the claims, or why the token is refused, in a word that a client may read
 */
export type VerifyToken = (token: string, audiences: readonly string[]) => TokenClaims | string;

/** May the holder of a verified token do this? What a role assignment says. */
export type AllowsToken = (
  claims: TokenClaims,
  what: {
    readonly account: string;
    readonly service: ServiceName;
    /** Container, queue or table. */
    readonly container: string | undefined;
    readonly action: TokenAction;
  },
) => boolean;

export type TokenAction = 'read' | 'write' | 'delete' | 'delegate';

export interface AuthorizationOptions {
  readonly verifyToken: VerifyToken;
  /** Without it, every verified token may do everything. */
  readonly allowsToken?: AllowsToken;
  /** Where to sign in, for the challenge: `https://login.microsoftonline.com/{tenant}/oauth2/authorize`. */
  readonly authorizationUri: string;
  /** How far `x-ms-date` may be from the service's clock. 15 minutes; Infinity where a world's time is not the client's. */
  readonly dateToleranceMs: number;
}

/** In what the services differ. */
export interface AuthorizationRules<R extends StorageRequest, O extends ServiceOperation> {
  readonly service: ServiceName;
  /** What is signed with an account's key, by the scheme of the Authorization header. */
  readonly schemes: Readonly<Record<string, (request: R) => string>>;
  /** What a service SAS for this request's resource signs. @throws StorageFault when `sr` does not fit it */
  serviceSasText(request: R, account: string): string;
  /** The same for a user delegation SAS; absent where there are none. */
  delegationSasText?(request: R, account: string): string;
  /** Stored access policies that can be meant; undefined when the resource is not there. */
  policies(request: R, account: StorageAccount): readonly StoredPolicy[] | undefined;
  /** Can a service SAS reach this operation at all? */
  serviceSasReaches(request: R, operation: O): boolean;
  /** Container, queue or table. */
  container(request: R): string | undefined;
  /** May anybody? Where it is not even to be asked (writing), undefined. */
  isPublic?(request: R, account: StorageAccount, operation: O): boolean | undefined;
}

export const STORAGE_AUDIENCE = 'https://storage.azure.com';

/** @param exists asked only where it decides. @throws StorageFault */
export function authorize<R extends StorageRequest, O extends ServiceOperation>(
  rules: AuthorizationRules<R, O>,
  request: R,
  account: StorageAccount,
  operation: O,
  exists: () => boolean,
  options: AuthorizationOptions,
): Grant {
  const authorization = header(request, 'authorization');
  if (authorization !== undefined) {
    const space = authorization.indexOf(' ');
    const scheme = authorization.slice(0, space);
    const value = authorization.slice(space + 1).trim();
    const textOf = rules.schemes[scheme];
    if (textOf) return checkSharedKey(request, account, value, textOf(request), options);
    if (scheme === 'Bearer') return checkToken(rules, request, account, operation, value, options);
    throw storageFault('InvalidAuthenticationInfo', {
      status: 400,
      text: 'The authentication information was not provided in the correct format. Verify the value of Authorization header.',
    });
  }
  if (isSas(request.query)) return checkSas(rules, request, account, operation, exists);
  const isPublic = rules.isPublic?.(request, account, operation);
  if (isPublic === undefined)
    throw storageFault('NoAuthenticationInformation', { headers: challenge(options) });
  if (!account.settings.allowPublicAccess) throw storageFault('PublicAccessNotPermitted');
  if (!isPublic) throw storageFault('ResourceNotFound');
  return { kind: 'anonymous' };
}

/** May a request come in at all, over this way, at this endpoint? @throws StorageFault */
export function requireReachable(request: StorageRequest, { settings }: StorageAccount): void {
  const { publicAccess, privateEndpointNodes } = settings.network;
  if (!publicAccess && !privateEndpointNodes.includes(request.from))
    throw storageFault('AuthorizationFailure');
  if (!request.isSecondary) return;
  if (settings.redundancy !== 'RA-GRS') throw storageFault('ResourceNotFound');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    throw storageFault('InsufficientAccountPermissions', { text: 'Write operations are not allowed.' });
}

function failed(detail: string): StorageFault {
  return storageFault('AuthenticationFailed', { detail: { AuthenticationErrorDetail: detail } });
}

function checkSharedKey(
  request: StorageRequest,
  account: StorageAccount,
  value: string,
  text: string,
  options: AuthorizationOptions,
): Grant {
  const colon = value.indexOf(':');
  const signature = value.slice(colon + 1);
  if (!account.settings.allowSharedKey) throw storageFault('KeyBasedAuthenticationNotPermitted');
  if (value.slice(0, colon) !== account.name)
    throw failed(`The account being accessed is not ${account.name}.`);
  const sent = header(request, 'x-ms-date') ?? header(request, 'date') ?? '';
  const at = Date.parse(sent);
  if (Number.isNaN(at)) throw failed('The Date header in the request is missing or incorrect.');
  if (Math.abs(at - request.arrivedAt) > options.dateToleranceMs)
    throw failed(`Request date header too old: '${sent.slice(0, 60)}'`);
  if (!isSignedBy(account.keys, text, signature))
    throw failed(
      `The MAC signature found in the HTTP request '${signature.slice(0, 60)}' equals no computed signature. Server used following string to sign: '${masked(text)}'.`,
    );
  return { kind: 'sharedKey' };
}

/** A string to sign holds the query, and with it the signature of a copy source. */
function masked(text: string): string {
  return text
    .replace(/([?&]sig=)[^&\n]*/gi, '$1***')
    .replace(/^(x-ms-copy-source-authorization:)[^\n]*/gim, '$1***');
}

function checkToken<R extends StorageRequest, O extends ServiceOperation>(
  rules: AuthorizationRules<R, O>,
  request: R,
  account: StorageAccount,
  operation: O,
  token: string,
  options: AuthorizationOptions,
): Grant {
  if (!request.isSecure)
    throw failed('Authentication scheme Bearer is not allowed with HTTP. Call the API using HTTPS.');
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  const own = `https://${host}`;
  const verdict = options.verifyToken(token, [STORAGE_AUDIENCE, `${STORAGE_AUDIENCE}/`, own, `${own}/`]);
  if (typeof verdict === 'string')
    throw storageFault('InvalidAuthenticationInfo', {
      detail: { AuthenticationErrorDetail: verdict },
      headers: challenge(options, 'error="invalid_token"'),
    });
  const { permission } = operation;
  const what = {
    account: account.name,
    service: rules.service,
    container: rules.container(request),
    action: actionOf(operation),
  };
  if (permission.keyOnly || (options.allowsToken && !options.allowsToken(verdict, what)))
    throw storageFault('AuthorizationPermissionMismatch');
  return { kind: 'token', objectId: verdict.oid, tenantId: verdict.tid };
}

function actionOf({ name, permission }: ServiceOperation): TokenAction {
  if (permission.action) return permission.action;
  if (name === 'GetUserDelegationKey') return 'delegate';
  if (/^[rlf]/.test(permission.letters)) return 'read';
  return permission.letters.startsWith('d') ? 'delete' : 'write';
}

function challenge(options: AuthorizationOptions, error = ''): Record<string, string> {
  const parts = `authorization_uri=${options.authorizationUri} resource_id=${STORAGE_AUDIENCE}`;
  return { 'WWW-Authenticate': `Bearer ${error === '' ? parts : `${parts} ${error}`}` };
}

function checkSas<R extends StorageRequest, O extends ServiceOperation>(
  rules: AuthorizationRules<R, O>,
  request: R,
  account: StorageAccount,
  operation: O,
  exists: () => boolean,
): Grant {
  const { query } = request;
  const { permission } = operation;
  if (!isSignatureVersion(query.get('sv') ?? '')) throw failed('sv is not a supported version.');
  const grant = isAccountSas(query)
    ? checkAccountSas(request, account)
    : checkServiceSas(rules, request, account);
  const { kind, permissions, startsAt, expiresAt } = grant;
  if (expiresAt === undefined) throw failed('Signature fields not well formed.');
  if ((startsAt !== undefined && request.arrivedAt < startsAt) || request.arrivedAt >= expiresAt)
    throw failed(
      `Signature not valid in the specified time frame: Start [${startsAt === undefined ? '' : new Date(startsAt).toUTCString()}] - Expiry [${new Date(expiresAt).toUTCString()}] - Current [${new Date(request.arrivedAt).toUTCString()}]`,
    );
  const protocols = query.get('spr');
  if (protocols !== undefined && protocols !== 'https' && protocols !== 'https,http')
    throw failed('Signature fields not well formed.');
  if (protocols === 'https' && !request.isSecure) throw storageFault('AuthorizationProtocolMismatch');
  const addresses = query.get('sip');
  if (addresses !== undefined && !isWithin(request.remoteAddress, addresses))
    throw storageFault('AuthorizationSourceIPMismatch');
  // accounts here have no encryption scopes, and a signature may not promise one
  if (query.has('ses')) throw storageFault('EncryptionScopeNotFound');
  if (kind === 'accountSas') {
    if (!query.get('ss')!.includes(rules.service[0]!)) throw storageFault('AuthorizationServiceMismatch');
    if (!query.get('srt')!.includes(permission.level))
      throw storageFault('AuthorizationResourceTypeMismatch');
  } else if (
    permission.accountOnly ||
    permission.level === 's' ||
    !rules.serviceSasReaches(request, operation)
  )
    throw storageFault('AuthorizationPermissionMismatch');
  const has = (letters: string): boolean => [...letters].some((letter) => permissions.includes(letter));
  if (permission.keyOnly) throw storageFault('AuthorizationPermissionMismatch');
  if (
    !has(permission.letters) &&
    !(permission.lettersToCreate && has(permission.lettersToCreate) && !exists())
  )
    throw storageFault('AuthorizationPermissionMismatch');
  return { kind, permissions };
}

interface SasGrant {
  readonly kind: 'accountSas' | 'serviceSas' | 'userDelegationSas';
  readonly permissions: string;
  readonly startsAt: UnixMillis | undefined;
  readonly expiresAt: UnixMillis | undefined;
}

/** Signatures are only as good as the keys they are made with. */
function requireKeysAllowed(account: StorageAccount): void {
  if (!account.settings.allowSharedKey) throw storageFault('KeyBasedAuthenticationNotPermitted');
}

function checkAccountSas({ query }: StorageRequest, account: StorageAccount): SasGrant {
  requireKeysAllowed(account);
  const text = accountSasStringToSign(account.name, query);
  checkSignature(account.keys, text, query);
  if (!query.has('ss') || !query.has('srt') || !query.has('sp'))
    throw failed('Signature fields not well formed.');
  return { kind: 'accountSas', permissions: query.get('sp')!, ...timesOf(query) };
}

function checkServiceSas<R extends StorageRequest, O extends ServiceOperation>(
  rules: AuthorizationRules<R, O>,
  request: R,
  account: StorageAccount,
): SasGrant {
  const { query } = request;
  if (rules.container(request) === undefined) throw failed('The request URI is invalid.');
  if (isUserDelegationSas(query)) {
    if (!rules.delegationSasText) throw failed('User delegation is not offered by this service.');
    const keys = account.keys.map((key) => userDelegationKey(key, query));
    checkSignature(keys, rules.delegationSasText(request, account.name), query);
    const [keyFrom, keyTo] = [readSasTime(query.get('skt') ?? ''), readSasTime(query.get('ske') ?? '')];
    if (
      keyFrom === undefined ||
      keyTo === undefined ||
      request.arrivedAt < keyFrom ||
      request.arrivedAt >= keyTo
    )
      throw failed('The user delegation key is not valid at this time.');
    return { kind: 'userDelegationSas', permissions: query.get('sp') ?? '', ...timesOf(query) };
  }
  requireKeysAllowed(account);
  checkSignature(account.keys, rules.serviceSasText(request, account.name), query);
  const name = query.get('si');
  if (name === undefined)
    return { kind: 'serviceSas', permissions: query.get('sp') ?? '', ...timesOf(query) };
  const policy = rules.policies(request, account)?.find(({ id }) => id === name);
  if (!policy) throw failed('The signed identifier names no stored access policy of the resource.');
  return { kind: 'serviceSas', ...combined(policy, query) };
}

/** A field stands in the signature or in the policy, not in both. */
function combined(
  policy: StoredPolicy,
  query: SasParameters,
): Pick<SasGrant, 'permissions' | 'startsAt' | 'expiresAt'> {
  const own = timesOf(query);
  const twice =
    (policy.permissions !== undefined && query.has('sp')) ||
    (policy.startsAt !== undefined && own.startsAt !== undefined) ||
    (policy.expiresAt !== undefined && own.expiresAt !== undefined);
  if (twice) throw failed('A field is given both in the signature and in the stored access policy.');
  return {
    permissions: policy.permissions ?? query.get('sp') ?? '',
    startsAt: policy.startsAt ?? own.startsAt,
    expiresAt: policy.expiresAt ?? own.expiresAt,
  };
}

function timesOf(query: SasParameters): Pick<SasGrant, 'startsAt' | 'expiresAt'> {
  const time = (name: string): UnixMillis | undefined => {
    const text = query.get(name);
    if (text === undefined) return undefined;
    const at = readSasTime(text);
    if (at === undefined) throw failed(`${name} is not a valid time.`);
    return at;
  };
  return { startsAt: time('st'), expiresAt: time('se') };
}

function checkSignature(keys: readonly string[], text: string, query: SasParameters): void {
  if (!isSignedBy(keys, text, query.get('sig')!))
    throw failed(`Signature did not match. String to sign used was ${text}`);
}

/** `sip`: one IPv4 address, or two with a hyphen. */
function isWithin(address: string, range: string): boolean {
  const [first, last = first] = range.split('-').map(ipv4Number);
  const value = ipv4Number(address.replace(/^::ffff:/, ''));
  return first !== undefined && last !== undefined && value !== undefined && first <= value && value <= last;
}

function ipv4Number(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((number, part) => number * 256 + part, 0);
}

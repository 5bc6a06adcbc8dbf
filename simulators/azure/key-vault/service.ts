/**
 * The data plane of Key Vault: secrets, under the names of vaults. The first request of every client comes
 * without a token, to learn from the challenge where to get one.
 *
 * @see learn.microsoft.com, rest/api/keyvault/secrets; key-vault/general/authentication-requests-and-responses.
 */
import type { IncomingMessage } from 'node:http';
import type { HttpHandler, HttpResponseOut } from '#core/net/http-server.ts';
import { KIB, SECOND, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { Authorization } from '../arm/authorization.ts';
import { splitPath } from '../arm/dispatch.ts';
import { ArmError } from '../arm/provider.ts';
import type { Shelved } from '../arm/resource-shelf.ts';
import { addressesFor, type Cloud, isDirectOrigin } from '../cloud.ts';
import { BadBody, parseJson, readBody, sendJson } from '../http.ts';
import type { IdentityService } from '../identity/service.ts';
import type { TokenFault } from '../identity/tokens.ts';
import { flag, type Reader, shape, text, whole } from '../shape.ts';
import { bundle, item, viewDeleted } from './secret-views.ts';
import type { DeletedSecret, SecretVersion } from './secrets.ts';
import type { KeyVaults, Vault } from './vaults.ts';

export interface KeyVaultServiceOptions {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly identity: IdentityService;
  readonly authorization: Authorization;
  readonly tenantId: string;
  readonly vaults: KeyVaults;
}

export const VAULT_FAULT_POINTS = [
  {
    name: 'azure.keyVault',
    says: 'a request to a vault, after its token was accepted; the subject is "METHOD vault path"',
    answers: ['429', '500', '503'],
  },
] as const;

/** Offered operations, for the coverage ledger. */
export const VAULT_OPERATIONS = [
  'PUT /secrets/{name}',
  'GET /secrets/{name}[/{version}]',
  'PATCH /secrets/{name}/{version}',
  'DELETE /secrets/{name}',
  'GET /secrets',
  'GET /secrets/{name}/versions',
  'GET /deletedsecrets[/{name}]',
  'POST /deletedsecrets/{name}/recover',
  'DELETE /deletedsecrets/{name}',
] as const;

const API_VERSIONS = [
  ...[
    '2016-10-01',
    '7.0',
    '7.1',
    '7.2',
    '7.3',
    '7.4',
    '7.5',
    '7.6',
    '2025-06-01-preview',
    '2025-07-01',
    '2026-04-01',
  ],
];
const BODY_BYTES_MAX = 64 * KIB;
const VALUE_CHARACTERS_MAX = 25_600;
const PAGE_MAX = 25;
const VERSIONS_MAX = 500;
const NAME = /^[0-9a-zA-Z-]{1,127}$/;

/** What each needs: a permission of access policies, and an action of roles. */
const RIGHTS = {
  get: ['get', 'getSecret/action'],
  list: ['list', 'readMetadata/action'],
  set: ['set', 'setSecret/action'],
  delete: ['delete', 'delete'],
  recover: ['recover', 'recover/action'],
  purge: ['purge', 'purge/action'],
  update: ['set', 'update/action'],
} as const;
type Right = keyof typeof RIGHTS;

const tags: Reader<Readonly<Record<string, string>>> = (value, path) => {
  const entries = Object.entries(value as object).map(([name, one]) => [
    name,
    text(256)(one, `${path}.${name}`),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
};
const attributes = shape(
  {},
  {
    enabled: flag,
    exp: whole(0),
    nbf: whole(0),
    created: whole(0),
    updated: whole(0),
    recoveryLevel: text(64),
    recoverableDays: whole(0),
  },
);
const readSet = shape({ value: text(VALUE_CHARACTERS_MAX) }, { contentType: text(255), tags, attributes });
const readUpdate = shape({}, { contentType: text(255), tags, attributes });

interface VaultCall {
  readonly vault: Shelved<Vault>;
  /** Origin of identifiers: the vault's own address as this client spells it. */
  readonly base: string;
  readonly method: string;
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly oid: string;
  readonly now: UnixMillis;
}

export function createKeyVaultService(options: KeyVaultServiceOptions): HttpHandler {
  const { context, cloud, identity, tenantId, vaults } = options;
  context.faults.declare(VAULT_FAULT_POINTS);
  let requests = 0;

  const answer = async (request: IncomingMessage, response: HttpResponseOut): Promise<void> => {
    const host = request.headers.host ?? '';
    const origin = `https://${host}`;
    const url = new URL(request.url ?? '/', origin);
    response.setHeader('x-ms-request-id', context.entropy.uuid('azure.keyVault.request', requests++));
    response.setHeader('x-ms-keyvault-service-version', '1.9.2000.0');
    response.setHeader('Cache-Control', 'no-cache');
    const { name, parts } = placeOf(cloud, origin, host, splitPath(url.pathname));
    const judged = identity.verifyHeader(request.headers.authorization, cloud.audiences.vault);
    if (judged === undefined || typeof judged === 'string') {
      request.resume();
      throw challenge(judged, addressesFor(cloud, origin).login, tenantId, cloud.audiences.vault[0]!);
    }
    const vault = vaults.named(name);
    if (!vault) {
      request.resume();
      throw new ArmError(404, 'VaultNotFound', `The vault '${name}' was not found.`);
    }
    const body = parseJson(request, await readBody(request, BODY_BYTES_MAX));
    const version = url.searchParams.get('api-version') ?? '';
    if (!API_VERSIONS.includes(version))
      throw new ArmError(400, 'BadParameter', `The api-version '${version.slice(0, 40)}' is not supported.`);
    const now = context.clock.wall();
    response.setHeader('x-ms-keyvault-region', vault.location);
    const fault = context.faults.hit('azure.keyVault', `${request.method} ${name} ${url.pathname}`);
    if (fault) {
      const headers =
        fault.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(fault.retryAfterSeconds) };
      throw new ArmError(
        Number(fault.answer),
        fault.answer === '429' ? 'Throttled' : 'ServiceUnavailable',
        'The vault does not answer just now.',
        { headers },
      );
    }
    vault.properties.secrets.forgetOld(vault.properties.retentionDays, now);
    const base = addressesFor(cloud, origin).vault(vault.name.toLowerCase());
    const call: VaultCall = {
      vault,
      base,
      method: request.method ?? '',
      parts,
      query: url.searchParams,
      body,
      oid: judged.oid,
      now,
    };
    const { operation, status, body: given } = route(options, call);
    response.operation = operation;
    sendJson(response, status, given);
  };

  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const fault = faultOf(error, context);
      const inner = fault.target === undefined ? {} : { innererror: { code: fault.target } };
      sendJson(
        response,
        fault.status,
        { error: { code: fault.code, message: fault.message, ...inner } },
        fault.headers,
      );
    });
  };
}

/** Which vault, and the path below it: the vault is the host's first label, or the path's first part. */
function placeOf(cloud: Cloud, origin: string, host: string, parts: readonly string[]) {
  if (!isDirectOrigin(cloud, origin)) return { name: host.split('.')[0] ?? '', parts };
  const isDefault = ['secrets', 'deletedsecrets'].includes(parts[0]?.toLowerCase() ?? '');
  return isDefault
    ? { name: cloud.direct.defaultVault ?? '', parts }
    : { name: parts[0] ?? '', parts: parts.slice(1) };
}

function challenge(
  fault: TokenFault | undefined,
  login: string,
  tenantId: string,
  resource: string,
): ArmError {
  const header = `Bearer authorization="${login}/${tenantId}", resource="${resource}"`;
  const more = fault === undefined ? '' : `, error="invalid_token", error_description="${fault}"`;
  const message =
    fault === undefined
      ? 'AKV10000: Request is missing a Bearer or PoP token.'
      : `AKV10032: Invalid token: ${fault}.`;
  return new ArmError(401, 'Unauthorized', message, { headers: { 'WWW-Authenticate': `${header}${more}` } });
}

interface Answered {
  readonly operation: string;
  readonly status: number;
  readonly body?: unknown;
}

function route({ context, authorization }: KeyVaultServiceOptions, call: VaultCall): Answered {
  const { vault, method, parts, now } = call;
  const [kind = '', name = '', third = '', ...more] = parts;
  const { secrets, retentionDays, purgeProtected } = vault.properties;
  const may = (right: Right) => requireRight(authorization, call, right);
  if (more.length > 0 || (name !== '' && !NAME.test(name))) throw notFound(call);
  const deletedView = (deleted: DeletedSecret) => viewDeleted(call, deleted);
  const findDeleted = (): DeletedSecret => {
    const found = secrets.deleted(retentionDays).find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (found) return found;
    throw new ArmError(404, 'SecretNotFound', `Deleted Secret not found: ${name}`);
  };
  switch (
    `${method} ${kind.toLowerCase()}${name === '' ? '' : '/name'}${third === '' ? '' : `/${third === 'versions' || third === 'recover' ? third : 'version'}`}`
  ) {
    case 'GET secrets':
      may('list');
      return page(
        call,
        'ListSecrets',
        secrets.all().map(({ name: one, current }) => item(call, one, current, false)),
      );
    case 'GET secrets/name/versions': {
      may('list');
      const versions = [...(secrets.versions(name) ?? [])].map((one) => item(call, name, one, true));
      return page(call, 'ListSecretVersions', versions);
    }
    case 'PUT secrets/name': {
      may('set');
      if (secrets.isDeleted(name))
        throw new ArmError(
          409,
          'Conflict',
          `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
          { target: 'ObjectIsDeletedButRecoverable' },
        );
      if ((secrets.versions(name)?.length ?? 0) >= VERSIONS_MAX)
        throw new ArmError(403, 'Forbidden', `A secret has at most ${VERSIONS_MAX} versions here.`);
      const { value, contentType, tags: given = {}, attributes: wanted = {} } = readSet(call.body, '');
      const version: SecretVersion = {
        version: context.entropy.hex(
          32,
          'azure.keyVault.version',
          vault.id,
          name.toLowerCase(),
          secrets.versions(name)?.length ?? 0,
          now,
        ),
        value,
        contentType,
        tags: given,
        enabled: wanted.enabled ?? true,
        expiresAt: seconds(wanted.exp),
        notBefore: seconds(wanted.nbf),
        createdAt: now,
        updatedAt: now,
      };
      secrets.set(name, version);
      return { operation: 'SetSecret', status: 200, body: bundle(call, name, version) };
    }
    case 'GET secrets/name':
    case 'GET secrets/name/version': {
      may('get');
      const found = secrets.find(name, third);
      if (!found) throw secretNotFound(third === '' ? name : `${name}/${third}`);
      if (!found.enabled)
        throw new ArmError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', {
          target: 'SecretDisabled',
        });
      return { operation: 'GetSecret', status: 200, body: bundle(call, name, found) };
    }
    case 'PATCH secrets/name':
    case 'PATCH secrets/name/version': {
      may('update');
      const found = secrets.find(name, third);
      if (!found) throw secretNotFound(third === '' ? name : `${name}/${third}`);
      const { contentType, tags: given, attributes: wanted = {} } = readUpdate(call.body, '');
      if (contentType !== undefined) found.contentType = contentType;
      if (given) found.tags = given;
      if (wanted.enabled !== undefined) found.enabled = wanted.enabled;
      if (wanted.exp !== undefined) found.expiresAt = seconds(wanted.exp);
      if (wanted.nbf !== undefined) found.notBefore = seconds(wanted.nbf);
      found.updatedAt = now;
      const { value: _value, ...shown } = bundle(call, name, found);
      return { operation: 'UpdateSecret', status: 200, body: shown };
    }
    case 'DELETE secrets/name': {
      may('delete');
      if (!secrets.find(name)) throw secretNotFound(name);
      secrets.delete(name, now);
      return { operation: 'DeleteSecret', status: 200, body: deletedView(findDeleted()) };
    }
    case 'GET deletedsecrets':
      may('list');
      return page(call, 'ListDeletedSecrets', secrets.deleted(retentionDays).map(deletedView));
    case 'GET deletedsecrets/name':
      may('get');
      return { operation: 'GetDeletedSecret', status: 200, body: deletedView(findDeleted()) };
    case 'POST deletedsecrets/name/recover': {
      may('recover');
      const { current } = findDeleted();
      secrets.recover(name);
      const { value: _value, ...shown } = bundle(call, name, current);
      return { operation: 'RecoverDeletedSecret', status: 200, body: shown };
    }
    case 'DELETE deletedsecrets/name':
      may('purge');
      findDeleted();
      if (purgeProtected)
        throw new ArmError(
          403,
          'Forbidden',
          'Operation "purge" is not allowed because purge protection is enabled for this vault.',
          { target: 'VaultPurgeProtectionEnabled' },
        );
      secrets.purge(name);
      return { operation: 'PurgeDeletedSecret', status: 204 };
    default:
      throw notFound(call);
  }
}

function requireRight(authorization: Authorization, { vault, oid }: VaultCall, right: Right): void {
  const [permission, action] = RIGHTS[right];
  if (vault.properties.usesRoles) {
    if (authorization.allows({ objectId: oid }, `Microsoft.KeyVault/vaults/secrets/${action}`, vault.id))
      return;
    throw new ArmError(
      403,
      'Forbidden',
      `Caller is not authorized to perform action on resource. If role assignments, deny assignments or role definitions were changed recently, please observe propagation time. Caller: oid=${oid}. Action: 'Microsoft.KeyVault/vaults/secrets/${action}'.`,
      { target: 'ForbiddenByRbac' },
    );
  }
  const policy = vault.properties.policies.find(
    ({ objectId }) => objectId.toLowerCase() === oid.toLowerCase(),
  );
  const given = (policy?.permissions.secrets ?? []).map((one) => one.toLowerCase());
  // "all" gives everything but the right to purge
  if (given.includes(permission) || (given.includes('all') && right !== 'purge')) return;
  throw new ArmError(
    403,
    'Forbidden',
    `The user, group or application 'oid=${oid}' does not have secrets ${permission} permission on key vault '${vault.name};location=${vault.location}'.`,
    { target: 'AccessDenied' },
  );
}

function page({ query, base, parts }: VaultCall, operation: string, all: readonly unknown[]): Answered {
  const top = Number(query.get('maxresults') ?? PAGE_MAX);
  if (!Number.isInteger(top) || top < 1 || top > PAGE_MAX)
    throw new ArmError(
      400,
      'BadParameter',
      `The value of the query parameter maxresults is not in the range 1 to ${PAGE_MAX}.`,
    );
  const start = Number(/^p(\d{1,9})$/.exec(query.get('$skiptoken') ?? 'p0')?.[1] ?? Number.NaN);
  if (Number.isNaN(start)) throw new ArmError(400, 'BadParameter', 'The $skiptoken is not valid.');
  const end = start + top;
  const version = query.get('api-version') ?? '';
  const next = `${base}/${parts.join('/')}?api-version=${version}&$skiptoken=p${end}&maxresults=${top}`;
  return {
    operation,
    status: 200,
    body: { value: all.slice(start, end), nextLink: end < all.length ? next : null },
  };
}

function seconds(value: number | undefined): UnixMillis | undefined {
  return value === undefined ? undefined : value * SECOND;
}

function secretNotFound(what: string): ArmError {
  return new ArmError(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${what} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command.`,
  );
}

function notFound({ method, parts }: VaultCall): ArmError {
  return new ArmError(404, 'NotFound', `There is no operation ${method} /${parts.join('/').slice(0, 200)}.`);
}

function faultOf(error: unknown, { counters }: SimulatorContext): ArmError {
  if (error instanceof ArmError)
    return error.code === 'InvalidRequestContent' ? new ArmError(400, 'BadParameter', error.message) : error;
  if (error instanceof BadBody) return new ArmError(error.status, 'BadParameter', error.message);
  counters.add('bugs.azure');
  return new ArmError(
    500,
    'InternalServerError',
    error instanceof Error ? `${error.name}: ${error.message}` : 'bug',
  );
}

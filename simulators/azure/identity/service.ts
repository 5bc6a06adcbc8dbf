/**
 * Entra ID as clients of Azure see it: metadata, keys, tokens, sign-in by device code; and, for the other
 * services, the judgement of a token.
 */
import type { IncomingMessage } from 'node:http';
import type { HttpHandler, HttpResponseOut } from '#core/net/http-server.ts';
import type { Millis, UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { type Cloud, sameAudience } from '../cloud.ts';
import { BadBody, readBody, sendJson } from '../http.ts';
import { type Application, Directory, type Person } from './directory.ts';
import { type RefusalName, refusalBody, TokenRefused } from './errors.ts';
import { authorizePage, devicePage, type Page } from './sign-in-pages.ts';
import { beginDeviceCode, issueToken, type TokenIssuer } from './token-endpoint.ts';
import { judgeToken, loadSigningKeys, type SigningKey, type TokenClaims, type TokenFault } from './tokens.ts';

export interface IdentityOptions {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly tenantId: string;
  /** Other names of the tenant: "contoso.onmicrosoft.com". */
  readonly tenantDomains?: readonly string[];
  readonly applications: readonly Application[];
  readonly people?: readonly Person[];
  /** Life of access tokens; 3,599 s by default, below 5 min clients stop caching them. */
  readonly tokenLifeMs?: Millis;
}

export interface IdentityService {
  readonly handler: HttpHandler;
  readonly directory: Directory;
  /** Judges a bearer token for a service that answers to `audiences`. */
  verifyToken(token: string, audiences: readonly string[]): TokenClaims | TokenFault;
  /** The same from an Authorization header; undefined when there is none. */
  verifyHeader(
    header: string | undefined,
    audiences: readonly string[],
  ): TokenClaims | TokenFault | undefined;
}

const FORM_BYTES_MAX = 64 * 1024;
const TOKEN_LIFE_MS: Millis = 3_599_000;

export const IDENTITY_FAULT_POINTS = [
  {
    name: 'identity.token',
    says: 'an application is given a token; the subject is its name',
    answers: ['expired', 'invalid_client', '429', '503'],
  },
] as const;

/** Offered operations, for the coverage ledger. */
export const IDENTITY_OPERATIONS = [
  { name: 'GET /{tenant}/v2.0/.well-known/openid-configuration', operation: 'OpenIdConfiguration' },
  { name: 'GET /{tenant}/.well-known/openid-configuration', operation: 'OpenIdConfiguration' },
  { name: 'GET /common/discovery/instance', operation: 'InstanceDiscovery' },
  { name: 'GET /{tenant}/discovery/v2.0/keys', operation: 'SigningKeys' },
  { name: 'POST /{tenant}/oauth2/v2.0/token', operation: 'Token' },
  { name: 'POST /{tenant}/oauth2/token', operation: 'Token' },
  { name: 'POST /{tenant}/oauth2/v2.0/devicecode', operation: 'DeviceCode' },
  { name: 'GET, POST /{tenant}/oauth2/v2.0/authorize', operation: 'AuthorizePage' },
  { name: 'GET, POST /common/oauth2/deviceauth', operation: 'DevicePage' },
] as const;

export function createIdentity(options: IdentityOptions): IdentityService {
  const { context, cloud, tenantId } = options;
  const directory = new Directory(options.applications, options.people ?? []);
  const keys = loadSigningKeys();
  context.faults.declare(IDENTITY_FAULT_POINTS);
  let requests = 0;
  const issuer: TokenIssuer = {
    context,
    cloud,
    tenantId,
    directory,
    keys,
    tokenLifeMs: options.tokenLifeMs ?? TOKEN_LIFE_MS,
    nextId: () => requests++,
  };
  const tenants = new Set([tenantId, ...(options.tenantDomains ?? [])].map((name) => name.toLowerCase()));

  const answer = async (request: IncomingMessage, response: HttpResponseOut): Promise<void> => {
    const host = request.headers.host ?? cloud.loginHosts[0]!;
    const origin = `https://${host}`;
    const now = context.clock.wall();
    const url = new URL(request.url ?? '/', origin);
    const parts = url.pathname.split('/').slice(1);
    const tenant = decodeURIComponent(parts[0] ?? '').toLowerCase();
    const rest = parts.slice(1).join('/').toLowerCase();
    const knownTenant = (refusal: RefusalName): void => {
      if (tenant !== 'common' && tenant !== 'organizations' && !tenants.has(tenant))
        throw new TokenRefused(refusal, tenant);
    };
    response.setHeader('Cache-Control', 'no-store, no-cache');
    response.setHeader('x-ms-request-id', context.entropy.uuid('azure.identity.request', issuer.nextId()));
    const correlationId = guidOf(request.headers['client-request-id']);
    if (correlationId) response.setHeader('client-request-id', correlationId);

    switch (`${request.method} ${rest}`) {
      case 'GET v2.0/.well-known/openid-configuration':
      case 'GET .well-known/openid-configuration':
        response.operation = 'OpenIdConfiguration';
        knownTenant('unknownTenantMetadata');
        return sendJson(
          response,
          200,
          openIdConfiguration(origin, tenant, tenantId, cloud, rest.startsWith('v2.0')),
        );
      case 'GET discovery/instance':
        response.operation = 'InstanceDiscovery';
        return sendJson(response, 200, instanceDiscovery(url, origin, host, cloud));
      case 'GET discovery/v2.0/keys':
      case 'GET discovery/keys':
        response.operation = 'SigningKeys';
        knownTenant('unknownTenantMetadata');
        return sendJson(response, 200, { keys: keys.map((key) => publishedKey(key, cloud, tenantId)) });
      case 'POST oauth2/v2.0/token':
      case 'POST oauth2/token':
      case 'POST oauth2/v2.0/devicecode': {
        response.operation = rest.endsWith('devicecode') ? 'DeviceCode' : 'Token';
        knownTenant('unknownTenant');
        const body = await readBody(request, FORM_BYTES_MAX);
        const tokenRequest = {
          version: rest.includes('v2.0') ? ('v2' as const) : ('v1' as const),
          form: new URLSearchParams(body.toString('utf8')),
          authorization: request.headers.authorization,
          origin,
          now,
        };
        const serve = rest.endsWith('devicecode') ? beginDeviceCode : issueToken;
        return sendJson(response, 200, serve(issuer, tokenRequest));
      }
      case 'GET oauth2/v2.0/authorize':
      case 'POST oauth2/v2.0/authorize':
      case 'GET oauth2/deviceauth':
      case 'POST oauth2/deviceauth': {
        const isDevice = rest.endsWith('deviceauth');
        response.operation = isDevice ? 'DevicePage' : 'AuthorizePage';
        knownTenant('unknownTenant');
        const isSent = request.method === 'POST';
        const body = await readBody(request, FORM_BYTES_MAX);
        const fields = isSent ? new URLSearchParams(body.toString('utf8')) : url.searchParams;
        const nextCode = () => `0.${context.entropy.hex(80, 'azure.identity.code', issuer.nextId())}`;
        return sendPage(
          response,
          isDevice
            ? devicePage(directory, fields, isSent, now)
            : authorizePage(directory, { fields, isSent, now, nextCode }),
        );
      }
      default:
        request.resume();
        response.operation = 'Unknown';
        return sendJson(response, 404, {
          error: 'invalid_request',
          error_description: `AADSTS900561: The endpoint ${request.method} ${url.pathname.slice(0, 200)} is not offered.`,
          error_codes: [900_561],
        });
    }
  };

  const handler: HttpHandler = (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const refused = refusalOf(error, context);
      const ids = {
        entropy: context.entropy,
        n: issuer.nextId(),
        correlationId: guidOf(request.headers['client-request-id']),
        now: context.clock.wall(),
        host: request.headers.host ?? cloud.loginHosts[0]!,
      };
      const retry = refused.refusal.status >= 429 ? { 'Retry-After': '1' } : {};
      sendJson(response, refused.refusal.status, refusalBody(refused, ids), retry);
    });
  };

  const verifyToken = (token: string, audiences: readonly string[]): TokenClaims | TokenFault => {
    const now: UnixMillis = context.clock.wall();
    const judged = judgeToken(token, keys, { tenantId, issuer: `${cloud.tokenIssuer}${tenantId}/`, now });
    if (typeof judged === 'string') return judged;
    return audiences.some((audience) => sameAudience(audience, judged.aud))
      ? judged
      : 'InvalidAuthenticationTokenAudience';
  };
  return {
    handler,
    directory,
    verifyToken,
    verifyHeader(header, audiences) {
      if (header === undefined) return undefined;
      const match = /^Bearer +(\S+)$/i.exec(header);
      return match ? verifyToken(match[1]!, audiences) : 'InvalidAuthenticationToken';
    },
  };
}

function sendPage(response: HttpResponseOut, { status, html = '', location }: Page): void {
  response.statusCode = status;
  if (location !== undefined) response.setHeader('Location', location);
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Content-Security-Policy', "default-src 'none'; form-action *");
  response.setHeader('Content-Length', Buffer.byteLength(html));
  response.end(html);
}

function refusalOf(error: unknown, { counters }: SimulatorContext): TokenRefused {
  if (error instanceof TokenRefused) return error;
  if (error instanceof BadBody || error instanceof URIError)
    return new TokenRefused('badRequest', error.message);
  counters.add('bugs.azure');
  return new TokenRefused('internal', error instanceof Error ? `${error.name}: ${error.message}` : 'bug');
}

/** The issuer stands on the origin that the client used: MSAL refuses any other (azure.md, trap 3). */
function openIdConfiguration(
  origin: string,
  tenant: string,
  tenantId: string,
  cloud: Cloud,
  v2: boolean,
): object {
  const anyTenant = tenant === 'common' || tenant === 'organizations';
  const base = `${origin}/${anyTenant ? tenant : tenantId}`;
  const issuerTenant = anyTenant ? '{tenantid}' : tenantId;
  const version = v2 ? '/v2.0' : '';
  return {
    token_endpoint: `${base}/oauth2${version}/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/discovery${version}/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: v2 ? `${origin}/${issuerTenant}/v2.0` : `${cloud.tokenIssuer}${issuerTenant}/`,
    request_uri_parameter_supported: false,
    authorization_endpoint: `${base}/oauth2${version}/authorize`,
    device_authorization_endpoint: `${base}/oauth2${version}/devicecode`,
    http_logout_supported: true,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'oid', 'tid', 'ver', 'preferred_username', 'name'],
    tenant_region_scope: 'EU',
    cloud_instance_name: cloud.loginHosts[0]!.replace(/^login\./, ''),
    rbac_url: 'https://pas.windows.net',
  };
}

function instanceDiscovery(url: URL, origin: string, host: string, cloud: Cloud): object {
  const asked = url.searchParams.get('authorization_endpoint') ?? '';
  const endpoint = URL.canParse(asked) ? new URL(asked) : undefined;
  // the CLI's query drops the port of the authority, so only the name is compared (azure.md, trap 14)
  const isDirect = /^(?:127\.0\.0\.1|localhost)$/.test(endpoint?.hostname ?? '') && cloud.direct.login;
  const known = [...cloud.loginHosts, host.replace(/:\d+$/, '')];
  if (!endpoint || !(isDirect || known.includes(endpoint.hostname)))
    throw new TokenRefused('unknownInstance');
  const tenant = endpoint.pathname.split('/')[1] || 'common';
  return {
    tenant_discovery_endpoint: `${isDirect ? cloud.direct.login : origin}/${tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [
      {
        preferred_network: cloud.loginHosts[0],
        preferred_cache: cloud.loginHosts[1],
        aliases: cloud.loginHosts,
      },
    ],
  };
}

function publishedKey(key: SigningKey, cloud: Cloud, tenantId: string): object {
  const { n, e } = key.publicKey.export({ format: 'jwk' });
  return {
    kty: 'RSA',
    use: 'sig',
    kid: key.kid,
    x5t: key.kid,
    n,
    e,
    x5c: [key.certificate.toString('base64')],
    issuer: `https://${cloud.loginHosts[0]}/${tenantId}/v2.0`,
  };
}

function guidOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)
    ? value
    : undefined;
}

/**
 * The token endpoint, v2.0 and v1: client credentials (secret or assertion), device code, refresh
 * (azure.md, section 3). v1 asks for a `resource` instead of a scope and answers numbers as text.
 */
import { createHash } from 'node:crypto';
import { MINUTE, type Millis, SECOND, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { audiencesOf, type Cloud, sameAudience } from '../cloud.ts';
import { checkAssertion } from './client-assertion.ts';
import type { Application, Directory, Person } from './directory.ts';
import { TokenRefused } from './errors.ts';
import { type SigningKey, signJwt, type TokenClaims } from './tokens.ts';

export interface TokenIssuer {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly tenantId: string;
  readonly directory: Directory;
  readonly keys: readonly SigningKey[];
  readonly tokenLifeMs: Millis;
  /** Number of the request, for identifiers. */
  nextId(): number;
}

const REFRESH_LIFE_MS = 90 * 24 * 60 * MINUTE;
export const DEVICE_CODE_LIFE_SECONDS = 900;

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Scopes that ask for no resource but for other tokens or claims. */
const OPENID_SCOPES = new Set(['openid', 'profile', 'offline_access', 'email']);

export interface TokenRequest {
  readonly version: 'v1' | 'v2';
  readonly form: URLSearchParams;
  /** Value of the Authorization header, which may carry client id and secret (Basic). */
  readonly authorization: string | undefined;
  /** Origin that the client used: `https://login.microsoftonline.com`. */
  readonly origin: string;
  readonly now: UnixMillis;
}

/** Answers a token request. @throws TokenRefused */
export function issueToken(issuer: TokenIssuer, request: TokenRequest): object {
  const grant = request.form.get('grant_type');
  switch (grant) {
    case 'client_credentials': {
      const application = authenticate(issuer, request);
      const scope = clientScope(issuer, request);
      return accessToken(issuer, request, application, undefined, scope);
    }
    case 'refresh_token': {
      const stored = issuer.directory.refreshGrant(required(request.form, 'refresh_token'));
      const clientId = required(request.form, 'client_id');
      if (!stored || stored.clientId.toLowerCase() !== clientId.toLowerCase())
        throw new TokenRefused('badRefreshToken');
      if (stored.expiresAt <= request.now) throw new TokenRefused('refreshTokenExpired');
      const scope = delegatedScope(issuer, request, stored.scope);
      return accessToken(issuer, request, publicOrProven(issuer, request), stored.person, scope);
    }
    case 'authorization_code': {
      const { form, now } = request;
      const taken = issuer.directory.takeCode(required(form, 'code'));
      const clientId = required(form, 'client_id');
      if (!taken || taken.clientId.toLowerCase() !== clientId.toLowerCase())
        throw new TokenRefused('badCode');
      if (taken.expiresAt <= now) throw new TokenRefused('codeExpired');
      if (form.get('redirect_uri') !== taken.redirectUri)
        throw new TokenRefused('badRedirect', form.get('redirect_uri') ?? '');
      const verifier = form.get('code_verifier') ?? '';
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      if (taken.challenge !== undefined && challenge !== taken.challenge)
        throw new TokenRefused('wrongVerifier');
      const application = publicOrProven(issuer, request);
      return accessToken(
        issuer,
        request,
        application,
        taken.person,
        delegatedScope(issuer, request, taken.scope),
      );
    }
    case DEVICE_GRANT: {
      const clientId = required(request.form, 'client_id');
      const signIn = issuer.directory.signIn(required(request.form, 'device_code'));
      if (!signIn || signIn.clientId.toLowerCase() !== clientId.toLowerCase() || signIn.state === 'used')
        throw new TokenRefused('badDeviceCode');
      if (signIn.state === 'declined') throw new TokenRefused('authorizationDeclined');
      if (signIn.expiresAt <= request.now) throw new TokenRefused('deviceCodeExpired');
      if (signIn.state === 'pending') throw new TokenRefused('authorizationPending');
      const { person } = signIn.state;
      signIn.state = 'used';
      const scope = delegatedScope(issuer, request, signIn.scope);
      return accessToken(issuer, request, publicOrProven(issuer, request), person, scope);
    }
    case null:
      throw new TokenRefused('missingParameter', 'grant_type');
    default:
      throw new TokenRefused('unsupportedGrant', grant);
  }
}

/** Begins a sign-in by device code. @throws TokenRefused */
export function beginDeviceCode(issuer: TokenIssuer, request: TokenRequest): object {
  const clientId = required(request.form, 'client_id');
  if (!issuer.directory.application(clientId)) throw new TokenRefused('unknownApplication', clientId);
  const scope = request.form.get('scope') ?? '';
  resourceOf(issuer, scope);
  const n = issuer.nextId();
  const { entropy } = issuer.context;
  const deviceCode = entropy.hex(96, 'azure.identity.deviceCode', n);
  const userCode = [...entropy.bytes(9, 'azure.identity.userCode', n)]
    .map((byte) => 'BCDFGHJKLMNPQRSTVWXZ23456789'[byte % 28])
    .join('');
  issuer.directory.begin({
    deviceCode,
    userCode,
    clientId,
    scope,
    expiresAt: request.now + DEVICE_CODE_LIFE_SECONDS * SECOND,
    state: 'pending',
  });
  return {
    user_code: userCode,
    device_code: deviceCode,
    verification_uri: 'https://microsoft.com/devicelogin',
    expires_in: DEVICE_CODE_LIFE_SECONDS,
    interval: 5,
    message: `To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code ${userCode} to authenticate.`,
  };
}

/** Which application asks, proven by a secret or an assertion. */
function authenticate(issuer: TokenIssuer, request: TokenRequest): Application {
  const { form, now } = request;
  const basic = /^Basic ([\w+/=]+)$/.exec(request.authorization ?? '');
  const [basicId, basicSecret] = basic
    ? Buffer.from(basic[1]!, 'base64').toString('utf8').split(':', 2).map(decodeURIComponentOrNothing)
    : [];
  const clientId = form.get('client_id') ?? basicId;
  if (!clientId) throw new TokenRefused('missingParameter', 'client_id');
  const application = issuer.directory.application(clientId);
  if (!application) throw new TokenRefused('unknownApplication', clientId);
  const assertion = form.get('client_assertion');
  const secret = form.get('client_secret') ?? basicSecret;
  if (assertion) {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE)
      throw new TokenRefused('missingParameter', 'client_assertion_type');
    checkAssertion(assertion, application, tokenEndpoints(issuer, request.origin), now);
    return application;
  }
  if (!secret) throw new TokenRefused('noCredential');
  const added = application.moreSecrets?.find((known) => known.secret === secret);
  if (added && added.expiresAt > now) return application;
  if (added) throw new TokenRefused('expiredSecret', clientId);
  if (application.secret === undefined || secret !== application.secret)
    throw new TokenRefused('wrongSecret', clientId);
  if (application.secretExpiresAt !== undefined && application.secretExpiresAt <= now)
    throw new TokenRefused('expiredSecret', clientId);
  return application;
}

function publicOrProven(issuer: TokenIssuer, request: TokenRequest): Application {
  const clientId = required(request.form, 'client_id');
  const application = issuer.directory.application(clientId);
  if (!application) throw new TokenRefused('unknownApplication', clientId);
  return application.publicClient ? application : authenticate(issuer, request);
}

function tokenEndpoints({ tenantId, cloud }: TokenIssuer, origin: string): string[] {
  return [origin, ...cloud.loginHosts.map((host) => `https://${host}`)].flatMap((base) => [
    `${base}/${tenantId}/oauth2/v2.0/token`,
    `${base}/${tenantId}/oauth2/token`,
    `${base}/${tenantId}`,
  ]);
}

interface Granted {
  /** As the client spelt it; it becomes the token's audience. */
  readonly audience: string;
  /** As answered. */
  readonly scope: string;
}

function clientScope(issuer: TokenIssuer, { version, form }: TokenRequest): Granted {
  if (version === 'v1') {
    const resource = required(form, 'resource');
    return { audience: knownResource(issuer, resource), scope: `${resource}/.default` };
  }
  const scope = required(form, 'scope');
  // exactly "/.default" comes off: a resource may end in a slash, and its audience keeps it
  if (!scope.endsWith('/.default') || scope.includes(' ')) throw new TokenRefused('scopeNotDefault', scope);
  return { audience: knownResource(issuer, scope.slice(0, -'/.default'.length)), scope };
}

function delegatedScope(issuer: TokenIssuer, { version, form }: TokenRequest, granted: string): Granted {
  const scope = version === 'v1' ? `${form.get('resource') ?? ''}/.default` : (form.get('scope') ?? granted);
  const audience = resourceOf(issuer, scope) ?? resourceOf(issuer, granted);
  if (audience === undefined) return { audience: issuer.cloud.audiences.graph[0]!, scope };
  return {
    audience,
    scope: scope.includes('offline_access') || version === 'v1' ? scope : `${scope} ${granted}`,
  };
}

/** The resource that a list of scopes asks for; undefined when it asks for none. */
function resourceOf(issuer: TokenIssuer, scopes: string): string | undefined {
  const resources = scopes
    .split(' ')
    .filter((scope) => scope !== '' && !OPENID_SCOPES.has(scope))
    .map((scope) => knownResource(issuer, scope.slice(0, Math.max(scope.lastIndexOf('/'), 0))));
  if (resources.some((resource) => !sameAudience(resource, resources[0]!)))
    throw new TokenRefused('badScope', 'Scopes of more than one resource were asked for.');
  return resources[0];
}

function knownResource({ cloud }: TokenIssuer, resource: string): string {
  const known = [
    ...Object.values(cloud.audiences).flat(),
    ...audiencesOf(cloud, 'arm'),
    ...audiencesOf(cloud, 'graph'),
  ];
  if (!known.some((audience) => sameAudience(audience, resource)))
    throw new TokenRefused('unknownResource', resource);
  return resource;
}

function accessToken(
  issuer: TokenIssuer,
  { version, now }: TokenRequest,
  application: Application,
  person: Person | undefined,
  { audience, scope }: Granted,
): object {
  const { entropy, faults } = issuer.context;
  const n = issuer.nextId();
  const fault = faults.hit('identity.token', application.name);
  if (fault?.answer === '429') throw new TokenRefused('throttled');
  if (fault?.answer === '503') throw new TokenRefused('unavailable');
  if (fault?.answer === 'invalid_client') throw new TokenRefused('expiredSecret', application.clientId);
  const life = Math.floor(issuer.tokenLifeMs / SECOND);
  // an "expired" fault: the client believes in an hour, the services refuse at once
  const iat = Math.floor(now / SECOND) - (fault?.answer === 'expired' ? life + 1 : 0);
  const expires = Math.floor(now / SECOND) + life;
  const objectId = person?.objectId ?? application.objectId;
  const claims: TokenClaims = {
    aud: audience,
    iss: `${issuer.cloud.tokenIssuer}${issuer.tenantId}/`,
    iat,
    nbf: iat,
    exp: iat + life,
    appid: application.clientId,
    appidacr: person ? '0' : '1',
    idp: `${issuer.cloud.tokenIssuer}${issuer.tenantId}/`,
    ...(person
      ? { upn: person.userPrincipalName, name: person.name, scp: 'user_impersonation' }
      : { idtyp: 'app' }),
    oid: objectId,
    sub: objectId,
    tid: issuer.tenantId,
    uti: entropy.hex(22, 'azure.identity.uti', n),
    ver: '1.0',
  };
  const number = (value: number) => (version === 'v1' ? String(value) : value);
  const scopes = scope.split(' ');
  let refreshToken: string | undefined;
  if (person && (version === 'v1' || scopes.includes('offline_access'))) {
    refreshToken = `0.${entropy.hex(120, 'azure.identity.refresh', n)}`;
    const grant = { clientId: application.clientId, person, scope, expiresAt: now + REFRESH_LIFE_MS };
    issuer.directory.keepRefreshToken(refreshToken, grant);
  }
  return {
    token_type: 'Bearer',
    ...(person ? { scope } : {}),
    expires_in: number(life),
    ext_expires_in: number(life),
    ...(version === 'v1'
      ? { expires_on: String(expires), not_before: String(Math.floor(now / SECOND)), resource: audience }
      : {}),
    access_token: signJwt(claims, issuer.keys[0]!),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(person && scopes.includes('openid')
      ? { id_token: idToken(issuer, application, person, now), client_info: clientInfo(issuer, person) }
      : {}),
  };
}

function idToken(issuer: TokenIssuer, application: Application, person: Person, now: UnixMillis): string {
  const iat = Math.floor(now / SECOND);
  const claims = {
    aud: application.clientId,
    iss: `https://${issuer.cloud.loginHosts[0]}/${issuer.tenantId}/v2.0`,
    iat,
    nbf: iat,
    exp: iat + Math.floor(issuer.tokenLifeMs / SECOND),
    name: person.name,
    oid: person.objectId,
    preferred_username: person.userPrincipalName,
    sub: person.objectId,
    tid: issuer.tenantId,
    ver: '2.0',
  };
  return signJwt(claims, issuer.keys[0]!);
}

function clientInfo({ tenantId }: TokenIssuer, person: Person): string {
  return Buffer.from(JSON.stringify({ uid: person.objectId, utid: tenantId })).toString('base64url');
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (!value) throw new TokenRefused('missingParameter', name);
  return value;
}

function decodeURIComponentOrNothing(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

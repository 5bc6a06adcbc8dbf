/** The refusals of the token service: HTTP status, OAuth error and AADSTS code, in one table (azure.md, section 3). */
import type { Entropy } from '#core/entropy/entropy.ts';
import { SECOND, type UnixMillis } from '#core/units.ts';

interface Refusal {
  readonly status: 400 | 401 | 429 | 500 | 503;
  readonly error: string;
  readonly code: number;
  readonly text: string;
}

/** `{0}` stands for the detail given where the refusal is made; it is never a secret. */
export const REFUSALS = {
  wrongSecret: {
    status: 401,
    error: 'invalid_client',
    code: 7000215,
    text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'.",
  },
  expiredSecret: {
    status: 401,
    error: 'invalid_client',
    code: 7000222,
    text: "The provided client secret keys for app '{0}' are expired.",
  },
  noCredential: {
    status: 401,
    error: 'invalid_client',
    code: 7000218,
    text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  },
  badAssertion: {
    status: 401,
    error: 'invalid_client',
    code: 700027,
    text: 'The certificate with identifier used to sign the client assertion is not registered on application. [Reason - {0}]',
  },
  expiredAssertion: {
    status: 401,
    error: 'invalid_client',
    code: 700024,
    text: 'Client assertion is not within its valid time range.',
  },
  unknownApplication: {
    status: 400,
    error: 'unauthorized_client',
    code: 700016,
    text: "Application with identifier '{0}' was not found in the directory.",
  },
  unknownResource: {
    status: 400,
    error: 'invalid_resource',
    code: 500011,
    text: 'The resource principal named {0} was not found in the tenant.',
  },
  unknownTenant: {
    status: 400,
    error: 'invalid_request',
    code: 90002,
    text: "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
  },
  unknownTenantMetadata: {
    status: 400,
    error: 'invalid_tenant',
    code: 90002,
    text: "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
  },
  unknownInstance: {
    status: 400,
    error: 'invalid_instance',
    code: 50049,
    text: 'Unknown or invalid instance.',
  },
  scopeNotDefault: {
    status: 400,
    error: 'invalid_scope',
    code: 1002012,
    text: 'The provided value for scope {0} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).',
  },
  badScope: {
    status: 400,
    error: 'invalid_scope',
    code: 70011,
    text: "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. {0}",
  },
  missingParameter: {
    status: 400,
    error: 'invalid_request',
    code: 900144,
    text: "The request body must contain the following parameter: '{0}'.",
  },
  unsupportedGrant: {
    status: 400,
    error: 'unsupported_grant_type',
    code: 70003,
    text: "The app requested an unsupported grant type '{0}'.",
  },
  badRequest: { status: 400, error: 'invalid_request', code: 900561, text: '{0}' },
  authorizationPending: {
    status: 400,
    error: 'authorization_pending',
    code: 70016,
    text: 'OAuth 2.0 device flow error. Authorization is pending. Continue polling.',
  },
  authorizationDeclined: {
    status: 400,
    error: 'authorization_declined',
    code: 70018,
    text: 'The user declined the request.',
  },
  badDeviceCode: {
    status: 400,
    error: 'bad_verification_code',
    code: 70019,
    text: 'The verification code is not known.',
  },
  deviceCodeExpired: {
    status: 400,
    error: 'expired_token',
    code: 70020,
    text: 'The provided value for the input parameter device_code is not valid. This device code has expired.',
  },
  badRefreshToken: {
    status: 400,
    error: 'invalid_grant',
    code: 70000,
    text: 'The provided value for the refresh token is not valid.',
  },
  refreshTokenExpired: {
    status: 400,
    error: 'invalid_grant',
    code: 700082,
    text: 'The refresh token has expired due to inactivity.',
  },
  badCode: {
    status: 400,
    error: 'invalid_grant',
    code: 54005,
    text: 'OAuth2 Authorization code was already redeemed or is not known, please retry with a new valid code.',
  },
  codeExpired: {
    status: 400,
    error: 'invalid_grant',
    code: 70008,
    text: 'The provided authorization code is expired. Send a new interactive authorization request.',
  },
  wrongVerifier: {
    status: 400,
    error: 'invalid_grant',
    code: 501481,
    text: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  },
  badRedirect: {
    status: 400,
    error: 'invalid_request',
    code: 50011,
    text: "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the application.",
  },
  wrongPassword: {
    status: 400,
    error: 'invalid_grant',
    code: 50126,
    text: 'Error validating credentials due to invalid username or password.',
  },
  throttled: {
    status: 429,
    error: 'temporarily_unavailable',
    code: 50196,
    text: 'The server terminated an operation because it encountered a client request loop.',
  },
  unavailable: {
    status: 503,
    error: 'temporarily_unavailable',
    code: 90033,
    text: 'A transient error has occurred. Please try again.',
  },
  internal: {
    status: 500,
    error: 'server_error',
    code: 50000,
    text: 'There was an error issuing a token. {0}',
  },
} as const satisfies Record<string, Refusal>;

export type RefusalName = keyof typeof REFUSALS;

export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly refusal: Refusal;

  constructor(name: RefusalName, detail = '') {
    const refusal = REFUSALS[name];
    super(refusal.text.replace('{0}', detail.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)));
    this.refusal = refusal;
  }
}

/** The body of a refusal. @param n number of the request, for its ids. */
export function refusalBody(
  { refusal, message }: TokenRefused,
  ids: { entropy: Entropy; n: number; correlationId: string | undefined; now: UnixMillis; host: string },
): object {
  const timestamp = `${new Date(Math.floor(ids.now / SECOND) * SECOND).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const traceId = ids.entropy.uuid('azure.identity.trace', ids.n);
  const correlationId = ids.correlationId ?? ids.entropy.uuid('azure.identity.correlation', ids.n);
  return {
    error: refusal.error,
    error_description: `AADSTS${refusal.code}: ${message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [refusal.code],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `https://${ids.host}/error?code=${refusal.code}`,
  };
}

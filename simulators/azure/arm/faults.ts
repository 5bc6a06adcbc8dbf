/**
 * ARM's own refusals in one table (azure.md, section 4). Only the version and missing-group errors have a
 * citation there; the others are what ARM is commonly known to send, and stand here to be easy to change.
 */
import type { UnixMillis } from '#core/units.ts';
import type { TokenFault } from '../identity/tokens.ts';
import { ArmError, type ArmRequest } from './provider.ts';

const TOKEN_FAULT_TEXT: Readonly<Record<TokenFault, string>> = {
  InvalidAuthenticationToken: 'The access token is invalid.',
  ExpiredAuthenticationToken: 'The access token expiry has passed. Obtain a new token and try again.',
  InvalidAuthenticationTokenAudience:
    "The access token has been obtained for the wrong audience or resource. It should exactly match with one of the allowed audiences '{0}'.",
  InvalidAuthenticationTokenTenant: 'The access token is from the wrong issuer: its tenant is not this one.',
};

/** What a client is told that came without a good token. */
export interface Challenge {
  /** Origin of the sign-in service. */
  readonly login: string;
  readonly tenantId: string;
  readonly audiences: readonly string[];
}

export function unauthenticated(fault: TokenFault | undefined, at: Challenge): ArmError {
  const code = fault ?? 'AuthenticationFailed';
  const text =
    fault === undefined
      ? "Authentication failed. The 'Authorization' header is missing."
      : TOKEN_FAULT_TEXT[fault].replace('{0}', at.audiences.join(','));
  const challenge = `Bearer authorization_uri="${at.login}/${at.tenantId}", error="invalid_token", error_description="${text}"`;
  return new ArmError(401, code, text, { headers: { 'WWW-Authenticate': challenge } });
}

export function forbidden(
  principal: { objectId: string; appId: string },
  action: string,
  scope: string,
): ArmError {
  return new ArmError(
    403,
    'AuthorizationFailed',
    `The client '${principal.appId}' with object id '${principal.objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

export function missingApiVersion(): ArmError {
  return new ArmError(
    400,
    'MissingApiVersionParameter',
    'The api-version query parameter (?api-version=) is required for all requests.',
  );
}

/** For ARM's own types. */
export function invalidApiVersion(version: string, supported: readonly string[]): ArmError {
  return new ArmError(
    400,
    'InvalidApiVersionParameter',
    `The api-version '${version}' is invalid. The supported versions are '${supported.join(',')}'.`,
  );
}

/** For a provider's types. */
export function noRegisteredProvider(
  type: string,
  version: string,
  supported: readonly string[],
  location: string,
): ArmError {
  return new ArmError(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for location '${location}' and API version '${version}' for type '${type}'. The supported api-versions are '${supported.join(', ')}'.`,
  );
}

export function invalidResourceType(namespace: string, type: string, version: string): ArmError {
  return new ArmError(
    400,
    'InvalidResourceType',
    `The resource type '${type}' could not be found in the namespace '${namespace}' for api version '${version}'.`,
  );
}

export function invalidNamespace(namespace: string): ArmError {
  return new ArmError(404, 'InvalidResourceNamespace', `The resource namespace '${namespace}' is invalid.`);
}

export function notRegistered(namespace: string): ArmError {
  return new ArmError(
    409,
    'MissingSubscriptionRegistration',
    `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`,
  );
}

export function subscriptionNotFound(subscriptionId: string): ArmError {
  return new ArmError(
    404,
    'SubscriptionNotFound',
    `The subscription '${subscriptionId}' could not be found.`,
  );
}

export function groupNotFound(group: string): ArmError {
  return new ArmError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);
}

/** What a provider throws when the resource that was asked for does not exist. */
export function resourceNotFound(request: ArmRequest, namespace: string): ArmError {
  const parts = request.type.split('/');
  const path = parts.map((part, i) => `${part}/${request.names[i] ?? ''}`).join('/');
  return new ArmError(
    404,
    'ResourceNotFound',
    `The Resource '${namespace}/${path}' under resource group '${request.resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

export function parentNotFound(id: string): ArmError {
  return new ArmError(
    404,
    'ParentResourceNotFound',
    `Failed to perform operation on a nested resource. The parent resource '${id}' could not be found.`,
  );
}

export function methodNotAllowed(method: string, type: string): ArmError {
  return new ArmError(
    405,
    'HttpMethodNotSupported',
    `The requested resource of type '${type}' does not support HTTP method '${method}'.`,
  );
}

export function unknownAction(method: string, path: string): ArmError {
  return new ArmError(404, 'InvalidResourceType', `There is no operation ${method} on '${path}'.`);
}

export function preconditionFailed(id: string): ArmError {
  return new ArmError(
    412,
    'PreconditionFailed',
    `The condition '${id}' supplied in the request was not met: the resource has changed since it was read.`,
  );
}

export function badRequest(message: string, target?: string): ArmError {
  return new ArmError(400, 'BadRequest', message, target === undefined ? {} : { target });
}

/** A property that is missing or not what the type says. */
export function invalidProperty(path: string, rule: string): ArmError {
  return new ArmError(400, 'InvalidRequestContent', `The property '${path}' is not valid: ${rule}.`, {
    target: path,
  });
}

export function conflict(code: string, message: string): ArmError {
  return new ArmError(409, code, message);
}

export function throttled(what: string, retryAt: UnixMillis, now: UnixMillis): ArmError {
  const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
  return new ArmError(
    429,
    'SubscriptionRequestsThrottled',
    `Number of ${what} for the subscription exceeded the given limit. Please try again after '${seconds}' seconds.`,
    { headers: { 'Retry-After': String(seconds) } },
  );
}

/** The body of every refusal. */
export function errorBody(error: ArmError): object {
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.target === undefined ? {} : { target: error.target }),
      ...(error.details.length === 0 ? {} : { details: error.details }),
    },
    ...error.body,
  };
}

/**
 * The directory's own API (Microsoft Graph v1.0), as far as an appliance and command-line tools register
 * applications with it: applications, their certificates and secrets, service principals, who I am.
 *
 * @see learn.microsoft.com, graph/api/application-post-applications, serviceprincipal-post-serviceprincipals.
 */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { HttpHandler, HttpResponseOut } from '#core/net/http-server.ts';
import { DAY, KIB, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { splitPath } from '../arm/dispatch.ts';
import { ArmError } from '../arm/provider.ts';
import { audiencesOf, type Cloud } from '../cloud.ts';
import { BadBody, iso, isRecord, parseJson, readBody, sendJson } from '../http.ts';
import type { Application, Directory } from './directory.ts';
import {
  bad,
  CREDENTIALS_MAX,
  certificatesOf,
  filterOf,
  missing,
  notThere,
  personView,
  type Registered,
  secretView,
} from './graph-words.ts';
import type { IdentityService } from './service.ts';

export interface GraphOptions {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly identity: IdentityService;
  readonly tenantId: string;
}

/** Offered operations, for the coverage ledger. */
export const GRAPH_OPERATIONS = [
  'GET /v1.0/me',
  'GET, POST /v1.0/applications',
  'GET, PATCH, DELETE /v1.0/applications/{id}',
  'POST /v1.0/applications/{id}/addPassword',
  'GET, POST /v1.0/servicePrincipals',
  'GET, DELETE /v1.0/servicePrincipals/{id}',
  'GET /v1.0/users[/{id}]',
  'POST /v1.0/directoryObjects/getByIds',
] as const;

const BODY_BYTES_MAX = 256 * KIB;
const APPLICATIONS_MAX = 1_000;
const SECRET_LIFE_MS = 365 * DAY;

interface GraphCall {
  readonly method: string;
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  /** Object id of who asks, and whether an application does. */
  readonly oid: string;
  readonly now: UnixMillis;
}

interface Answered {
  readonly status: number;
  readonly body?: unknown;
}

export function createGraph(options: GraphOptions): HttpHandler {
  const { context, cloud, identity } = options;
  const registry = new Registry(options);
  let requests = 0;
  const answer = async (request: IncomingMessage, response: HttpResponseOut): Promise<Answered> => {
    response.setHeader('request-id', context.entropy.uuid('azure.graph.request', requests++));
    const judged = identity.verifyHeader(request.headers.authorization, audiencesOf(cloud, 'graph'));
    if (judged === undefined || typeof judged === 'string') {
      request.resume();
      throw new ArmError(
        401,
        'InvalidAuthenticationToken',
        `Access token is not accepted: ${judged ?? 'none'}.`,
        {
          headers: { 'WWW-Authenticate': 'Bearer realm=""' },
        },
      );
    }
    const url = new URL((request.url ?? '/').replace(/^\/{2,}/, '/'), 'https://graph');
    const [version, ...parts] = splitPath(url.pathname);
    const body = parseJson(request, await readBody(request, BODY_BYTES_MAX)) ?? {};
    if (!isRecord(body)) throw bad('The body is not an object.');
    response.operation = `${request.method} ${parts[0] ?? ''}`;
    if (version !== 'v1.0') throw notThere(url.pathname);
    const now = context.clock.wall();
    return registry.answer({
      method: request.method ?? '',
      parts,
      query: url.searchParams,
      body,
      oid: judged.oid,
      now,
    });
  };
  return (request, response) => {
    answer(request, response).then(
      ({ status, body }) => sendJson(response, status, body),
      (error: unknown) => {
        const fault = faultOf(error, context);
        const inner = {
          date: iso(context.clock.wall()).slice(0, 19),
          'request-id': String(response.getHeader('request-id')),
        };
        sendJson(
          response,
          fault.status,
          { error: { code: fault.code, message: fault.message, innerError: inner } },
          fault.headers,
        );
      },
    );
  };
}

class Registry {
  readonly #context: SimulatorContext;
  readonly #directory: Directory;
  readonly #tenantId: string;
  readonly #registered = new Map<string, Registered>();

  constructor({ context, identity, tenantId }: GraphOptions) {
    this.#context = context;
    this.#directory = identity.directory;
    this.#tenantId = tenantId;
    for (const application of identity.directory.ownApplications()) {
      const { clientId, name, objectId, certificates = [] } = application;
      const id = context.entropy.uuid('azure.graph.application', clientId);
      const known = { id, appId: clientId, name, createdAt: 0, certificates: [...certificates], secrets: [] };
      this.#registered.set(id, { ...known, principalId: objectId });
    }
  }

  answer(call: GraphCall): Answered {
    const [kind = '', id = '', action = '', ...more] = call.parts;
    if (more.length > 0) throw notThere(call.parts.join('/'));
    switch (kind.toLowerCase()) {
      case 'me': {
        const person = this.#directory.people().find(({ objectId }) => objectId === call.oid);
        if (!person) throw bad('/me request is only valid with delegated authentication flow.');
        return { status: 200, body: personView(person) };
      }
      case 'applications':
        return this.#applications(call, id, action);
      case 'serviceprincipals':
        return this.#principals(call, id, action);
      case 'users': {
        const people = this.#directory.people();
        if (id === '') return list(people.map(personView));
        const wanted = id.toLowerCase();
        const found = people.find((one) =>
          [one.objectId, one.userPrincipalName].some((name) => name.toLowerCase() === wanted),
        );
        if (!found) throw missing(id);
        return { status: 200, body: personView(found) };
      }
      case 'directoryobjects':
        if (id.toLowerCase() === 'getbyids' && call.method === 'POST') return this.#byIds(call);
        throw notThere(call.parts.join('/'));
      default:
        throw notThere(call.parts.join('/'));
    }
  }

  #applications(call: GraphCall, id: string, action: string): Answered {
    const { method, body, now } = call;
    if (id === '') {
      if (method === 'GET')
        return list(
          [...this.#registered.values()].filter(filterOf(call.query)).map((one) => this.#view(one)),
        );
      requireMethod(method, 'POST');
      this.#requireWriter(call);
      if (this.#registered.size >= APPLICATIONS_MAX) throw bad('The directory is full.');
      const name = body['displayName'];
      if (typeof name !== 'string' || name === '' || name.length > 256)
        throw bad('displayName is missing or too long.');
      const n = this.#registered.size;
      const { entropy } = this.#context;
      const made: Registered = {
        id: entropy.uuid('azure.graph.application', name, n, now),
        appId: entropy.uuid('azure.graph.appId', name, n, now),
        name,
        createdAt: now,
        certificates: certificatesOf(body['keyCredentials']),
        secrets: [],
        principalId: undefined,
      };
      this.#registered.set(made.id, made);
      return { status: 201, body: this.#view(made) };
    }
    const found = this.#registered.get(id.toLowerCase());
    if (!found) throw missing(id);
    if (action !== '') {
      if (action.toLowerCase() !== 'addpassword') throw notThere(call.parts.join('/'));
      requireMethod(method, 'POST');
      this.#requireWriter(call);
      return this.#addPassword(found, call);
    }
    if (method === 'GET') return { status: 200, body: this.#view(found) };
    this.#requireWriter(call);
    if (method === 'DELETE') {
      this.#registered.delete(found.id);
      this.#directory.forget(found.appId);
      return { status: 204 };
    }
    requireMethod(method, 'PATCH');
    if (typeof body['displayName'] === 'string') found.name = body['displayName'].slice(0, 256);
    if (body['keyCredentials'] !== undefined) found.certificates = certificatesOf(body['keyCredentials']);
    this.#publish(found);
    return { status: 204 };
  }

  #addPassword(found: Registered, { body, now }: GraphCall): Answered {
    if (found.secrets.length >= CREDENTIALS_MAX)
      throw bad(`An application has at most ${CREDENTIALS_MAX} secrets.`);
    const asked = isRecord(body['passwordCredential']) ? body['passwordCredential'] : {};
    const until =
      typeof asked['endDateTime'] === 'string' ? Date.parse(asked['endDateTime']) : now + SECRET_LIFE_MS;
    if (!(until > now)) throw bad('endDateTime is no time to come.');
    const n = found.secrets.length;
    const { entropy } = this.#context;
    const added = {
      keyId: entropy.uuid('azure.graph.keyId', found.appId, n, now),
      name: typeof asked['displayName'] === 'string' ? asked['displayName'].slice(0, 128) : '',
      secret: entropy.hex(40, 'azure.graph.secret', found.appId, n, now),
      startsAt: now,
      expiresAt: until,
    };
    found.secrets.push(added);
    this.#publish(found);
    // the only time that it is told
    return { status: 200, body: { ...secretView(added), secretText: added.secret } };
  }

  #principals(call: GraphCall, id: string, action: string): Answered {
    const { method, body } = call;
    const principals = [...this.#registered.values()].filter(({ principalId }) => principalId !== undefined);
    if (action !== '') throw notThere(call.parts.join('/'));
    if (id === '') {
      if (method === 'GET')
        return list(principals.filter(filterOf(call.query)).map((one) => this.#principalView(one)));
      requireMethod(method, 'POST');
      this.#requireWriter(call);
      const found = [...this.#registered.values()].find(({ appId }) => appId === body['appId']);
      if (!found)
        throw bad(
          `When using this permission, the backing application of the service principal being created must in the local tenant: ${String(body['appId']).slice(0, 60)}.`,
        );
      if (found.principalId !== undefined)
        throw new ArmError(
          409,
          'Request_MultipleObjectsWithSameKeyValue',
          `The service principal cannot be created: one for ${found.appId} exists.`,
        );
      found.principalId = this.#context.entropy.uuid('azure.graph.principal', found.appId);
      this.#publish(found);
      return { status: 201, body: this.#principalView(found) };
    }
    const found = principals.find(({ principalId }) => principalId?.toLowerCase() === id.toLowerCase());
    if (!found) throw missing(id);
    if (method === 'GET') return { status: 200, body: this.#principalView(found) };
    requireMethod(method, 'DELETE');
    this.#requireWriter(call);
    found.principalId = undefined;
    this.#directory.forget(found.appId);
    return { status: 204 };
  }

  #byIds({ body }: GraphCall): Answered {
    const ids = Array.isArray(body['ids'])
      ? body['ids'].slice(0, 1_000).map((id) => String(id).toLowerCase())
      : [];
    const principals = [...this.#registered.values()].filter(({ principalId }) =>
      ids.includes(String(principalId).toLowerCase()),
    );
    const people = this.#directory.people().filter(({ objectId }) => ids.includes(objectId.toLowerCase()));
    return list([
      ...principals.map((one) => ({
        '@odata.type': '#microsoft.graph.servicePrincipal',
        ...this.#principalView(one),
      })),
      ...people.map((one) => ({ '@odata.type': '#microsoft.graph.user', ...personView(one) })),
    ]);
  }

  /** People may register applications, as tenants allow by default; applications when they were given the right. */
  #requireWriter({ oid }: GraphCall): void {
    const isPerson = this.#directory.people().some(({ objectId }) => objectId === oid);
    const application = this.#directory.ownApplications().find(({ objectId }) => objectId === oid);
    if (!isPerson && !application?.managesApplications)
      throw new ArmError(
        403,
        'Authorization_RequestDenied',
        'Insufficient privileges to complete the operation.',
      );
  }

  /** What can be signed in with follows. */
  #publish({ appId, principalId, name, certificates, secrets }: Registered): void {
    if (principalId === undefined) return;
    const before = this.#directory.application(appId);
    const application: Application = {
      ...before,
      clientId: appId,
      objectId: principalId,
      name,
      certificates,
      moreSecrets: secrets.map(({ secret, expiresAt }) => ({ secret, expiresAt })),
    };
    this.#directory.register(application);
  }

  #view(one: Registered): object {
    return {
      id: one.id,
      appId: one.appId,
      displayName: one.name,
      createdDateTime: iso(one.createdAt),
      signInAudience: 'AzureADMyOrg',
      identifierUris: [],
      keyCredentials: one.certificates.map((pem) => this.#certificateView(pem)),
      passwordCredentials: one.secrets.map(secretView),
    };
  }

  #certificateView(pem: string): object {
    const certificate = new X509Certificate(pem);
    return {
      customKeyIdentifier: certificate.fingerprint.replaceAll(':', ''),
      keyId: this.#context.entropy.uuid('azure.graph.certificate', certificate.fingerprint256),
      type: 'AsymmetricX509Cert',
      usage: 'Verify',
      displayName: certificate.subject,
      startDateTime: iso(Date.parse(certificate.validFrom)),
      endDateTime: iso(Date.parse(certificate.validTo)),
      key: null,
    };
  }

  #principalView({ principalId, appId, name }: Registered): object {
    return {
      id: principalId,
      appId,
      displayName: name,
      appDisplayName: name,
      appOwnerOrganizationId: this.#tenantId,
      servicePrincipalType: 'Application',
      servicePrincipalNames: [appId],
      accountEnabled: true,
    };
  }
}

function list(value: readonly unknown[]): Answered {
  return { status: 200, body: { value } };
}

function requireMethod(method: string, wanted: string): void {
  if (method !== wanted)
    throw new ArmError(405, 'Request_BadRequest', `The method ${method} is not offered here.`);
}

function faultOf(error: unknown, { counters }: SimulatorContext): ArmError {
  if (error instanceof ArmError) return error;
  if (error instanceof BadBody) return new ArmError(error.status, 'Request_BadRequest', error.message);
  counters.add('bugs.azure');
  return new ArmError(
    500,
    'InternalServerError',
    error instanceof Error ? `${error.name}: ${error.message}` : 'bug',
  );
}

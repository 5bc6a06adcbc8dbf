/**
 * Registering servers with a vault, and what it counts: certificates, registered identities, usages, the
 * extended information of a vault (Microsoft.RecoveryServices; arm-recoveryservices 7.2).
 */
import { createHash, X509Certificate } from 'node:crypto';
import { DAY } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import {
  invalidProperty,
  methodNotAllowed,
  parentNotFound,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import type { Cloud } from '../cloud.ts';
import { iso } from '../http.ts';
import { matching, oneOf, shape, text } from '../shape.ts';
import { NAMESPACE, parentOf, vaultOf } from './ids.ts';
import type { VaultResources } from './vault-resources.ts';

export interface VaultRegistrationOptions {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly tenantId: string;
  readonly resources: VaultResources;
  /** How many machines a vault protects, in whatever way, and how many of its jobs are in each state. */
  readonly counts: (vaultId: string) => { protectedItems: number; failedJobs: number; runningJobs: number };
}

const CERTIFICATE_CHARACTERS_MAX = 32_768;
/** An appliance has this long to use what it was given. */
const VALID_MS = 2 * DAY;

const readCertificate = shape({
  properties: shape(
    {
      certificate: matching(
        /^[A-Za-z0-9+/]{1,32768}={0,2}$/,
        `base64 of at most ${CERTIFICATE_CHARACTERS_MAX} characters`,
      ),
    },
    { authType: oneOf('AzureActiveDirectory', 'AAD', 'AccessControlService', 'ACS', 'Invalid') },
  ),
});
const readExtended = shape(
  {
    properties: shape(
      {},
      {
        integrityKey: text(1_024),
        encryptionKey: text(1_024),
        encryptionKeyThumbprint: text(256),
        algorithm: text(64),
      },
    ),
  },
  { id: text(1_024), name: text(256), type: text(256), etag: text(128) },
);

export class VaultRegistration {
  readonly #options: VaultRegistrationOptions;
  /** Names of certificates by vault. */
  readonly #registered = new Map<string, Set<string>>();
  readonly #extended = new Map<string, Readonly<Record<string, unknown>>>();

  constructor(options: VaultRegistrationOptions) {
    this.#options = options;
  }

  /** A server gives its certificate, and is told how to sign in. */
  handleCertificate(request: ArmRequest): ArmAnswer {
    const { method, name, segments, type, now } = request;
    const vault = this.#vault(request);
    if (method !== 'PUT' || name === '' || segments.length > 0)
      throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    const { certificate } = readCertificate(request.body, '').properties;
    const read = certificateOf(certificate);
    this.#of(vault).add(name.toLowerCase());
    const { context, cloud, tenantId } = this.#options;
    const { entropy } = context;
    const id = (what: string) => entropy.uuid('azure.vault.registration', what, vault.toLowerCase());
    return {
      status: 200,
      body: {
        id: `${vault}/certificates/${name}`,
        name,
        type: `${NAMESPACE}/vaults/certificates`,
        properties: {
          authType: 'AzureActiveDirectory',
          aadAuthority: `https://${cloud.loginHosts[0]}`,
          aadTenantId: tenantId,
          servicePrincipalClientId: id('client'),
          servicePrincipalObjectId: id('object'),
          azureManagementEndpointAudience: `${cloud.audiences.arm[0]}/`,
          aadAudience: `${cloud.audiences.replication[0]}/`,
          serviceResourceId: vault,
          resourceId: entropy.below(2 ** 31, 'azure.vault.number', vault.toLowerCase()),
          friendlyName: name,
          certificate,
          ...read,
          ...(read.validFrom === undefined ? { validFrom: iso(now), validTo: iso(now + VALID_MS) } : {}),
        },
      },
    };
  }

  /** A server that is to be known no more. */
  handleIdentity(request: ArmRequest): ArmAnswer {
    const { method, name, segments, type } = request;
    const vault = this.#vault(request);
    if (method !== 'DELETE' || name === '' || segments.length > 0)
      throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    this.#of(vault).delete(name.toLowerCase());
    return { status: 204 };
  }

  handleUsages(request: ArmRequest): ArmAnswer {
    const { method, name, type } = request;
    const vault = this.#vault(request);
    if (method !== 'GET' || name !== '') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    const { protectedItems, failedJobs, runningJobs } = this.#options.counts(vault);
    const servers = this.#of(vault).size;
    if (/replicationUsages$/i.test(type))
      return {
        status: 200,
        body: {
          value: [
            {
              monitoringSummary: {
                unHealthyVmCount: 0,
                unHealthyProviderCount: 0,
                eventsCount: 0,
                deprecatedProviderCount: 0,
                supportedProviderCount: servers,
                unsupportedProviderCount: 0,
              },
              jobsSummary: { failedJobs, suspendedJobs: 0, inProgressJobs: runningJobs },
              protectedItemCount: protectedItems,
              recoveryPlanCount: 0,
              registeredServersCount: servers,
              recoveryServicesProviderAuthType: 1,
            },
          ],
        },
      };
    const usage = (value: string, localizedValue: string, currentValue: number, limit: number) => ({
      unit: 'Count',
      quotaPeriod: 'P1D',
      currentValue,
      limit,
      name: { value, localizedValue },
    });
    return {
      status: 200,
      body: {
        value: [
          usage('RegisteredServers', 'Registered servers', servers, 200),
          usage('ProtectedItems', 'Protected items', protectedItems, 1_000),
        ],
      },
    };
  }

  handleExtended(request: ArmRequest): ArmAnswer {
    const { method, name, segments, type, body } = request;
    const vault = this.#vault(request);
    if (name.toLowerCase() !== 'vaultextendedinfo' || segments.length > 0)
      throw unknownAction(method, `${NAMESPACE}/${type}/${name}`);
    const key = vault.toLowerCase();
    const known = this.#extended.get(key);
    if (method === 'PUT' || method === 'PATCH')
      this.#extended.set(key, { ...(method === 'PATCH' ? known : {}), ...readExtended(body, '').properties });
    else if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    else if (!known) throw resourceNotFound(request, NAMESPACE);
    return {
      status: 200,
      body: {
        id: `${vault}/extendedInformation/vaultExtendedInfo`,
        name: 'vaultExtendedInfo',
        type: `${NAMESPACE}/vaults/extendedInformation`,
        properties: this.#extended.get(key),
      },
    };
  }

  #vault(request: ArmRequest): string {
    const vault = this.#options.resources.find(vaultOf(request));
    if (!vault) throw parentNotFound(parentOf(request));
    return vault.id;
  }

  #of(vault: string): Set<string> {
    const key = vault.toLowerCase();
    let found = this.#registered.get(key);
    if (!found) {
      found = new Set();
      this.#registered.set(key, found);
    }
    return found;
  }
}

/** @throws ArmError 400 for what is no certificate in DER or PEM */
function certificateOf(base64: string) {
  try {
    const bytes = Buffer.from(base64, 'base64');
    const read = new X509Certificate(bytes);
    return {
      thumbprint: createHash('sha1').update(read.raw).digest('hex').toUpperCase(),
      subject: read.subject.replaceAll('\n', ', '),
      issuer: read.issuer.replaceAll('\n', ', '),
      validFrom: iso(Date.parse(read.validFrom)),
      validTo: iso(Date.parse(read.validTo)),
    };
  } catch {
    throw invalidProperty('properties.certificate', 'a certificate in DER or PEM, in base64');
  }
}

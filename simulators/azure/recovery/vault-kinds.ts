/**
 * What can be set up in a vault, kind by kind: how the body of a PUT is read and what the resource shows
 * (azure.md, section 7).
 */
import { badRequest, invalidProperty } from '../arm/faults.ts';
import { isRecord } from '../http.ts';
import { tokenOf } from '../off-azure/sites.ts';
import { list, matching, oneOf, type Reader, shape, text, whole } from '../shape.ts';
import { idOf, isBelow, vaultOf } from './ids.ts';
import type { Kind } from './vault-resources.ts';

const envelope = { id: text(1_024), name: text(256), type: text(256), etag: text(128), eTag: text(128) };

const DAYS_15_MINUTES = 15 * 24 * 60;
const frequencies = {
  recoveryPointHistoryInMinutes: whole(0, DAYS_15_MINUTES),
  crashConsistentFrequencyInMinutes: whole(0, DAYS_15_MINUTES),
  appConsistentFrequencyInMinutes: whole(0, DAYS_15_MINUTES),
};
type Frequencies = Partial<Record<keyof typeof frequencies, number>>;
const policyInput = shape(
  { instanceType: oneOf('VMwareCbt', 'InMageRcm') },
  { ...frequencies, enableMultiVmSync: oneOf('true', 'false') },
);
const readPolicy = shape({ properties: shape({ providerSpecificInput: policyInput }) }, envelope);
const readPolicyUpdate = shape({ properties: shape({ replicationProviderSettings: policyInput }) }, envelope);

/** @throws ArmError 400: application-consistent points must be more frequent than they are forgotten */
function policyDetails(given: ReturnType<typeof policyInput>): Readonly<Record<string, unknown>> {
  const { recoveryPointHistoryInMinutes: history, appConsistentFrequencyInMinutes: app }: Frequencies = given;
  if (history !== undefined && app !== undefined && history > 0 && app > history)
    throw invalidProperty(
      'properties.providerSpecificInput.appConsistentFrequencyInMinutes',
      `at most the ${history} minutes of the history`,
    );
  if (given.instanceType === 'VMwareCbt' && given.enableMultiVmSync !== undefined)
    throw invalidProperty('properties.providerSpecificInput.enableMultiVmSync', 'it is for InMageRcm only');
  return given;
}

export const POLICY: Kind = {
  make: (body, { name }) => ({
    properties: {
      friendlyName: name,
      providerSpecificDetails: policyDetails(readPolicy(body, '').properties.providerSpecificInput),
    },
  }),
  update(body, { properties }) {
    const before = properties['providerSpecificDetails'] as ReturnType<typeof policyInput>;
    const given = readPolicyUpdate(body, '').properties.replicationProviderSettings;
    if (given.instanceType !== before.instanceType)
      throw invalidProperty(
        'properties.replicationProviderSettings.instanceType',
        `it is ${before.instanceType}`,
      );
    return { properties: { ...properties, providerSpecificDetails: policyDetails({ ...before, ...given }) } };
  },
};

function siteId(kind: 'VMwareSites' | 'ServerSites'): Reader<string> {
  const pattern = new RegExp(
    `^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.OffAzure/${kind}/[^/]+$`,
    'i',
  );
  return (value, path) => {
    if (typeof value !== 'string' || value.length > 1_024 || !pattern.test(value))
      throw invalidProperty(
        path,
        kind === 'VMwareSites' ? 'the id of a VMware site' : 'the id of a server site',
      );
    return value;
  };
}

const readAgentless = shape(
  { instanceType: oneOf('VMwareV2'), vmwareSiteId: siteId('VMwareSites') },
  { migrationSolutionId: text(1_024) },
);
const readAgentBased = shape(
  { instanceType: oneOf('InMageRcm') },
  {
    vmwareSiteId: siteId('VMwareSites'),
    physicalSiteId: siteId('ServerSites'),
    sourceAgentIdentity: shape({
      tenantId: text(64),
      applicationId: text(64),
      objectId: text(64),
      audience: text(256),
      aadAuthority: text(256),
    }),
  },
);
/** The kind of a fabric is that of its details; the solution it belongs to is remembered where it is given. */
const readFabric = shape(
  {
    properties: shape({
      customDetails: (value: unknown, path: string) => {
        if (isRecord(value) && value['instanceType'] === 'InMageRcm') {
          const { sourceAgentIdentity, ...details } = readAgentBased(value, path);
          if (details.vmwareSiteId === undefined && details.physicalSiteId === undefined)
            throw invalidProperty(`${path}.vmwareSiteId`, 'a VMware site or a server site must be given');
          return {
            ...details,
            ...(sourceAgentIdentity ? { sourceAgentIdentityDetails: sourceAgentIdentity } : {}),
          };
        }
        return readAgentless(value, path);
      },
    }),
  },
  envelope,
);

export const FABRIC: Kind = {
  make: (body, request) => ({
    properties: {
      friendlyName: request.name,
      internalIdentifier: tokenOf(idOf(request)),
      bcdrState: 'Valid',
      health: 'Normal',
      healthErrors: [],
      customDetails: readFabric(body, '').properties.customDetails,
    },
  }),
  actions: ['remove', 'checkConsistency'],
};

const readContainer = shape(
  {
    properties: shape(
      {},
      { providerSpecificInput: list(shape({ instanceType: oneOf('VMwareCbt', 'InMageRcm') }), 1) },
    ),
  },
  envelope,
);

export const CONTAINER: Kind = {
  make(body, { name, names }) {
    readContainer(body, '');
    return {
      properties: {
        friendlyName: name,
        fabricFriendlyName: names[1],
        fabricType: 'VMwareV2',
        pairingStatus: 'Paired',
      },
    };
  },
  actions: ['remove'],
};

const readMapping = shape(
  {
    properties: shape(
      { policyId: text(1_024) },
      {
        targetProtectionContainerId: text(1_024),
        providerSpecificInput: shape(
          { instanceType: oneOf('VMwareCbt', 'InMageRcm') },
          {
            keyVaultId: text(1_024),
            keyVaultUri: text(512),
            storageAccountId: text(1_024),
            storageAccountSasSecretName: text(128),
            serviceBusConnectionStringSecretName: text(128),
            targetLocation: text(64),
            enableAgentAutoUpgrade: oneOf('true', 'false'),
          },
        ),
      },
    ),
  },
  envelope,
);

export const MAPPING: Kind = {
  make(body, request, find) {
    const {
      policyId,
      targetProtectionContainerId = 'Microsoft Azure',
      providerSpecificInput,
    } = readMapping(body, '').properties;
    const policy = isBelow(policyId, `${vaultOf(request)}/replicationPolicies`) ? find(policyId) : undefined;
    if (!policy)
      throw badRequest(`The policy '${policyId}' does not exist in this vault.`, 'properties.policyId');
    if (providerSpecificInput?.instanceType === 'VMwareCbt')
      for (const name of ['storageAccountId', 'targetLocation'] as const)
        if (providerSpecificInput[name] === undefined)
          throw invalidProperty(`properties.providerSpecificInput.${name}`, 'it is missing');
    return {
      properties: {
        policyId: policy.id,
        policyFriendlyName: policy.name,
        targetProtectionContainerId,
        targetProtectionContainerFriendlyName: 'Microsoft Azure',
        targetFabricFriendlyName: 'Microsoft Azure',
        sourceFabricFriendlyName: request.names[1],
        sourceProtectionContainerFriendlyName: request.names[2],
        state: 'Paired',
        health: 'Normal',
        healthErrorDetails: [],
        ...(providerSpecificInput ? { providerSpecificDetails: providerSpecificInput } : {}),
      },
    };
  },
  actions: ['remove'],
};

const readAlert = shape(
  {
    properties: shape(
      {},
      {
        sendToOwners: oneOf('Send', 'DoNotSend'),
        customEmailAddresses: list(matching(/^[^@\s]{1,64}@[^@\s]{1,190}$/, 'a mail address'), 20),
        locale: matching(/^[a-z]{2}(?:[-_][A-Za-z]{2})?$/, 'a locale such as en-US'),
      },
    ),
  },
  envelope,
);

/** Whom events are mailed to. No mail leaves this cloud. */
export const ALERT: Kind = {
  isImmediate: true,
  make: (body) => {
    const {
      sendToOwners = 'DoNotSend',
      customEmailAddresses = [],
      locale = 'en-US',
    } = readAlert(body, '').properties;
    return { properties: { sendToOwners, customEmailAddresses, locale } };
  },
};

const readSetting = shape(
  { properties: shape({}, { migrationSolutionId: text(1_024), vmwareToAzureProviderType: text(64) }) },
  envelope,
);

export const SETTING: Kind = { make: (body) => ({ properties: readSetting(body, '').properties }) };

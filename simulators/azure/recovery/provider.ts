/**
 * Microsoft.RecoveryServices: vaults and registration with them, the fabrics and containers of sites, policies,
 * agentless migration items and agent-based protected ones with their recovery points and tests, jobs, events, alerts,
 * health (azure.md, section 7).
 */
import type { SimulatorContext } from '../../kit/context.ts';
import { methodNotAllowed, parentNotFound } from '../arm/faults.ts';
import type { ArmAnswer, ArmProvider, ArmRequest } from '../arm/provider.ts';
import type { Cloud } from '../cloud.ts';
import { isRecord } from '../http.ts';
import type { PublishedFiles } from '../published-files.ts';
import type { DiscoveredMachine, Happening, MigrationItem } from '../replication-service/replicated-item.ts';
import type { ReplicationStore } from '../replication-service/store.ts';
import { Events, type NewEvent, type Severity } from './events.ts';
import { NAMESPACE, vaultOf } from './ids.ts';
import { healthOf, issuesOf } from './item-view.ts';
import { type Job, Jobs, jobIdOf, SCENARIOS } from './jobs.ts';
import { MigrationItems } from './migration-items.ts';
import { processServerView } from './process-servers.ts';
import { ProtectedItems } from './protected-items.ts';
import { ProtectedStore } from './protected-store.ts';
import { type SiteAppliance, VaultHealth } from './vault-health.ts';
import {
  ALERT,
  CONTAINER as CONTAINERS,
  FABRIC as FABRICS,
  MAPPING,
  POLICY,
  SETTING,
} from './vault-kinds.ts';
import { VaultRegistration } from './vault-registration.ts';
import { type Kind, type Resource, VaultResources } from './vault-resources.ts';
import { deletedVaultId, Vaults } from './vaults.ts';

const VAULT_VERSIONS = ['2026-07-01', '2025-02-01', '2024-04-01', '2023-04-01', '2022-10-01', '2021-08-01'];
/** That of the published client; which ones before it had deleted vaults is not known. */
const DELETED_VERSIONS = ['2026-07-01'];
const REPLICATION_VERSIONS = ['2025-08-01', '2024-04-01', '2023-06-01', '2022-10-01', '2021-08-01'];

const FABRIC = 'vaults/replicationFabrics';
const CONTAINER = `${FABRIC}/replicationProtectionContainers`;
const ITEM = `${CONTAINER}/replicationMigrationItems`;
const PROTECTED = `${CONTAINER}/replicationProtectedItems`;

export interface RecoveryDependencies {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly tenantId: string;
  readonly store: ReplicationStore;
  /** What agents and process servers report to; one of its own by default. */
  readonly protectedStore?: ProtectedStore;
  /** What discovery knows of a machine, by its ARM id. */
  readonly findMachine: (armId: string) => DiscoveredMachine | undefined;
  /** Appliances of a discovery site, by its ARM id. */
  readonly appliances: (siteId: string) => readonly SiteAppliance[];
  /** Where files are left for clients to fetch. */
  readonly files: PublishedFiles;
  /** Is there such a resource group? Any is, by default. */
  readonly knowsGroup?: (subscriptionId: string, group: string) => boolean;
}

export function recoveryProvider(dependencies: RecoveryDependencies): ArmProvider {
  const { context, store, appliances, files } = dependencies;
  const protectedStore =
    dependencies.protectedStore ??
    new ProtectedStore({ context, storage: store.storage, target: store.target });
  const resources = new VaultResources(store, () => protectedStore.items());
  const vaults = new Vaults({
    context,
    resources,
    ...(dependencies.knowsGroup ? { knowsGroup: dependencies.knowsGroup } : {}),
  });
  const jobs = new Jobs({ context, files });
  const events = new Events(context);
  const items = new MigrationItems({ ...dependencies, resources, jobs });
  const protectedItems = new ProtectedItems({
    ...dependencies,
    store: protectedStore,
    resources,
    jobs,
    isMigrating: (uuid) => store.items().some(({ machine }) => machine.instanceUuid === uuid),
  });
  const protectedOf = (vaultId: string) =>
    protectedStore.items().filter((item) => item.vaultId.toLowerCase() === vaultId.toLowerCase());
  const itemsOf = (vaultId: string) =>
    store.items().filter((item) => item.vaultId.toLowerCase() === vaultId.toLowerCase());
  const health = new VaultHealth({
    resources,
    appliances,
    items: (vaultId) =>
      itemsOf(vaultId).map((item) => ({ armId: item.armId, health: healthOf(item), issues: issuesOf(item) })),
  });
  const registration = new VaultRegistration({
    ...dependencies,
    resources,
    counts: (vaultId) => ({
      protectedItems: itemsOf(vaultId).length + protectedOf(vaultId).length,
      ...jobs.counts(vaultId),
    }),
  });
  store.observe((item, happening) => {
    const event = eventOf(item, happening);
    if (event) events.add(event);
  });
  jobs.observe((job) => {
    if (job.state === 'Failed') events.add(jobEventOf(job));
  });

  const serversOf = (fabricId: string, now: number): Record<string, unknown>[] =>
    protectedStore.serversOf(fabricId).map((server) => {
      const count = protectedStore
        .items()
        .filter(({ processServerId }) => processServerId === server.id).length;
      return processServerView(server, count, now) as Record<string, unknown>;
    });
  /** A fabric of the agent-based way is shown with the process servers that have joined it. */
  const withServers = (resource: Resource, now: number): Resource => {
    const details = resource.properties['customDetails'];
    if (!isRecord(details) || details['instanceType'] !== 'InMageRcm') return resource;
    const customDetails = { ...details, processServers: serversOf(resource.id, now) };
    return { ...resource, properties: { ...resource.properties, customDetails } };
  };

  const replication = (handle: (request: ArmRequest) => ArmAnswer) => ({
    apiVersions: REPLICATION_VERSIONS,
    handle,
  });
  const ofVault = (handle: (request: ArmRequest) => ArmAnswer) => ({ apiVersions: VAULT_VERSIONS, handle });
  const kind = (of: Kind) => replication((request) => resources.handle(request, of));
  const inVault = (handle: (request: ArmRequest, vaultId: string) => ArmAnswer) =>
    replication((request) => {
      const vaultId = vaultOf(request);
      if (!resources.find(vaultId)) throw parentNotFound(vaultId);
      return handle(request, vaultId);
    });
  return {
    namespace: NAMESPACE,
    types: {
      vaults: ofVault((request) => vaults.handle(request)),
      'locations/deletedVaults': {
        apiVersions: DELETED_VERSIONS,
        holdsResources: false,
        handle: (request) => vaults.handleDeleted(request),
      },
      'vaults/certificates': ofVault((request) => registration.handleCertificate(request)),
      'vaults/registeredIdentities': ofVault((request) => registration.handleIdentity(request)),
      'vaults/usages': ofVault((request) => registration.handleUsages(request)),
      'vaults/replicationUsages': ofVault((request) => registration.handleUsages(request)),
      'vaults/extendedInformation': ofVault((request) => registration.handleExtended(request)),
      'vaults/replicationPolicies': kind(POLICY),
      'vaults/replicationAlertSettings': kind(ALERT),
      'vaults/replicationVaultSettings': kind(SETTING),
      [FABRIC]: replication((request) =>
        shown(resources.handle(request, FABRICS), (of) => withServers(of, request.now)),
      ),
      [CONTAINER]: kind(CONTAINERS),
      [`${CONTAINER}/replicationProtectionContainerMappings`]: kind(MAPPING),
      [`${FABRIC}/replicationRecoveryServicesProviders`]: replication((request) =>
        health.handleProviders(request),
      ),
      [ITEM]: replication((request) => items.handle(request)),
      [`${ITEM}/migrationRecoveryPoints`]: replication((request) => items.recoveryPoints(request)),
      [PROTECTED]: replication((request) => protectedItems.handle(request)),
      [`${PROTECTED}/recoveryPoints`]: replication((request) => protectedItems.recoveryPoints(request)),
      'vaults/replicationProtectedItems': replication((request) => protectedItems.listInVault(request)),
      'vaults/replicationMigrationItems': replication((request) => items.listInVault(request)),
      'vaults/replicationProtectionContainers': replication((request) =>
        resources.listInVault(request, CONTAINER),
      ),
      'vaults/replicationProtectionContainerMappings': replication((request) =>
        resources.listInVault(request, `${CONTAINER}/replicationProtectionContainerMappings`),
      ),
      'vaults/replicationRecoveryServicesProviders': replication((request) =>
        health.handleProviders(request),
      ),
      'vaults/replicationVaultHealth': replication((request) => health.handleHealth(request)),
      'vaults/replicationJobs': inVault((request, vaultId) => jobs.handle(request, vaultId)),
      'vaults/replicationEvents': inVault((request, vaultId) => events.handle(request, vaultId)),
      'vaults/replicationAppliances': inVault(({ method, type, name, now }, vaultId) => {
        if (method !== 'GET' || name !== '') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
        const appliances = resources.below(vaultId, FABRIC).flatMap(({ id }) =>
          serversOf(id, now).map((processServer) => ({
            id: processServer['id'],
            name: processServer['name'],
            fabricArmId: id,
            processServer,
          })),
        );
        const value = [
          { properties: { providerSpecificDetails: { instanceType: 'InMageRcm', appliances } } },
        ];
        return { status: 200, body: { value } };
      }),
    },
    operationPath: (request, operationId) =>
      request.type === 'locations/deletedVaults'
        ? `${deletedVaultId(request)}/operations/${operationId}`
        : `${vaultOf(request)}/replicationOperationStatus/${operationId}`,
  };
}

/** What people are told of; a cycle that went well is not an event. */
function eventOf(item: MigrationItem, happening: Happening): NewEvent | undefined {
  const { name, machine, armId, vaultId } = item;
  const event = (code: string, severity: Severity, description: string): NewEvent => ({
    vaultId,
    code,
    severity,
    description,
    type: 'VmHealth',
    objectId: armId,
    objectName: machine.displayName,
    fabricId: armId.slice(0, armId.toLowerCase().indexOf('/replicationprotectioncontainers/')),
    providerSpecificDetails: { instanceType: 'VMwareCbt', migrationItemName: name },
    healthErrors: issuesOf(item),
  });
  switch (happening.kind) {
    case 'replicating':
      return event('ReplicationHealthy', 'OK', `${machine.displayName} is replicated and can be migrated.`);
    case 'cycleFailed':
      return event(
        happening.code,
        'Warning',
        `A replication cycle of ${machine.displayName} failed: ${happening.message}`,
      );
    case 'seedingFailed':
      return event(
        'InitialSeedingFailed',
        'Critical',
        `The initial replication of ${machine.displayName} was given up.`,
      );
    case 'resumeFailed':
      return event(
        'ResumeFailed',
        'Critical',
        `The replication of ${machine.displayName} could not be resumed.`,
      );
    case 'resyncRequired':
      return event(
        'ResyncRequired',
        'Warning',
        `The disks of ${machine.displayName} have to be copied again.`,
      );
    case 'migrated':
    case 'tested': {
      const { status } = happening.outcome;
      const what = happening.kind === 'migrated' ? 'migration' : 'test migration';
      return event(
        `${happening.kind === 'migrated' ? 'Migration' : 'TestMigration'}${status}`,
        status === 'Succeeded' ? 'OK' : status === 'Failed' ? 'Critical' : 'Warning',
        `The ${what} of ${machine.displayName} ended: ${status}.`,
      );
    }
  }
}

function jobEventOf(job: Job): NewEvent {
  const { vaultId, target, scenario, error, state } = job;
  const at = target.id.toLowerCase().indexOf('/replicationprotectioncontainers/');
  return {
    vaultId,
    code: error?.code ?? 'JobFailed',
    severity: 'Critical',
    description: `${SCENARIOS[scenario]} of ${target.name} failed: ${error?.message ?? ''}`,
    type: 'JobStatus',
    objectId: target.id,
    objectName: target.name,
    fabricId: at < 0 ? '' : target.id.slice(0, at),
    eventSpecificDetails: {
      instanceType: 'JobStatus',
      jobId: jobIdOf(job),
      jobFriendlyName: SCENARIOS[scenario],
      jobStatus: state,
      affectedObjectType: 'MigrationItem',
    },
  };
}

/** An answer whose resources are shown with something that they do not hold themselves. */
function shown(answer: ArmAnswer, view: (resource: Resource) => object): ArmAnswer {
  if ('list' in answer) {
    const { list } = answer;
    return { list: { count: list.count, item: (i) => view(list.item(i) as Resource) } };
  }
  if ('operation' in answer || answer.body === undefined) return answer;
  return { ...answer, body: view(answer.body as Resource) };
}

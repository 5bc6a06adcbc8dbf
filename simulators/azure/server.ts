/**
 * A cloud: identity, ARM with its providers, blob storage, the two data planes of appliances, under the real
 * host names. Who may reach those names, and how, is the internet's business (simulators/internet).
 */
import type { Catalogue } from '#core/assessment/plan.ts';
import type { RulesetName } from '#core/assessment/rulesets.ts';
import { type HttpHandler, serveHttp } from '#core/net/http-server.ts';
import { type Listener, matchesHost } from '#core/net/transport.ts';
import type { Millis } from '#core/units.ts';
import { exchangeObserver, type Simulator, type SimulatorContext } from '../kit/context.ts';
import { Authorization } from './arm/authorization.ts';
import { type ArmService, createArm } from './arm/service.ts';
import { type Cloud, PUBLIC_CLOUD } from './cloud.ts';
import { Disks } from './compute/disks.ts';
import { computeProvider } from './compute/provider.ts';
import { createDiscoveryService, discoveryRoutes } from './discovery-service/service.ts';
import type { Directory } from './identity/directory.ts';
import { createIdentity } from './identity/service.ts';
import { applicationsOf, prepareLandingZone, roleAssignmentsOf, type SeedResources } from './landing-zone.ts';
import type { Offered } from './ledger.ts';
import type { Project } from './migrate/projects.ts';
import { createMigrate, type MigrateService } from './migrate/provider.ts';
import { offAzureProvider } from './off-azure/provider.ts';
import { type Site, Sites } from './off-azure/sites.ts';
import { discoveredMachines } from './recovery/discovered-machines.ts';
import { recoveryProvider } from './recovery/provider.ts';
import { logAccount } from './replication-service/log-account.ts';
import { createReplicationService, replicationRoutes } from './replication-service/service.ts';
import { ReplicationStore } from './replication-service/store.ts';
import type { TokenAction } from './storage/authorization.ts';
import type { StorageLimits } from './storage/limits.ts';
import { BLOB_HOSTS, createStorage, type StorageService } from './storage/service.ts';

export interface AzureOptions {
  readonly context: SimulatorContext;
  readonly seed: SeedResources;
  /** Rules that projects assess by; `seed`, those of 2019-10-01. */
  readonly ruleset?: RulesetName;
  /** Sizes, disks and prices; the built-in ones by default. */
  readonly catalogue?: Catalogue;
  /** Existing folder for the content of blobs and disks, which is then not held in memory. */
  readonly directory?: string;
  readonly storageLimits?: 'documented' | StorageLimits;
  readonly tokenLifeMs?: Millis;
}

export interface AzureSimulator extends Simulator {
  /** Names (or `*.suffix`) under which it is reached, all on port 443. */
  readonly hosts: readonly string[];
  /** Is that a name of this cloud? */
  knows(host: string, port: number): boolean;
  readonly arm: ArmService;
  readonly directory: Directory;
  readonly storage: StorageService;
  /** For checks and reports; nothing of these may be changed. */
  readonly sites: () => readonly Site[];
  readonly projects: () => readonly Project[];
  readonly replication: ReplicationStore;
  /** For what stands there before the story begins (preloaded/). */
  readonly migrate: Pick<MigrateService, 'completeAssessment'>;
  /** What the tables offer, for the coverage ledger. */
  readonly offered: Offered;
}

const HTTPS = 443;

/** Starts listening. @throws DryliftError `net.listen` */
export async function startAzure(options: AzureOptions): Promise<AzureSimulator> {
  const { context, seed } = options;
  const cloud: Cloud = PUBLIC_CLOUD;
  const { tenantId } = seed;
  const authorization = new Authorization(roleAssignmentsOf(seed));
  const identity = createIdentity({
    context,
    cloud,
    tenantId,
    applications: applicationsOf(seed),
    ...(seed.tenantDomains ? { tenantDomains: seed.tenantDomains } : {}),
    ...(seed.people ? { people: seed.people } : {}),
    ...(options.tokenLifeMs === undefined ? {} : { tokenLifeMs: options.tokenLifeMs }),
  });
  const storage = createStorage({
    context,
    accounts: [{ name: seed.logAccount }],
    verifyToken: identity.verifyToken,
    allowsToken: ({ oid }, { account, action }) =>
      authorization.allows(
        { objectId: oid },
        BLOB_ACTIONS[action],
        `/subscriptions/${seed.subscriptionId}/resourceGroups/${seed.resourceGroup}/providers/Microsoft.Storage/storageAccounts/${account}`,
      ),
    blobSuffix: cloud.blobSuffix,
    authorizationUri: `https://${cloud.loginHosts[0]}/${tenantId}/oauth2/authorize`,
    ...(options.directory === undefined ? {} : { directory: options.directory }),
    ...(options.storageLimits === undefined ? {} : { limits: options.storageLimits }),
  });
  const sites = new Sites();
  const disks = new Disks({ context, storage, region: seed.region });
  const migrate = createMigrate({
    context,
    sites,
    ruleset: options.ruleset ?? 'seed',
    ...(options.catalogue ? { catalogue: options.catalogue } : {}),
  });
  const replication = new ReplicationStore({
    context,
    storage: logAccount(storage, seed.logAccount),
    createManagedDisk: (disk) => disks.createManagedDisk(disk),
  });
  const providers = [
    computeProvider({ disks }),
    offAzureProvider({ context, cloud, sites }),
    migrate.provider,
    recoveryProvider({ context, store: replication, findMachine: discoveredMachines(sites) }),
  ];
  const arm = createArm({
    context,
    cloud,
    identity,
    authorization,
    tenantId,
    subscriptions: [{ id: seed.subscriptionId, displayName: 'Rehearsal' }],
    providers,
    region: seed.region,
  });
  const plane = { context, cloud, identity, authorization, tenantId };
  const discoveryOptions = {
    ...plane,
    site: (token: string) => sites.byToken(token),
    explanations: migrate.explanations,
  };
  const discovery = createDiscoveryService(discoveryOptions);
  const control = createReplicationService({ ...plane, store: replication });
  prepareLandingZone(arm, seed);

  const services: ReadonlyArray<{ who: string; hosts: readonly string[]; handler: HttpHandler }> = [
    { who: 'login', hosts: cloud.loginHosts, handler: identity.handler },
    { who: 'arm', hosts: [cloud.armHost], handler: arm.handler },
    { who: 'blob', hosts: BLOB_HOSTS, handler: storage.handler },
    { who: 'discovery', hosts: [`*.${cloud.discoverySuffix}`], handler: discovery },
    // a wildcard in a certificate stands for one label, and this name has two before the suffix
    { who: 'replication', hosts: [`pod01.${seed.region}.${cloud.replicationSuffix}`], handler: control },
  ];
  const listeners: Listener[] = [];
  const stop = async (): Promise<void> => {
    for (const listener of listeners) await listener.close();
    storage.close();
  };
  try {
    for (const { who, hosts, handler } of services)
      listeners.push(
        await serveHttp({
          transport: context.transport,
          at: hosts.map((host) => ({ host, port: HTTPS })),
          identity: await context.identityFor(hosts),
          clock: context.clock,
          handler,
          onExchange: exchangeObserver(context, `azure.${who}`),
        }),
      );
  } catch (error) {
    await stop();
    throw error;
  }
  const hosts = services.flatMap((service) => service.hosts);
  return {
    hosts,
    knows: (host, port) => port === HTTPS && hosts.some((pattern) => matchesHost(pattern, host)),
    arm,
    directory: identity.directory,
    storage,
    sites: () => sites.all(),
    projects: migrate.projects,
    replication,
    migrate,
    offered: {
      providers,
      discovery: discoveryRoutes(discoveryOptions),
      replication: replicationRoutes({ store: replication, authorization }),
    },
    stop,
  };
}

/** Rights over data that holders of bearer tokens need for what they do with blobs. */
const BLOB_ACTIONS: Readonly<Record<TokenAction, string>> = {
  read: 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read',
  write: 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write',
  delete: 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete',
  delegate: 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action',
};

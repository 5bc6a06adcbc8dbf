/**
 * A cloud: identity, ARM with its providers, blob storage, the two data planes of appliances, under the real
 * host names. Who may reach those names, and how, is the internet's business (simulators/internet).
 */
import type { ExchangeRates } from '#core/assessment/exchange-rates.ts';
import type { Catalogue } from '#core/assessment/plan.ts';
import type { RetailPriceItem } from '#core/assessment/price-sheet.ts';
import type { RulesetName } from '#core/assessment/rulesets.ts';
import { samplePriceItems } from '#core/assessment/sample-prices.ts';
import { type HttpHandler, serveHttp } from '#core/net/http-server.ts';
import { type Listener, matchesHost } from '#core/net/transport.ts';
import type { Millis } from '#core/units.ts';
import { exchangeObserver, type Simulator, type SimulatorContext } from '../kit/context.ts';
import { Authorization } from './arm/authorization.ts';
import { type ArmService, createArm } from './arm/service.ts';
import { addressesFor, type CloudName, cloudNamed, type DirectOrigins } from './cloud.ts';
import { Disks } from './compute/disks.ts';
import { computeProvider } from './compute/provider.ts';
import { VirtualMachines } from './compute/virtual-machines.ts';
import { createDiscoveryService, discoveryRoutes } from './discovery-service/service.ts';
import type { Directory } from './identity/directory.ts';
import { createGraph } from './identity/graph.ts';
import { createIdentity } from './identity/service.ts';
import { createKeyVaultService } from './key-vault/service.ts';
import { KeyVaults } from './key-vault/vaults.ts';
import { applicationsOf, prepareLandingZone, roleAssignmentsOf, type SeedResources } from './landing-zone.ts';
import type { Offered } from './ledger.ts';
import type { Project } from './migrate/projects.ts';
import { createMigrate, type MigrateService } from './migrate/provider.ts';
import { Network } from './network/network.ts';
import { networkProvider } from './network/provider.ts';
import { offAzureProvider } from './off-azure/provider.ts';
import { type Site, Sites } from './off-azure/sites.ts';
import { publishedFiles } from './published-files.ts';
import { createQueues } from './queues/service.ts';
import { appliancesOf, discoveredMachines, replicatedIn } from './recovery/discovered-machines.ts';
import { ProtectedStore } from './recovery/protected-store.ts';
import { recoveryProvider } from './recovery/provider.ts';
import { logAccount } from './replication-service/log-account.ts';
import { createReplicationService, replicationRoutes } from './replication-service/service.ts';
import { ReplicationStore } from './replication-service/store.ts';
import { createRetailPrices, RETAIL_PRICES_HOST } from './retail-prices/service.ts';
import type { ServiceName } from './storage/account.ts';
import type { TokenAction } from './storage/authorization.ts';
import type { StorageLimits } from './storage/limits.ts';
import { createStorage, type StorageService } from './storage/service.ts';
import { StorageAccounts } from './storage-accounts/accounts.ts';
import { createTables } from './tables/service.ts';

export interface AzureOptions {
  readonly context: SimulatorContext;
  readonly seed: SeedResources;
  /** Rules that projects assess by; `seed`, those of 2019-10-01. */
  readonly ruleset?: RulesetName;
  /** Sizes, disks and prices; the built-in ones by default. */
  readonly catalogue?: Catalogue;
  /** What the public price list holds; drylift's own sample by default. */
  readonly prices?: () => Iterable<RetailPriceItem>;
  /** Of currencies that the price list has no prices in; drylift's own sample by default. */
  readonly rates?: ExchangeRates;
  /** Existing folder for the content of blobs and disks, which is then not held in memory. */
  readonly directory?: string;
  readonly storageLimits?: 'documented' | StorageLimits;
  readonly tokenLifeMs?: Millis;
  /** Story seconds per second of clients that live outside of the story; 1. */
  readonly pace?: number;
  /** `public` by default. */
  readonly cloud?: CloudName;
  /** Also listen on free ports of this machine, one a service, for clients without a proxy. Wall tier only. */
  readonly direct?: boolean;
}

export interface AzureSimulator extends Simulator {
  /** Names (or `*.suffix`) under which it is reached, all on port 443. */
  readonly hosts: readonly string[];
  /** Is that a name of this cloud? */
  knows(host: string, port: number): boolean;
  readonly arm: ArmService;
  readonly directory: Directory;
  /** Where clients without a proxy find it; empty unless asked for. */
  readonly direct: DirectOrigins;
  readonly storage: StorageService;
  /** For checks and reports; nothing of these may be changed. */
  readonly sites: () => readonly Site[];
  readonly projects: () => readonly Project[];
  readonly replication: ReplicationStore;
  /** What agents and process servers report to. */
  readonly protection: ProtectedStore;
  /** For what stands there before the story begins (preloaded/). */
  readonly migrate: Pick<MigrateService, 'completeAssessment'>;
  /** What the tables offer, for the coverage ledger. */
  readonly offered: Offered;
}

const HTTPS = 443;
const LOOPBACK_NAMES = ['127.0.0.1', 'localhost'] as const;

/** Starts listening. @throws DryliftError `net.listen` */
export async function startAzure(options: AzureOptions): Promise<AzureSimulator> {
  const { context, seed } = options;
  const cloud = cloudNamed(options.cloud ?? 'public');
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
    allowsToken: ({ oid }, { account, service, action }) =>
      authorization.allows(
        { objectId: oid },
        DATA_ACTIONS[service][action],
        accounts.idOf(account) ?? `/subscriptions/${seed.subscriptionId}`,
      ),
    blobSuffix: cloud.blobSuffix,
    authorizationUri: `https://${cloud.loginHosts[0]}/${tenantId}/oauth2/authorize`,
    ...(options.directory === undefined ? {} : { directory: options.directory }),
    ...(options.pace === undefined || options.pace === 1
      ? {}
      : { dateToleranceMs: Number.POSITIVE_INFINITY }),
    ...(options.storageLimits === undefined ? {} : { limits: options.storageLimits }),
  });
  const sites = new Sites();
  const files = publishedFiles(context, storage, seed.logAccount);
  const accounts = new StorageAccounts(storage);
  const disks = new Disks({ context, storage, region: seed.region });
  const network = new Network(context);
  const addresses = addressesFor(cloud, `https://${cloud.armHost}`);
  const machines = new VirtualMachines({ context, disks, network, region: seed.region, addresses });
  const vaults = new KeyVaults(tenantId);
  const migrate = createMigrate({
    context,
    sites,
    files,
    replicated: (group) => replicatedIn(replication, group),
    ruleset: options.ruleset ?? 'seed',
    ...(options.catalogue ? { catalogue: options.catalogue } : {}),
  });
  const replication = new ReplicationStore({
    context,
    storage: logAccount(storage, seed.logAccount),
    target: {
      createManagedDisk: (disk) => disks.createManagedDisk(disk),
      deleteManagedDisk(id) {
        const disk = disks.find(id);
        if (disk) disks.delete(disk);
      },
      machines,
    },
  });
  const protection = new ProtectedStore({
    context,
    storage: replication.storage,
    target: replication.target,
  });
  const providers = [
    computeProvider({ disks, machines }),
    networkProvider(network, seed.region),
    accounts.provider,
    vaults.provider,
    offAzureProvider({ context, sites, files }),
    migrate.provider,
    recoveryProvider({
      context,
      cloud,
      tenantId,
      store: replication,
      protectedStore: protection,
      findMachine: discoveredMachines(sites),
      appliances: appliancesOf(sites),
      files,
      knowsGroup: (subscriptionId, group) => arm.hasGroup(subscriptionId, group),
    }),
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
    ...(options.pace === undefined ? {} : { pace: options.pace }),
  });
  const graph = createGraph({ context, cloud, identity, tenantId });
  const secrets = createKeyVaultService({ context, cloud, identity, authorization, tenantId, vaults });
  const plane = { context, cloud, identity, authorization, tenantId };
  const discoveryOptions = {
    ...plane,
    site: (token: string) => sites.byToken(token),
    explanations: migrate.explanations,
  };
  const discovery = createDiscoveryService(discoveryOptions);
  const control = createReplicationService({ ...plane, store: replication });
  prepareLandingZone(arm, seed);

  const services: ReadonlyArray<{
    who: string;
    hosts: readonly string[];
    handler: HttpHandler;
    direct?: keyof DirectOrigins;
  }> = [
    { who: 'login', hosts: cloud.loginHosts, handler: identity.handler, direct: 'login' },
    { who: 'arm', hosts: [cloud.armHost], handler: arm.handler, direct: 'arm' },
    {
      who: 'blob',
      hosts: [`*.${cloud.blobSuffix}`, `*.z01.${cloud.blobSuffix}`],
      handler: storage.handler,
      direct: 'blob',
    },
    {
      who: 'queue',
      hosts: [`*.queue.${cloud.storageSuffix}`],
      handler: createQueues({ context, storage }).handler,
      direct: 'queue',
    },
    {
      who: 'table',
      hosts: [`*.table.${cloud.storageSuffix}`],
      handler: createTables({ context, storage }).handler,
      direct: 'table',
    },
    {
      who: 'prices',
      hosts: [RETAIL_PRICES_HOST],
      handler: createRetailPrices({
        context,
        items: options.prices ?? samplePriceItems,
        ...(options.rates ? { rates: options.rates } : {}),
      }),
    },
    { who: 'graph', hosts: [cloud.graphHost], handler: graph, direct: 'graph' },
    { who: 'keyVault', hosts: [`*.${cloud.vaultSuffix}`], handler: secrets, direct: 'vault' },
    { who: 'discovery', hosts: [`*.${cloud.discoverySuffix}`], handler: discovery, direct: 'discovery' },
    // a wildcard in a certificate stands for one label, and this name has two before the suffix
    {
      who: 'replication',
      hosts: [`pod01.${seed.region}.${cloud.replicationSuffix}`],
      handler: control,
      direct: 'replication',
    },
  ];
  const listeners: Listener[] = [];
  const stop = async (): Promise<void> => {
    for (const listener of listeners) await listener.close();
    storage.close();
  };
  try {
    for (const { who, hosts, handler, direct } of services) {
      const common = { transport: context.transport, clock: context.clock, handler };
      const identityOf = await context.identityFor([...hosts, ...(options.direct ? LOOPBACK_NAMES : [])]);
      const onExchange = exchangeObserver(context, `azure.${who}`);
      const at = hosts.map((host) => ({ host, port: HTTPS }));
      listeners.push(await serveHttp({ ...common, at, identity: identityOf, onExchange }));
      if (!options.direct || direct === undefined) continue;
      const near = { host: LOOPBACK_NAMES[0], port: 0 };
      const listener = await serveHttp({ ...common, at: near, identity: identityOf, onExchange });
      listeners.push(listener);
      cloud.direct[direct] = `https://${LOOPBACK_NAMES[0]}:${listener.endpoint.port}`;
    }
    if (options.direct && seed.keyVault !== undefined)
      cloud.direct.defaultVault = seed.keyVault.toLowerCase();
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
    direct: cloud.direct,
    storage,
    sites: () => sites.all(),
    projects: migrate.projects,
    replication,
    protection,
    migrate,
    offered: {
      providers: arm.providers,
      discovery: discoveryRoutes(discoveryOptions),
      replication: replicationRoutes({ store: replication, authorization }),
    },
    stop,
  };
}

/** Rights over data that holders of bearer tokens need for what they do with blobs, messages and entities. */
const DATA_ACTIONS: Readonly<Record<ServiceName, Readonly<Record<TokenAction, string>>>> = {
  blob: dataActions('blobServices/containers/blobs', 'blobServices'),
  queue: dataActions('queueServices/queues/messages', 'queueServices'),
  table: dataActions('tableServices/tables/entities', 'tableServices'),
};

function dataActions(resource: string, service: string): Readonly<Record<TokenAction, string>> {
  const action = (name: string): string => `Microsoft.Storage/storageAccounts/${resource}/${name}`;
  return {
    read: action('read'),
    write: action('write'),
    delete: action('delete'),
    delegate: `Microsoft.Storage/storageAccounts/${service}/generateUserDelegationKey/action`,
  };
}

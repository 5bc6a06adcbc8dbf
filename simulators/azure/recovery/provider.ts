/**
 * Microsoft.RecoveryServices: vaults, the fabric and container of a VMware site, policies, and agentless
 * migration items with their recovery points (azure.md, section 7). Not offered: test migrations, container
 * mappings, jobs, events, and protected items of the agent-based way.
 */
import type { SimulatorContext } from '../../kit/context.ts';
import type { ArmAnswer, ArmProvider, ArmRequest } from '../arm/provider.ts';
import type { DiscoveredMachine, ReplicationStore } from '../replication-service/store.ts';
import { NAMESPACE, vaultOf } from './ids.ts';
import { MigrationItems } from './migration-items.ts';
import { makeContainer, makeFabric, makePolicy, VaultResources } from './vault-resources.ts';

const VAULT_VERSIONS = ['2026-07-01', '2025-02-01', '2024-04-01', '2023-04-01', '2022-10-01', '2021-08-01'];
const REPLICATION_VERSIONS = ['2025-08-01', '2024-04-01', '2023-06-01', '2022-10-01', '2021-08-01'];

const FABRIC = 'vaults/replicationFabrics';
const CONTAINER = `${FABRIC}/replicationProtectionContainers`;
const ITEM = `${CONTAINER}/replicationMigrationItems`;

export interface RecoveryDependencies {
  readonly context: SimulatorContext;
  readonly store: ReplicationStore;
  /** What discovery knows of a machine, by its ARM id. */
  readonly findMachine: (armId: string) => DiscoveredMachine | undefined;
}

export function recoveryProvider(dependencies: RecoveryDependencies): ArmProvider {
  const resources = new VaultResources(dependencies.store);
  const items = new MigrationItems({ ...dependencies, resources });
  const replication = (handle: (request: ArmRequest) => ArmAnswer) => ({
    apiVersions: REPLICATION_VERSIONS,
    handle,
  });
  return {
    namespace: NAMESPACE,
    types: {
      vaults: { apiVersions: VAULT_VERSIONS, handle: (request) => resources.handleVault(request) },
      'vaults/replicationPolicies': replication((request) => resources.handle(request, makePolicy)),
      [FABRIC]: replication((request) => resources.handle(request, makeFabric)),
      [CONTAINER]: replication((request) => resources.handle(request, makeContainer)),
      [ITEM]: replication((request) => items.handle(request)),
      [`${ITEM}/migrationRecoveryPoints`]: replication((request) => items.recoveryPoints(request)),
      'vaults/replicationMigrationItems': replication((request) => items.listInVault(request)),
    },
    operationPath: (request, operationId) => `${vaultOf(request)}/replicationOperationStatus/${operationId}`,
  };
}

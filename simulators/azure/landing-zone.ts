/**
 * What stands in the tenant before the story begins: applications with roles, a subscription, and in one
 * resource group the project, the vaults and the storage account that log blobs go to.
 */
import type { UnixMillis } from '#core/units.ts';
import type { RoleAssignment } from './arm/authorization.ts';
import type { RoleName } from './arm/roles.ts';
import type { ArmService } from './arm/service.ts';
import type { Application, Person } from './identity/directory.ts';

export interface SeedClient {
  readonly clientId: string;
  /** Of its service principal. */
  readonly objectId: string;
  readonly name: string;
  readonly secret: string;
  readonly secretExpiresAt?: UnixMillis;
  /** Held in the whole subscription. */
  readonly roles: readonly RoleName[];
}

export interface SeedResources {
  readonly tenantId: string;
  readonly tenantDomains?: readonly string[];
  readonly clients: readonly SeedClient[];
  readonly people?: ReadonlyArray<Person & { readonly roles?: readonly RoleName[] }>;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** "westeurope" */
  readonly region: string;
  /** Of the migrate project and of the assessment project. */
  readonly project: string;
  readonly vault: string;
  /** Storage account for log blobs: 3 to 24 lower-case letters and digits. */
  readonly logAccount: string;
  /** Key vault that judges by roles; none without a name. */
  readonly keyVault?: string;
}

export function applicationsOf({ clients }: SeedResources): Application[] {
  // who owns the subscription sets up the rehearsal, applications included
  return clients.map(({ roles, ...application }) => ({
    ...application,
    managesApplications: roles.includes('Owner'),
  }));
}

export function roleAssignmentsOf({ clients, people = [], subscriptionId }: SeedResources): RoleAssignment[] {
  const scope = `/subscriptions/${subscriptionId}`;
  return [...clients, ...people].flatMap(({ objectId, roles = [] }) =>
    roles.map((role) => ({ principalId: objectId, role, scope })),
  );
}

export function groupIdOf({ subscriptionId, resourceGroup }: SeedResources): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
}

/** Makes the group, the projects and the vault through ARM's own code. */
export function prepareLandingZone(arm: ArmService, seed: SeedResources): void {
  const group = groupIdOf(seed);
  const location = seed.region;
  arm.apply('PUT', group, '2021-04-01', { location });
  const providers = `${group}/providers`;
  arm.apply('PUT', `${providers}/Microsoft.Storage/storageAccounts/${seed.logAccount}`, '2022-09-01', {
    location,
    kind: 'StorageV2',
    sku: { name: 'Standard_LRS' },
  });
  if (seed.keyVault !== undefined)
    arm.apply('PUT', `${providers}/Microsoft.KeyVault/vaults/${seed.keyVault}`, '2022-07-01', {
      location,
      properties: {
        tenantId: seed.tenantId,
        sku: { family: 'A', name: 'standard' },
        enableRbacAuthorization: true,
      },
    });
  const migrate = `${group}/providers/Microsoft.Migrate`;
  arm.apply('PUT', `${migrate}/migrateProjects/${seed.project}`, '2018-09-01-preview', {
    location,
    properties: {},
  });
  arm.apply('PUT', `${migrate}/assessmentProjects/${seed.project}`, '2019-10-01', {
    location,
    properties: { projectStatus: 'Active' },
  });
  const vault = `${group}/providers/Microsoft.RecoveryServices/vaults/${seed.vault}`;
  arm.apply('PUT', vault, '2024-04-01', { location, sku: { name: 'Standard' }, properties: {} });
}

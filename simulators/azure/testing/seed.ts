/** A landing zone for tests that start the whole cloud. */
import type { SeedResources } from '../landing-zone.ts';
import { OWNER, READER, SUBSCRIPTION, TENANT } from './arm-world.ts';

export const testSeed: SeedResources = {
  tenantId: TENANT,
  clients: [
    { ...OWNER, roles: ['Owner', 'Storage Blob Data Contributor'] },
    { ...READER, roles: ['Reader'] },
  ],
  subscriptionId: SUBSCRIPTION,
  resourceGroup: 'rg',
  region: 'westeurope',
  project: 'move',
  vault: 'vault-1',
  logAccount: 'migratelsatest',
};

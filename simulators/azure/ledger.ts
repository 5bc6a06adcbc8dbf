/**
 * The coverage ledger of the Azure simulator, docs/coverage/azure.md: offered, refused, verified against whom.
 * Offered comes from the tables that dispatch requests, so it cannot say more than there is.
 */

import { OWN_ROUTES } from './arm/own-routes.ts';
import type { ArmProvider } from './arm/provider.ts';
import type { PlaneRoute } from './data-plane.ts';
import { GRAPH_OPERATIONS } from './identity/graph.ts';
import { IDENTITY_OPERATIONS } from './identity/service.ts';
import { VAULT_OPERATIONS } from './key-vault/service.ts';
import { QUEUE_OPERATIONS } from './queues/queue-operations.ts';
import {
  OPERATIONS as BLOB_OPERATIONS,
  REFUSED_OPERATIONS as REFUSED_BLOB,
} from './storage/operations/table.ts';
import { TABLE_OPERATIONS } from './tables/table-operations.ts';

export interface Offered {
  readonly providers: readonly ArmProvider[];
  readonly discovery: readonly PlaneRoute[];
  readonly replication: readonly PlaneRoute[];
}

/** Who has judged a part, and on what. A part that nobody outside has judged says so. */
const JUDGES: ReadonlyArray<readonly [part: string, judge: string]> = [
  [
    'Entra ID: metadata, instance discovery, tokens for a client secret',
    '@azure/identity 4.14 (crosscheck azure-control)',
  ],
  [
    'Entra ID: certificates of registered applications',
    '@azure/identity 4.14 (crosscheck azure-control-more)',
  ],
  ['Entra ID: device code, authorization code, refresh, v1', 'nobody outside; our own tests'],
  [
    'Graph: applications, service principals',
    'Azure CLI 2.45 (az keyvault create); @azure/core-rest-pipeline (crosscheck azure-control-more)',
  ],
  ['ARM: deployments, locks; registered cloud', 'Azure CLI 2.45 (crosscheck azure-control-cli)'],
  ['ARM: tags', '@azure/arm-resources 8.0 (crosscheck azure-control-more)'],
  ['ARM: activity log', 'Azure CLI 2.45 (crosscheck azure-control-cli)'],
  [
    'ARM: role assignments',
    'nobody outside; our own tests. Debian’s Azure CLI cannot: its `az role` fails before it asks',
  ],
  [
    'Microsoft.Compute: machines, snapshots, SKUs; Microsoft.Network',
    '@azure/arm-compute 25.1, @azure/arm-network 39.0 (crosscheck azure-control-more); Azure CLI 2.45 for machines',
  ],
  ['Microsoft.Storage accounts', 'Azure CLI 2.45 (crosscheck azure-control-cli)'],
  ['Key Vault secrets', '@azure/keyvault-secrets 4.12 (crosscheck azure-control-more)'],
  ['Retail prices', 'nobody outside; our own tests'],
  [
    'ARM: resource groups, providers, lists, Location polling',
    '@azure/arm-resources 8.0 (crosscheck azure-control)',
  ],
  [
    'Microsoft.Compute/disks: upload, grant, revoke, delete',
    '@azure/arm-compute 25.1 with @azure/storage-blob 12.34 (crosscheck azure-control)',
  ],
  [
    'Blob service',
    '@azure/storage-blob 12.34 (crosschecks azure-storage, azure-storage-more); the same cases against azurite 3.36 (azure-storage-azurite)',
  ],
  ['Queue service', '@azure/storage-queue 12.32; the same cases against azurite 3.36'],
  ['Table service', '@azure/data-tables 13.3; the same cases against azurite 3.36'],
  [
    'Microsoft.Migrate/assessmentProjects: projects, groups, assessments, assessed machines, reports, collectors',
    '@azure/arm-migrate 2.0 (crosscheck azure-migrate)',
  ],
  [
    'Microsoft.OffAzure: sites, machines, import sites',
    '@azure/core-rest-pipeline 1.25 with @azure/storage-blob 12.34 (crosschecks azure-control, azure-migrate); property names from the published specifications',
  ],
  [
    'Microsoft.OffAzure: Hyper-V and server sites, their collectors, machines in projects, groups and assessments in euros',
    '@azure/arm-migrate 2.0 (crosscheck azure-agents); what is sent to the sites is drylift’s own protocol',
  ],
  [
    'Microsoft.RecoveryServices: vaults, deleted vaults, certificates, usages, extended information',
    '@azure/arm-recoveryservices 7.2 (crosscheck azure-migrate); Azure CLI 2.45 lists vaults (azure-control-cli)',
  ],
  [
    'Site Recovery: fabrics, policies, mappings, migration items with tests and recovery points, jobs, events, health, alerts',
    '@azure/arm-recoveryservices-siterecovery 5.1 (crosscheck azure-migrate)',
  ],
  [
    'Site Recovery: protected items (agent-based), process servers',
    '@azure/arm-recoveryservices-siterecovery 5.1 (crosscheck azure-agents): process servers, enable, update, test, clean-up, migrate, stop. Agents have no data plane yet: what moves an item on is done in the world',
  ],
  ['Data planes of appliances', 'nobody outside: the protocols are drylift’s own'],
];

/** Asked for often enough to be named; everything else that is not offered is refused as well. */
const REFUSED: ReadonlyArray<readonly [what: string, answer: string]> = [
  [
    'Entra ID: implicit, hybrid, password, on-behalf-of; sign-in by form_post',
    'AADSTS70003, error=invalid_request',
  ],
  [
    'ARM: policies, custom roles, conditions on role assignments, deployments elsewhere than into groups, management groups',
    '404 NotFound or InvalidResourceNamespace, 400',
  ],
  [
    'ARM: a type, api-version or action that no table names',
    '400 InvalidResourceType, NoRegisteredProviderFound, 404',
  ],
  [
    'Microsoft.OffAzure: SQL, web application and private endpoint resources below sites; filters on machines other than displayName and isDeleted',
    '400 InvalidResourceType, BadRequest',
  ],
  ['Microsoft.Migrate: assessments without a group (2023 and later)', '400 NoRegisteredProviderFound'],
  [
    'Site Recovery: recovery plans, networks, classifications, protectable items, re-protect, planned failover, OS upgrade while migrating',
    '400 InvalidResourceType, InvalidRequestContent, 404',
  ],
  [
    'Microsoft.Compute: images, galleries, scale sets, extensions of machines',
    '404 PlatformImageNotFound, 400 InvalidResourceType',
  ],
  [
    'Microsoft.Network: everything but networks, subnets, security groups, public addresses, interfaces',
    '400 InvalidResourceType',
  ],
  [
    'Recovery Services: purging a deleted vault by hand (no such operation is published), backup items',
    '405 HttpMethodNotSupported, 404, 400 InvalidResourceType',
  ],
  [
    'Blob service: versions by id, customer-provided keys, encryption scopes, immutability policies, legal holds, expiry',
    '400 InvalidQueryParameterValue, UnsupportedHeader; 501 NotImplemented',
  ],
  [
    'Appliance keys of a project: the portal makes them by a service of its own, which is not published',
    '404 NotFound; an appliance is set up by an application, its role and the names of project and site',
  ],
  ['Retail prices: a currency other than the page’s seventeen', '400 with the list'],
  ['Key Vault: keys, certificates, backup and restore', '404 NotFound'],
];

export function azureLedger({ providers, discovery, replication }: Offered): string {
  return [
    '# Coverage of the Azure simulator',
    '',
    'Generated from the tables that dispatch requests; `npx vitest run --project simulators ledger -u` writes it anew.',
    'What is not listed as offered is refused with the service’s own error.',
    '',
    '## Offered',
    '',
    '### Entra ID',
    '',
    ...table(
      ['Request', 'Operation'],
      IDENTITY_OPERATIONS.map(({ name, operation }) => [code(name), operation]),
    ),
    '### Microsoft Graph',
    '',
    ...unique(GRAPH_OPERATIONS.map(code)),
    '',
    '### Azure Resource Manager',
    '',
    ...table(
      ['Request', 'api-versions'],
      [
        ...OWN_ROUTES.map(({ method, path, versions }) => [
          code(`${method.toUpperCase()} ${path}`),
          span(versions),
        ]),
        [code('GET, HEAD, PUT, PATCH, DELETE /subscriptions/:subscriptionId/resourceGroups/:group'), ''],
      ],
    ),
    '### Resource providers',
    '',
    ...table(
      ['Type', 'api-versions'],
      providers.flatMap(({ namespace, types }) =>
        Object.entries(types).map(([type, { apiVersions }]) => [
          code(`${namespace}/${type}`),
          span(apiVersions),
        ]),
      ),
    ),
    'On any scope (subscription, group, resource):',
    '',
    ...table(
      ['Extension', 'api-versions'],
      providers.flatMap(({ namespace, extensions = {} }) =>
        Object.entries(extensions).map(([type, { apiVersions }]) => [
          code(`${namespace}/${type}`),
          span(apiVersions),
        ]),
      ),
    ),
    '### Key Vault',
    '',
    ...unique(VAULT_OPERATIONS.map(code)),
    '',
    '### Blob service',
    '',
    ...unique(BLOB_OPERATIONS.map(({ name }) => name)),
    '',
    '### Queue service',
    '',
    ...unique(QUEUE_OPERATIONS.map(({ name }) => name)),
    '',
    '### Table service',
    '',
    ...unique(TABLE_OPERATIONS.map(({ name }) => name)),
    '',
    '### Data planes of appliances (docs/protocols/appliance-data-planes.md)',
    '',
    ...table(
      ['Request', 'Operation and fault point'],
      [...discovery, ...replication].map(({ method, path, operation }) => [
        code(`${method} ${path}`),
        `${operation}, ${code(`azure.${operation}`)}`,
      ]),
    ),
    '## Refused',
    '',
    ...table(['What', 'Answer'], REFUSED),
    'Blob service: ',
    '',
    ...unique(REFUSED_BLOB.map(({ name }) => name)),
    '',
    '## Verified against',
    '',
    ...table(['Part', 'Judge'], JUDGES),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

function unique(names: readonly string[]): string[] {
  return [[...new Set(names)].join(', ')];
}

function span(versions: readonly string[]): string {
  const sorted = [...versions].sort();
  return sorted.length <= 3 ? sorted.join(', ') : `${sorted.length} from ${sorted[0]} to ${sorted.at(-1)}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

/**
 * Built-in roles of Azure that migrations use: names, ids and what they allow.
 *
 * @see learn.microsoft.com, role-based-access-control/built-in-roles. Ids and actions are those published there;
 * of longer lists only the entries that a type of this cloud answers to are kept.
 */

export type RoleName =
  | 'Owner'
  | 'Contributor'
  | 'Reader'
  | 'User Access Administrator'
  | 'Virtual Machine Contributor'
  | 'Network Contributor'
  | 'Storage Account Contributor'
  | 'Storage Blob Data Owner'
  | 'Storage Blob Data Contributor'
  | 'Storage Blob Data Reader'
  | 'Storage Queue Data Contributor'
  | 'Storage Queue Data Reader'
  | 'Storage Table Data Contributor'
  | 'Storage Table Data Reader'
  | 'Key Vault Administrator'
  | 'Key Vault Contributor'
  | 'Key Vault Secrets Officer'
  | 'Key Vault Secrets User';

export interface Role {
  readonly name: RoleName;
  /** GUID of its definition. */
  readonly id: string;
  readonly says: string;
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
}

const COMMON = [
  'Microsoft.Authorization/*/read',
  'Microsoft.Insights/*/read',
  'Microsoft.Resources/deployments/*',
  'Microsoft.Resources/subscriptions/resourceGroups/read',
];
const STORAGE = 'Microsoft.Storage/storageAccounts';

function role(
  name: RoleName,
  id: string,
  says: string,
  {
    actions = [],
    notActions = [],
    dataActions = [],
  }: Partial<Pick<Role, 'actions' | 'notActions' | 'dataActions'>>,
): Role {
  return { name, id, says, actions, notActions, dataActions };
}

export const ROLES: readonly Role[] = [
  role('Owner', '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Manages everything, access included.', {
    actions: ['*'],
  }),
  role('Contributor', 'b24988ac-6180-42a0-ab88-20f7382dd24c', 'Manages everything but access.', {
    actions: ['*'],
    notActions: [
      'Microsoft.Authorization/*/Delete',
      'Microsoft.Authorization/*/Write',
      'Microsoft.Authorization/elevateAccess/Action',
    ],
  }),
  role('Reader', 'acdd72a7-3385-48ef-bd42-f606fba81ae7', 'Looks at everything.', { actions: ['*/read'] }),
  role('User Access Administrator', '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', 'Manages access.', {
    actions: ['*/read', 'Microsoft.Authorization/*'],
  }),
  role(
    'Virtual Machine Contributor',
    '9980e02c-c2be-4d73-94e8-173b1dc7cf3c',
    'Manages virtual machines and their disks, not the networks they are in.',
    {
      actions: [
        ...COMMON,
        'Microsoft.Compute/locations/*',
        'Microsoft.Compute/virtualMachines/*',
        'Microsoft.Compute/disks/write',
        'Microsoft.Compute/disks/read',
        'Microsoft.Compute/disks/delete',
        'Microsoft.Network/networkInterfaces/*',
        'Microsoft.Network/networkSecurityGroups/join/action',
        'Microsoft.Network/networkSecurityGroups/read',
        'Microsoft.Network/publicIPAddresses/join/action',
        'Microsoft.Network/publicIPAddresses/read',
        'Microsoft.Network/virtualNetworks/read',
        'Microsoft.Network/virtualNetworks/subnets/join/action',
        `${STORAGE}/listKeys/action`,
        `${STORAGE}/read`,
      ],
    },
  ),
  role('Network Contributor', '4d97b98b-1d4f-4787-a291-c67834d212e7', 'Manages networks.', {
    actions: [...COMMON, 'Microsoft.Network/*'],
  }),
  role('Storage Account Contributor', '17d1049b-9a84-46fb-8f53-869881c3d3ab', 'Manages storage accounts.', {
    actions: [...COMMON, `${STORAGE}/*`],
  }),
  role('Storage Blob Data Owner', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b', 'Does everything with blobs.', {
    actions: [
      `${STORAGE}/blobServices/containers/*`,
      `${STORAGE}/blobServices/generateUserDelegationKey/action`,
    ],
    dataActions: [`${STORAGE}/blobServices/containers/blobs/*`],
  }),
  role('Storage Blob Data Contributor', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe', 'Reads and writes blobs.', {
    actions: [
      `${STORAGE}/blobServices/containers/delete`,
      `${STORAGE}/blobServices/containers/read`,
      `${STORAGE}/blobServices/containers/write`,
      `${STORAGE}/blobServices/generateUserDelegationKey/action`,
    ],
    dataActions: [
      ...['delete', 'read', 'write', 'move/action', 'add/action'].map(
        (verb) => `${STORAGE}/blobServices/containers/blobs/${verb}`,
      ),
    ],
  }),
  role('Storage Blob Data Reader', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1', 'Reads blobs.', {
    actions: [
      `${STORAGE}/blobServices/containers/read`,
      `${STORAGE}/blobServices/generateUserDelegationKey/action`,
    ],
    dataActions: [`${STORAGE}/blobServices/containers/blobs/read`],
  }),
  role(
    'Storage Queue Data Contributor',
    '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
    'Reads and writes messages.',
    {
      actions: ['delete', 'read', 'write'].map((verb) => `${STORAGE}/queueServices/queues/${verb}`),
      dataActions: ['delete', 'read', 'write', 'process/action'].map(
        (verb) => `${STORAGE}/queueServices/queues/messages/${verb}`,
      ),
    },
  ),
  role('Storage Queue Data Reader', '19e7f393-937e-4f77-808e-94535e297925', 'Reads messages.', {
    actions: [`${STORAGE}/queueServices/queues/read`],
    dataActions: [`${STORAGE}/queueServices/queues/messages/read`],
  }),
  role(
    'Storage Table Data Contributor',
    '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
    'Reads and writes entities.',
    {
      actions: ['delete', 'read', 'write'].map((verb) => `${STORAGE}/tableServices/tables/${verb}`),
      dataActions: ['delete', 'read', 'write', 'add/action', 'update/action'].map(
        (verb) => `${STORAGE}/tableServices/tables/entities/${verb}`,
      ),
    },
  ),
  role('Storage Table Data Reader', '76199698-9eea-4c19-bc75-cec21354c6b6', 'Reads entities.', {
    actions: [`${STORAGE}/tableServices/tables/read`],
    dataActions: [`${STORAGE}/tableServices/tables/entities/read`],
  }),
  role(
    'Key Vault Administrator',
    '00482a5a-887f-4fb3-b363-3b7fe8e74483',
    'Does everything with what vaults hold.',
    {
      actions: [...COMMON, 'Microsoft.KeyVault/vaults/read', 'Microsoft.KeyVault/deletedVaults/read'],
      dataActions: ['Microsoft.KeyVault/vaults/*'],
    },
  ),
  role(
    'Key Vault Contributor',
    'f25e0fa2-a7c8-4377-a976-54943a77a395',
    'Manages vaults, not what they hold.',
    {
      actions: [...COMMON, 'Microsoft.KeyVault/*'],
      notActions: ['Microsoft.KeyVault/locations/deletedVaults/purge/action'],
    },
  ),
  role('Key Vault Secrets Officer', 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7', 'Does everything with secrets.', {
    actions: [...COMMON, 'Microsoft.KeyVault/vaults/read'],
    dataActions: ['Microsoft.KeyVault/vaults/secrets/*'],
  }),
  role('Key Vault Secrets User', '4633458b-17de-408a-b874-0445c86b69e6', 'Reads secrets.', {
    dataActions: [
      'Microsoft.KeyVault/vaults/secrets/getSecret/action',
      'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
    ],
  }),
];

const BY_NAME = new Map(ROLES.map((known) => [known.name, known]));
const BY_ID = new Map(ROLES.map((known) => [known.id, known]));

export function roleNamed(name: RoleName): Role {
  return BY_NAME.get(name)!;
}

export function roleWithId(guid: string): Role | undefined {
  return BY_ID.get(guid.toLowerCase());
}

/** What stands inside of resources is data: actions over resources do not reach it, and the other way round. */
const DATA =
  /^Microsoft\.(?:Storage\/storageAccounts\/(?:blobServices\/containers\/blobs|queueServices\/queues\/messages|tableServices\/tables\/entities)\/|KeyVault\/vaults\/secrets\/(?!(?:read|write)$))/i;

/** @param action "Microsoft.Compute/disks/write" */
export function roleAllows({ actions, notActions, dataActions }: Role, action: string): boolean {
  if (DATA.test(action)) return matchesAny(dataActions, action);
  return matchesAny(actions, action) && !matchesAny(notActions, action);
}

const compiled = new Map<string, RegExp>();

function matchesAny(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => {
    let regex = compiled.get(pattern);
    if (!regex) {
      regex = new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 'i');
      compiled.set(pattern, regex);
    }
    return regex.test(action);
  });
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

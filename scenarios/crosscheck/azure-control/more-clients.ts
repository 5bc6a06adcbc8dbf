/**
 * More official clients against `serve azure`: a certificate for a secret, networks and a machine from a disk,
 * vaults, and the direct origins of clients that take an endpoint and no proxy. Prints one JSON object, as
 * client.ts does, and in a process of its own for the same reason.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ComputeManagementClient } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
  RestError,
} from '@azure/core-rest-pipeline';
import { ClientCertificateCredential, ClientSecretCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { AnonymousCredential, BlobServiceClient, PageBlobClient } from '@azure/storage-blob';

export interface MoreInput {
  /** The environment that `serve azure` tells. */
  readonly env: Readonly<Record<string, string>>;
  /** PEM with a certificate and its private key. */
  readonly certificatePath: string;
}

const { env, certificatePath } = JSON.parse(readFileSync(0, 'utf8')) as MoreInput;
const tenant = env['AZ_TENANT']!;
const subscription = env['AZ_SUBSCRIPTION']!;
const group = env['AZ_RG']!;
const location = env['AZ_LOCATION']!;
const credential = new ClientSecretCredential(tenant, env['AZ_CLIENT']!, env['AZ_SECRET']!);
const near = new ClientSecretCredential(tenant, env['AZ_CLIENT']!, env['AZ_SECRET']!, {
  authorityHost: env['AZ_LOGIN']!,
  disableInstanceDiscovery: true,
});
const seen: Record<string, unknown> = {};

async function refusal(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return 'accepted';
  } catch (error) {
    const [, oauth, code] = /(\w+): Error\(s\): (\d+)/.exec(String((error as Error).message)) ?? [];
    if (code !== undefined) return `${oauth} ${code}`;
    if (error instanceof RestError) return `${error.statusCode} ${error.code}`;
    throw error;
  }
}

async function graph(method: HttpMethods, path: string, body?: object) {
  const pipeline = createPipelineFromOptions({});
  const scopes = 'https://graph.microsoft.com/.default';
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes }));
  const url = `https://graph.microsoft.com/v1.0/${path}`;
  const request = createPipelineRequest({ url, method, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (body) request.headers.set('Content-Type', 'application/json');
  const { bodyAsText } = await pipeline.sendRequest(createDefaultHttpClient(), request);
  return JSON.parse(bodyAsText || '{}');
}

/** As an appliance registers: an application with a certificate, which then signs in by it alone. */
async function certificate(): Promise<void> {
  const scope = 'https://management.azure.com/.default';
  const pem = readFileSync(certificatePath, 'utf8');
  const key = new X509Certificate(pem).raw.toString('base64');
  const registered = await graph('POST', 'applications', {
    displayName: 'appliance of the SDK',
    keyCredentials: [{ type: 'AsymmetricX509Cert', usage: 'Verify', key }],
  });
  const certificateClientId: string = registered.appId;
  const early = new ClientCertificateCredential(tenant, certificateClientId, { certificatePath });
  seen['certificate: before there is a principal'] = await refusal(() => early.getToken(scope));
  const principal = await graph('POST', 'servicePrincipals', { appId: certificateClientId });
  const found = await graph('GET', `servicePrincipals?$filter=appId eq '${certificateClientId}'`);
  seen['certificate: principal is found'] = found.value[0]?.id === principal.id;
  const proven = new ClientCertificateCredential(tenant, certificateClientId, { certificatePath });
  const { token } = await proven.getToken(scope);
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
  seen['certificate: token is for its application'] = claims.appid === certificateClientId;
  const foreign = new ClientCertificateCredential(tenant, env['AZ_CLIENT']!, { certificatePath });
  const arm = new ResourceManagementClient(proven, subscription);
  seen['certificate: without a role'] = await refusal(() => arm.resourceGroups.get(group));
  seen['certificate: not registered on another application'] = await refusal(() => foreign.getToken(scope));
}

async function networks(): Promise<string> {
  const network = new NetworkManagementClient(credential, subscription);
  const vnet = await network.virtualNetworks.createOrUpdate(group, 'sdk-vnet', {
    location,
    addressSpace: { addressPrefixes: ['10.7.0.0/16'] },
    subnets: [{ name: 'front', addressPrefix: '10.7.1.0/24' }],
  });
  const second = await network.subnets.createOrUpdate(group, 'sdk-vnet', 'back', {
    addressPrefix: '10.7.2.0/24',
  });
  seen['network: subnets'] = [vnet.subnets?.[0]?.addressPrefix, second.addressPrefix];
  seen['network: overlapping subnet'] = await refusal(async () =>
    network.subnets.createOrUpdate(group, 'sdk-vnet', 'twice', { addressPrefix: '10.7.2.128/25' }),
  );
  const rules = await network.networkSecurityGroups.createOrUpdate(group, 'sdk-nsg', {
    location,
    securityRules: [
      {
        name: 'ssh',
        protocol: 'Tcp',
        access: 'Allow',
        direction: 'Inbound',
        priority: 300,
        sourceAddressPrefix: '*',
        sourcePortRange: '*',
        destinationAddressPrefix: '*',
        destinationPortRange: '22',
      },
    ],
  });
  seen['network: rules'] = [rules.securityRules?.length, rules.defaultSecurityRules?.length];
  const address = await network.publicIPAddresses.createOrUpdate(group, 'sdk-ip', {
    location,
    sku: { name: 'Standard' },
    publicIPAllocationMethod: 'Static',
  });
  seen['network: public address'] = address.ipAddress;
  const nic = await network.networkInterfaces.createOrUpdate(group, 'sdk-nic', {
    location,
    networkSecurityGroup: { id: rules.id! },
    ipConfigurations: [
      { name: 'ip', subnet: { id: vnet.subnets![0]!.id! }, publicIPAddress: { id: address.id! } },
    ],
  });
  seen['network: private address'] = nic.ipConfigurations?.[0]?.privateIPAddress;
  seen['network: subnet in use'] = await refusal(async () =>
    network.subnets.delete(group, 'sdk-vnet', 'front'),
  );
  return nic.id!;
}

async function machines(): Promise<void> {
  const nic = await networks();
  const compute = new ComputeManagementClient(credential, subscription);
  const disk = await compute.disks.createOrUpdate(group, 'sdk-os', {
    location,
    osType: 'Linux',
    creationData: { createOption: 'Empty' },
    diskSizeGB: 4,
  });
  const vm = await compute.virtualMachines.createOrUpdate(group, 'sdk-vm', {
    location,
    hardwareProfile: { vmSize: 'Standard_D2s_v3' },
    storageProfile: { osDisk: { createOption: 'Attach', osType: 'Linux', managedDisk: { id: disk.id! } } },
    networkProfile: { networkInterfaces: [{ id: nic, primary: true }] },
  });
  seen['machine: made'] = [vm.provisioningState, vm.hardwareProfile?.vmSize];
  seen['machine: disk in it'] = (await compute.disks.get(group, 'sdk-os')).diskState;
  seen['machine: disk cannot go'] = await refusal(async () => compute.disks.delete(group, 'sdk-os'));
  const power = async () => {
    const { statuses } = await compute.virtualMachines.instanceView(group, 'sdk-vm');
    return statuses?.at(-1)?.code;
  };
  seen['machine: power'] = [await power()];
  await compute.virtualMachines.deallocate(group, 'sdk-vm');
  (seen['machine: power'] as unknown[]).push(await power());
  const snapshot = await compute.snapshots.createOrUpdate(group, 'sdk-snap', {
    location,
    incremental: true,
    creationData: { createOption: 'Copy', sourceResourceId: disk.id! },
  });
  seen['machine: snapshot'] = [snapshot.incremental, snapshot.completionPercent];
  const sizes = [];
  for await (const sku of compute.resourceSkus.list({ filter: `location eq '${location}'` }))
    sizes.push(sku.name);
  seen['machine: size is listed'] = sizes.includes('Standard_D2s_v3');
  await compute.virtualMachines.delete(group, 'sdk-vm');
  seen['machine: disk after it'] = (await compute.disks.get(group, 'sdk-os')).diskState;
}

async function secrets(): Promise<void> {
  for (const [how, client] of [
    ['real name', new SecretClient(`https://${env['AZ_KEYVAULT']}.vault.azure.net`, credential)],
    [
      'direct',
      new SecretClient(env['AZ_KEYVAULT_URL']!, near, { disableChallengeResourceVerification: true }),
    ],
  ] as const) {
    const name = `sdk-${how.replace(' ', '-')}`;
    const first = await client.setSecret(name, 'one', { tags: { wave: '1' }, contentType: 'text/plain' });
    await client.setSecret(name, 'two');
    const old = await client.getSecret(name, { version: first.properties.version! });
    const versions = [];
    for await (const { version } of client.listPropertiesOfSecretVersions(name)) versions.push(version);
    const listed = [];
    for await (const properties of client.listPropertiesOfSecrets()) listed.push(properties.name);
    seen[`vault ${how}: values`] = [(await client.getSecret(name)).value, old.value, versions.length];
    seen[`vault ${how}: listed`] = listed.includes(name);
    await client.updateSecretProperties(name, first.properties.version!, { enabled: false });
    seen[`vault ${how}: disabled`] = await refusal(() =>
      client.getSecret(name, { version: first.properties.version! }),
    );
    const deletion = await client.beginDeleteSecret(name, { intervalInMs: 10 });
    await deletion.pollUntilDone();
    seen[`vault ${how}: deleted`] = await refusal(() => client.getSecret(name));
    seen[`vault ${how}: name kept`] = await refusal(() => client.setSecret(name, 'three'));
    const recovery = await client.beginRecoverDeletedSecret(name, { intervalInMs: 10 });
    await recovery.pollUntilDone();
    seen[`vault ${how}: recovered`] = (await client.getSecret(name)).value;
    await (await client.beginDeleteSecret(name, { intervalInMs: 10 })).pollUntilDone();
    await client.purgeDeletedSecret(name);
    seen[`vault ${how}: purged`] = (await client.setSecret(name, 'again')).value;
  }
}

async function direct(): Promise<void> {
  const arm = new ResourceManagementClient(near, subscription, { endpoint: env['AZ_ARM']! });
  const names = [];
  for await (const { name } of arm.resourceGroups.list()) names.push(name);
  seen['direct: groups'] = names.includes(group);
  const compute = new ComputeManagementClient(near, subscription, { endpoint: env['AZ_ARM']! });
  await compute.disks.createOrUpdate(group, 'direct-disk', {
    location,
    creationData: { createOption: 'Upload', uploadSizeBytes: 20 * 1024 * 1024 + 512 },
  });
  const { accessSAS } = await compute.disks.grantAccess(group, 'direct-disk', {
    access: 'Write',
    durationInSeconds: 600,
  });
  seen['direct: signature is for this machine'] = new URL(accessSAS!).hostname;
  const page = new PageBlobClient(accessSAS!, new AnonymousCredential());
  await page.uploadPages(Buffer.alloc(512, 7), 1024, 512);
  seen['direct: page read back'] = (await page.downloadToBuffer(1024, 512))[511];
  await compute.disks.revokeAccess(group, 'direct-disk').then(
    () => undefined,
    () => undefined, // an upload without a footer is refused, which is not asked here
  );
  const blobs = BlobServiceClient.fromConnectionString(env['AZ_BLOB_CONNECTION_STRING']!);
  const container = blobs.getContainerClient('direct-box');
  await container.create();
  await container.getBlockBlobClient('a/b').upload('hello', 5);
  seen['direct: blob by key'] = String(await container.getBlockBlobClient('a/b').downloadToBuffer());
}

async function scopes(): Promise<void> {
  const arm = new ResourceManagementClient(credential, subscription);
  const scope = `/subscriptions/${subscription}/resourceGroups/${group}`;
  const tagged = await arm.tagsOperations.updateAtScope(scope, {
    operation: 'Merge',
    properties: { tags: { wave: '7' } },
  });
  seen['scopes: tags'] = tagged.properties?.tags?.['wave'];
  const found = [];
  for await (const resource of arm.resources.list({ filter: "resourceType eq 'Microsoft.KeyVault/vaults'" }))
    found.push(resource.name);
  seen['scopes: vaults'] = found;
}

for (const part of [certificate, scopes, direct, secrets, machines])
  try {
    await part();
  } catch (error) {
    seen[`${part.name} stopped`] = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
process.stdout.write(JSON.stringify(seen));

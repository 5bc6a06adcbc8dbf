/**
 * The official SDKs at work against the real host names, through the forward proxy that HTTPS_PROXY names and
 * with the authority that NODE_EXTRA_CA_CERTS names: no endpoint option anywhere. In a process of its own,
 * because Node reads both only at its start. Prints one JSON object: what the SDKs saw, case by case.
 */
import { createHash } from 'node:crypto';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ResourceManagementClient } from '@azure/arm-resources';
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
  RestError,
} from '@azure/core-rest-pipeline';
import { ClientSecretCredential } from '@azure/identity';
import { AnonymousCredential, PageBlobClient } from '@azure/storage-blob';

export interface ClientInput {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly project: string;
}

const MIB = 1024 * 1024;
const DISK_BYTES = 20 * MIB;
const SECTOR = 512;

const input = JSON.parse(process.argv[2]!) as ClientInput;
const { tenantId, clientId, clientSecret, subscriptionId, resourceGroup } = input;
const credential = new ClientSecretCredential(tenantId, clientId, clientSecret);
const seen: Record<string, unknown> = {};

/** One request with a bearer token, as code does that has no client for a provider. */
async function rest(
  method: HttpMethods,
  url: string,
  body?: unknown,
  scope = 'https://management.azure.com/.default',
) {
  const pipeline = createPipelineFromOptions({ retryOptions: { maxRetries: 1, maxRetryDelayInMs: 1 } });
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: scope }));
  const request = createPipelineRequest({
    url,
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (body !== undefined) request.headers.set('Content-Type', 'application/json');
  const { status, bodyAsText, headers } = await pipeline.sendRequest(createDefaultHttpClient(), request);
  const isJson = /json/.test(headers.get('Content-Type') ?? '');
  return { status, json: isJson ? JSON.parse(bodyAsText || 'null') : bodyAsText };
}

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

async function identity(): Promise<void> {
  const { token } = await credential.getToken('https://management.azure.com/.default');
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
  seen['token is for this application'] = claims.appid === clientId && claims.tid === tenantId;
  seen['token lives about an hour'] = claims.exp - claims.iat === 3_599;
  const scope = 'https://management.azure.com/.default';
  const wrong = new ClientSecretCredential(tenantId, clientId, 'not the secret');
  seen['wrong secret'] = await refusal(() => wrong.getToken(scope));
  seen['unknown resource'] = await refusal(() => credential.getToken('https://example.com/.default'));
}

async function resources(): Promise<void> {
  const arm = new ResourceManagementClient(credential, subscriptionId);
  const made = await arm.resourceGroups.createOrUpdate('sdk-group', {
    location: 'westeurope',
    tags: { made: 'by the SDK' },
  });
  seen['group made'] = [made.name, made.location, made.tags?.['made'], made.properties?.provisioningState];
  const names = [];
  for await (const group of arm.resourceGroups.list()) names.push(group.name);
  seen['groups'] = names.sort();
  await arm.resourceGroups.delete('sdk-group');
  seen['group deleted'] = await refusal(() => arm.resourceGroups.get('sdk-group'));
  const namespaces = [];
  for await (const provider of arm.providers.list()) namespaces.push(provider.namespace);
  seen['providers'] = namespaces.sort();
  const found = [];
  for await (const resource of arm.resources.list({
    filter: "resourceType eq 'Microsoft.RecoveryServices/vaults'",
  }))
    found.push(resource.type);
  seen['resources by type'] = found;
  const foreign = new ResourceManagementClient(credential, tenantId);
  seen['unknown subscription'] = await refusal(() => foreign.resourceGroups.get('x'));
}

async function disks(): Promise<void> {
  const compute = new ComputeManagementClient(credential, subscriptionId);
  const made = await compute.disks.createOrUpdate(resourceGroup, 'sdk-disk', {
    location: 'westeurope',
    sku: { name: 'Standard_LRS' },
    creationData: { createOption: 'Upload', uploadSizeBytes: DISK_BYTES + SECTOR },
  });
  seen['disk made'] = [made.diskState, made.creationData?.uploadSizeBytes];
  const write = await compute.disks.grantAccess(resourceGroup, 'sdk-disk', {
    access: 'Write',
    durationInSeconds: 3600,
  });
  seen['upload url'] = /^https:\/\/md-impexp-[^/]+\.blob\.core\.windows\.net\/[^?]+\?sv=/.test(
    write.accessSAS ?? '',
  );
  const content = Buffer.alloc(DISK_BYTES);
  for (let at = 0; at < content.length; at += 3 * MIB) content.write(`sector at ${at}`, at);
  const page = new PageBlobClient(write.accessSAS!, new AnonymousCredential());
  for (let at = 0; at < content.length; at += 4 * MIB)
    await page.uploadPages(content.subarray(at, at + 4 * MIB), at, 4 * MIB);
  await page.uploadPages(vhdFooter(DISK_BYTES), DISK_BYTES, SECTOR);
  await compute.disks.revokeAccess(resourceGroup, 'sdk-disk');
  seen['disk uploaded'] = (await compute.disks.get(resourceGroup, 'sdk-disk')).diskState;
  seen['revoked url'] = await refusal(() => page.getProperties());
  const read = await compute.disks.grantAccess(resourceGroup, 'sdk-disk', {
    access: 'Read',
    durationInSeconds: 3600,
  });
  const back = await new PageBlobClient(read.accessSAS!, new AnonymousCredential()).downloadToBuffer();
  seen['disk read back'] =
    back.length === DISK_BYTES + SECTOR && sha256(back.subarray(0, DISK_BYTES)) === sha256(content);
  await compute.disks.revokeAccess(resourceGroup, 'sdk-disk');
  await compute.disks.delete(resourceGroup, 'sdk-disk');
  seen['disk deleted'] = await refusal(() => compute.disks.get(resourceGroup, 'sdk-disk'));
}

/** Providers without a JavaScript client: the pipeline does it. */
async function discovery(): Promise<void> {
  const group = `https://management.azure.com/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
  const site = `${group}/providers/Microsoft.OffAzure/VMwareSites/sdk-site`;
  const off = 'api-version=2020-07-07';
  const made = await rest('PUT', `${site}?${off}`, {
    location: 'westeurope',
    properties: { applianceName: 'sdk' },
  });
  const base: string = made.json.properties.serviceEndpoint;
  seen['site made'] = [made.status, new URL(base).host];
  const machine = {
    displayName: 'sdk-machine',
    instanceUuid: '50000000-0000-4000-8000-000000000001',
    numberOfProcessorCore: 2,
    allocatedMemoryInMB: 4096,
    operatingSystemDetails: { osType: 'linuxguest', osName: 'Ubuntu Linux (64-bit)' },
    firmware: 'BIOS',
    powerStatus: 'ON',
    vCenterFQDN: 'vc.sdk.test',
    disks: [],
    networkAdapters: [],
  };
  const plane = 'https://discoverysrv.windowsazure.com/.default';
  const sent = await rest(
    'PUT',
    `${base}/inventory/1`,
    {
      vcenter: { fqdn: 'vc.sdk.test', instanceUuid: 'u', version: '8.0' },
      full: true,
      machines: [machine],
      removed: [],
    },
    plane,
  );
  seen['inventory sent'] = [sent.status, sent.json];
  const listed = (await rest('GET', `${site}/machines?${off}`)).json.value;
  seen['machine early'] = [listed[0].properties.displayName, listed[0].properties.allocatedMemoryInMB];
  const late = (await rest('GET', `${site}/machines?api-version=2023-06-06`)).json.value;
  seen['machine late'] = late[0].properties.allocatedMemoryInMb;
  const project = `${group}/providers/Microsoft.Migrate/assessmentProjects/${input.project}`;
  seen['project'] = (await rest('GET', `${project}?api-version=2019-10-01`)).status;
  const bad = await rest('GET', `${project}?api-version=1999-01-01`);
  seen['bad api-version'] = [bad.status, bad.json.error.code];
  const foreign = await rest('GET', `${project}?api-version=2019-10-01`, undefined, plane);
  seen['token of another service'] = [foreign.status, foreign.json.error.code];
  const unknown = await rest('GET', 'https://nowhere.example/');
  seen['unknown name'] = [unknown.status, unknown.json];
}

/** A fixed disk's footer, as the VHD specification 1.0 lays it out. */
function vhdFooter(sizeBytes: number): Buffer {
  const footer = Buffer.alloc(SECTOR);
  footer.write('conectix', 0, 'latin1');
  footer.writeUInt32BE(2, 8);
  footer.writeUInt32BE(0x0001_0000, 12);
  footer.fill(0xff, 16, 24);
  footer.write('test', 28, 'latin1');
  footer.writeBigUInt64BE(BigInt(sizeBytes), 40);
  footer.writeBigUInt64BE(BigInt(sizeBytes), 48);
  footer.writeUInt32BE(2, 60);
  let sum = 0;
  for (const byte of footer) sum += byte;
  footer.writeUInt32BE(~sum >>> 0, 64);
  return footer;
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

for (const part of [identity, resources, disks, discovery])
  try {
    await part();
  } catch (error) {
    seen[`${part.name} stopped`] = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
process.stdout.write(JSON.stringify(seen));

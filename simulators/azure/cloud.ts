/**
 * Host names and token audiences of a cloud (azure.md, section 1), and under which addresses a client that came
 * in by another door finds the same services: `direct` origins of a served cloud, on plain ports of one machine.
 */
import { REGIONS, type Region } from '#core/assessment/regions.ts';

export type CloudName = 'public' | 'government';

export interface Cloud {
  readonly name: CloudName;
  readonly loginHosts: readonly string[];
  readonly armHost: string;
  /** The directory's own API. */
  readonly graphHost: string;
  readonly portalHost: string;
  /** "core.windows.net": blob, queue and table names stand below it. */
  readonly storageSuffix: string;
  readonly blobSuffix: string;
  readonly vaultSuffix: string;
  readonly discoverySuffix: string;
  readonly replicationSuffix: string;
  readonly sqlSuffix: string;
  /** Below it stand the names of appliances' telemetry. */
  readonly telemetryHosts: readonly string[];
  /** Resources that tokens can be asked for; the first spelling of each is the one documented first. */
  readonly audiences: {
    readonly arm: readonly string[];
    readonly discovery: readonly string[];
    readonly replication: readonly string[];
    readonly storage: readonly string[];
    readonly vault: readonly string[];
    readonly graph: readonly string[];
  };
  /** Issuer of v1.0 tokens, before the tenant. */
  readonly tokenIssuer: string;
  /** Other origins of the same services; filled in when a cloud that is served listens there. */
  readonly direct: DirectOrigins;
}

/** `https://127.0.0.1:40001` each; accounts and vaults are the first part of the path. */
export interface DirectOrigins {
  login?: string;
  arm?: string;
  graph?: string;
  blob?: string;
  queue?: string;
  table?: string;
  vault?: string;
  /** The two data planes of appliances. */
  discovery?: string;
  replication?: string;
  /** The vault that is meant where the path begins with none: SDKs read names from paths by position. */
  defaultVault?: string;
}

export const PUBLIC_CLOUD: Cloud = {
  name: 'public',
  loginHosts: ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
  armHost: 'management.azure.com',
  graphHost: 'graph.microsoft.com',
  portalHost: 'portal.azure.com',
  storageSuffix: 'core.windows.net',
  blobSuffix: 'blob.core.windows.net',
  vaultSuffix: 'vault.azure.net',
  discoverySuffix: 'discoverysrv.windowsazure.com',
  replicationSuffix: 'hypervrecoverymanager.windowsazure.com',
  sqlSuffix: 'database.windows.net',
  telemetryHosts: ['*.services.visualstudio.com'],
  audiences: {
    arm: ['https://management.azure.com', 'https://management.core.windows.net'],
    discovery: ['https://discoverysrv.windowsazure.com'],
    replication: ['https://hypervrecoverymanager.windowsazure.com'],
    storage: ['https://storage.azure.com'],
    vault: ['https://vault.azure.net'],
    graph: ['https://graph.microsoft.com', 'https://graph.windows.net'],
  },
  tokenIssuer: 'https://sts.windows.net/',
  direct: {},
};

/** US Government. Tokens of both clouds name the same issuer. */
export const GOVERNMENT_CLOUD: Cloud = {
  name: 'government',
  loginHosts: ['login.microsoftonline.us', 'login.usgovcloudapi.net'],
  armHost: 'management.usgovcloudapi.net',
  graphHost: 'graph.microsoft.us',
  portalHost: 'portal.azure.us',
  storageSuffix: 'core.usgovcloudapi.net',
  blobSuffix: 'blob.core.usgovcloudapi.net',
  vaultSuffix: 'vault.usgovcloudapi.net',
  discoverySuffix: 'discoverysrv.windowsazure.us',
  replicationSuffix: 'hypervrecoverymanager.windowsazure.us',
  sqlSuffix: 'database.usgovcloudapi.net',
  telemetryHosts: ['*.services.visualstudio.com', '*.applicationinsights.us'],
  audiences: {
    arm: ['https://management.usgovcloudapi.net', 'https://management.core.usgovcloudapi.net'],
    discovery: ['https://discoverysrv.windowsazure.us'],
    replication: ['https://hypervrecoverymanager.windowsazure.us'],
    storage: ['https://storage.azure.com'],
    vault: ['https://vault.usgovcloudapi.net'],
    graph: ['https://graph.microsoft.us', 'https://graph.microsoftazure.us', 'https://graph.windows.net'],
  },
  tokenIssuer: 'https://sts.windows.net/',
  direct: {},
};

const GOVERNMENT_REGIONS: readonly Region[] = [
  { name: 'usgovvirginia', displayName: 'USGov Virginia', geographyGroup: 'US' },
  { name: 'usgovtexas', displayName: 'USGov Texas', geographyGroup: 'US' },
  { name: 'usgovarizona', displayName: 'USGov Arizona', geographyGroup: 'US' },
  { name: 'usdodcentral', displayName: 'USDoD Central', geographyGroup: 'US' },
  { name: 'usdodeast', displayName: 'USDoD East', geographyGroup: 'US' },
];

export function regionsOf({ name }: Pick<Cloud, 'name'>): readonly Region[] {
  return name === 'public' ? REGIONS : GOVERNMENT_REGIONS;
}

/** Is that a region of any cloud? */
export function isRegion(name: string): boolean {
  return [...REGIONS, ...GOVERNMENT_REGIONS].some((region) => region.name === name);
}

/** A cloud of that kind whose direct origins are its own. */
export function cloudNamed(name: CloudName): Cloud {
  return { ...(name === 'public' ? PUBLIC_CLOUD : GOVERNMENT_CLOUD), direct: {} };
}

/** Origins of the services for one client: real names, or the direct ones when it asked there. */
export interface Addresses {
  /** Without a slash at its end, as all of them. */
  readonly login: string;
  readonly arm: string;
  readonly graph: string;
  storage(account: string, kind: 'blob' | 'queue' | 'table'): string;
  vault(name: string): string;
  /** Of the discovery data plane in a region. */
  discovery(region: string): string;
  /** The URL of a blob under its real name, as this client reaches it. */
  blobUrl(url: string): string;
}

/** @param origin that the client used: `https://management.azure.com` */
export function addressesFor(cloud: Cloud, origin: string): Addresses {
  const { direct } = cloud;
  const isDirect = isDirectOrigin(cloud, origin);
  const given = (kind: keyof DirectOrigins) => (isDirect ? direct[kind] : undefined);
  return {
    login: given('login') ?? `https://${cloud.loginHosts[0]}`,
    arm: given('arm') ?? `https://${cloud.armHost}`,
    graph: given('graph') ?? `https://${cloud.graphHost}`,
    storage(account, kind) {
      const base = given(kind);
      return base === undefined ? `https://${account}.${kind}.${cloud.storageSuffix}` : `${base}/${account}`;
    },
    blobUrl(url) {
      const base = given('blob');
      return base === undefined ? url : url.replace(/^https:\/\/([^./]+)\.[^/]+/, `${base}/$1`);
    },
    discovery: (region) => given('discovery') ?? `https://${region}.${cloud.discoverySuffix}`,
    vault(name) {
      const base = given('vault');
      if (base === undefined) return `https://${name}.${cloud.vaultSuffix}`;
      return name.toLowerCase() === direct.defaultVault ? base : `${base}/${name}`;
    },
  };
}

/** Direct origins are told by their ports: names of the machine differ by client (127.0.0.1, localhost). */
export function isDirectOrigin({ direct }: Cloud, origin: string): boolean {
  const port = /^https:\/\/(?:127\.0\.0\.1|localhost):(\d+)$/.exec(origin)?.[1];
  return port !== undefined && Object.values(direct).some((known) => String(known).endsWith(`:${port}`));
}

/** Audiences that a service answers to, direct origins among them. */
export function audiencesOf(cloud: Cloud, service: 'arm' | 'graph'): readonly string[] {
  const direct = cloud.direct[service];
  if (direct === undefined) return cloud.audiences[service];
  return [...cloud.audiences[service], direct, direct.replace('127.0.0.1', 'localhost')];
}

/** Audiences compare without their trailing slashes. */
export function sameAudience(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
}

/** Host names and token audiences of a cloud (azure.md, section 1). */

export interface Cloud {
  readonly name: 'public';
  readonly loginHosts: readonly string[];
  readonly armHost: string;
  readonly blobSuffix: string;
  readonly discoverySuffix: string;
  readonly replicationSuffix: string;
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
}

export const PUBLIC_CLOUD: Cloud = {
  name: 'public',
  loginHosts: ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
  armHost: 'management.azure.com',
  blobSuffix: 'blob.core.windows.net',
  discoverySuffix: 'discoverysrv.windowsazure.com',
  replicationSuffix: 'hypervrecoverymanager.windowsazure.com',
  audiences: {
    arm: ['https://management.azure.com', 'https://management.core.windows.net'],
    discovery: ['https://discoverysrv.windowsazure.com'],
    replication: ['https://hypervrecoverymanager.windowsazure.com'],
    storage: ['https://storage.azure.com'],
    vault: ['https://vault.azure.net'],
    graph: ['https://graph.microsoft.com', 'https://graph.windows.net'],
  },
  tokenIssuer: 'https://sts.windows.net/',
};

/** Audiences compare without their trailing slashes. */
export function sameAudience(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
}

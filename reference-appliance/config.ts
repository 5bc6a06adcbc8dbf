/**
 * The appliance's configuration as it takes it: every value there, references to other files (certificates, secrets,
 * lists) read by the composition root.
 */
import { HOUR, MINUTE, type Millis } from '#core/units.ts';
import { errors, parseConfig } from './config-file.ts';
import type { ConfigFile, ConfigInput } from './config-schema.ts';
import { readServerList } from './sources/servers/server-list.ts';
import type { ServerTarget } from './sources/servers/targets.ts';
import type { Scope } from './sources/vsphere/scope.ts';

export interface CloudConfig {
  readonly authorityHost: string;
  readonly arm: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** Undefined: the one stored at an earlier start is used. */
  readonly clientSecret: string | undefined;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly project: string;
  readonly siteName: string;
  readonly region: string;
  /** Name of the Recovery Services vault; without one nothing is replicated. */
  readonly vault: string | undefined;
  readonly discoveryAudience: string;
  readonly replicationAudience: string;
}

export interface VcenterConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Undefined: the one stored at an earlier start is used. */
  readonly password: string | undefined;
  /** PEM of the authority; without it what the appliance trusts anyway. */
  readonly ca: string | undefined;
  /** SHA-256 of the one certificate to accept. */
  readonly fingerprint: string | undefined;
  readonly scope: Scope | undefined;
}

/** A Hyper-V host, or a cluster of them, over WinRM. */
export interface HypervConfig {
  /** Name or address. */
  readonly host: string;
  readonly type: 'host' | 'cluster';
  readonly https: boolean;
  readonly port: number;
  /** Name of the one credential to use; undefined: all of the kind, in order. */
  readonly credential: string | undefined;
  /** PEM of the authority; without it what the appliance trusts anyway. */
  readonly ca: string | undefined;
  /** SHA-256 of the one certificate to accept. */
  readonly fingerprint: string | undefined;
}

/** A server to look at. */
export interface ServerConfig extends Omit<ServerTarget, 'tls'> {
  /** Of Windows: PEM of the authority; without it what the appliance trusts anyway. */
  readonly ca: string | undefined;
  /** Of Windows: SHA-256 of the one certificate to accept. */
  readonly fingerprint: string | undefined;
}

/** An account of Hyper-V hosts or servers. */
export interface CredentialConfig {
  /** Letters, digits and hyphens: names it to people and to the service. */
  readonly name: string;
  readonly kind: 'hyperv' | 'windows' | 'linux';
  readonly user: string;
  /** Undefined, all of them: the secret that was stored at an earlier start is used. */
  readonly password: string | undefined;
  /** PEM or OpenSSH format; of Linux only. */
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
}

export interface GuestCredentialConfig {
  /** Letters, digits and hyphens: names it to people and to the service. */
  readonly name: string;
  readonly family: 'linux' | 'windows';
  readonly user: string;
  /** Undefined: the one stored at an earlier start is used. */
  readonly password: string | undefined;
}

export interface ProxyConfig {
  readonly host: string;
  readonly port: number;
  /** Value of Proxy-Authorization. */
  readonly authorization?: string;
}

export interface ApplianceConfig {
  readonly applianceName: string;
  readonly cloud: CloudConfig;
  readonly vcenters: readonly VcenterConfig[];
  readonly hyperv: {
    readonly hosts: readonly HypervConfig[];
    /** Between refreshes of the inventory. */
    readonly refreshMs: Millis;
  };
  readonly servers: {
    /** Those of the file and those of the list. */
    readonly list: readonly ServerConfig[];
    readonly refreshMs: Millis;
  };
  readonly credentials: readonly CredentialConfig[];
  /** Towards Azure only; sources are reached directly. */
  readonly proxy: ProxyConfig | undefined;
  readonly collection: {
    /** Between collections from vCenters; a multiple of ten minutes, at most 50: vCenter keeps one hour. */
    readonly everyMs: Millis;
    /** Between refreshes of the inventory of vCenters. */
    readonly refreshMs: Millis;
  };
  /** What is looked for inside machines; without credentials nothing is. */
  readonly guests: {
    readonly credentials: readonly GuestCredentialConfig[];
    /** Between inventories of software. */
    readonly inventoryMs: Millis;
    /** Are connections collected? */
    readonly dependencies: boolean;
  };
  readonly replication: {
    readonly uploadsPerDisk: number;
    /** How long a guest may take to shut down before it is powered off. */
    readonly shutdownGraceMs: Millis;
  };
}

const WINRM_HTTPS_PORT = 5986;
const WINRM_HTTP_PORT = 5985;
const DISCOVERY_AUDIENCE = 'https://discoverysrv.windowsazure.com';
const REPLICATION_AUDIENCE = 'https://hypervrecoverymanager.windowsazure.com';

/**
 * The configuration as the appliance takes it.
 *
 * @param readFile gives the text of a file that the configuration names; trailing line breaks of secrets are cut.
 * @throws `server.list`, `csv.malformed` for a list of servers that is none
 */
export function resolveConfig(file: ConfigFile, readFile: (path: string) => string): ApplianceConfig {
  const { cloud, collection, guests, replication } = file;
  const secret = (text: string | undefined, path: string | undefined): string | undefined =>
    text ?? (path === undefined ? undefined : readFile(path).replace(/[\r\n]+$/, ''));
  return {
    applianceName: file.applianceName,
    cloud: {
      authorityHost: cloud.authorityHost,
      arm: cloud.arm,
      tenantId: cloud.tenantId,
      clientId: cloud.clientId,
      clientSecret: secret(cloud.clientSecret, cloud.clientSecretFile),
      subscriptionId: cloud.subscriptionId,
      resourceGroup: cloud.resourceGroup,
      project: cloud.project,
      siteName: cloud.siteName,
      region: cloud.region,
      vault: cloud.vault,
      discoveryAudience: DISCOVERY_AUDIENCE,
      replicationAudience: REPLICATION_AUDIENCE,
    },
    vcenters: file.vcenters.map((vcenter) => ({
      host: vcenter.host,
      port: vcenter.port,
      user: vcenter.user,
      password: secret(vcenter.password, vcenter.passwordFile),
      ca: vcenter.ca === undefined ? undefined : readFile(vcenter.ca),
      fingerprint: vcenter.fingerprint,
      scope: vcenter.scope && scopeOf(vcenter.scope, readFile),
    })),
    hyperv: {
      hosts: (file.hyperv?.hosts ?? []).map(({ ca, credential, fingerprint, port, ...entry }) => ({
        ...entry,
        port: port ?? (entry.https ? WINRM_HTTPS_PORT : WINRM_HTTP_PORT),
        credential,
        ca: ca === undefined ? undefined : readFile(ca),
        fingerprint,
      })),
      refreshMs: (file.hyperv?.refreshMinutes ?? 0) * MINUTE,
    },
    servers: {
      list: [
        ...(file.servers?.file === undefined
          ? []
          : readServerList({ name: file.servers.file, text: readFile(file.servers.file) })),
        ...(file.servers?.list ?? []).map(
          ({ address, os, port, credential, name, hostKey, ca, fingerprint }) => ({
            address,
            os,
            port,
            credential,
            name,
            hostKey,
            ca: ca === undefined ? undefined : readFile(ca),
            fingerprint,
          }),
        ),
      ],
      refreshMs: (file.servers?.refreshMinutes ?? 0) * MINUTE,
    },
    credentials: file.credentials.map((one) => ({
      name: one.name,
      kind: one.kind,
      user: one.user,
      password: secret(one.password, one.passwordFile),
      privateKey:
        one.privateKey ?? (one.privateKeyFile === undefined ? undefined : readFile(one.privateKeyFile)),
      passphrase: secret(one.passphrase, one.passphraseFile),
    })),
    proxy: file.proxy === undefined ? undefined : readProxy(file.proxy),
    collection: {
      everyMs: collection.everyMinutes * MINUTE,
      refreshMs: collection.refreshMinutes * MINUTE,
    },
    guests: {
      credentials: guests.credentials.map(({ name, family, user, password, passwordFile }) => ({
        name,
        family,
        user,
        password: secret(password, passwordFile),
      })),
      inventoryMs: guests.inventoryHours * HOUR,
      dependencies: guests.dependencies,
    },
    replication: {
      uploadsPerDisk: replication.uploadsPerDisk,
      shutdownGraceMs: replication.shutdownGraceMinutes * MINUTE,
    },
  };
}

/** Lists of machines are long: they may stand in a file, one name or instance UUID a line; # begins a remark. */
function scopeOf(
  { machinesFile, ...scope }: NonNullable<ConfigFile['vcenters'][number]['scope']>,
  readFile: (path: string) => string,
): Scope {
  if (machinesFile === undefined) return scope;
  const lines = readFile(machinesFile)
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*/, '').trim())
    .filter((line) => line !== '');
  return { ...scope, machines: [...(scope.machines ?? []), ...lines] };
}

/** A configuration from plain values: worlds and tests have no file. @throws `config.*` */
export function configFrom(input: Omit<ConfigInput, 'drylift'>): ApplianceConfig {
  const text = JSON.stringify({ drylift: 'appliance/v1', ...input });
  return resolveConfig(parseConfig(text, 'configuration'), (path) => {
    throw errors.make('config.missing', {
      what: `There is no file ${path}: give its content in place of it.`,
    });
  });
}

/** Own authority, or the fingerprint of one certificate, or what the appliance trusts anyway. */
export function tlsOf(
  { ca, fingerprint }: { readonly ca: string | undefined; readonly fingerprint: string | undefined },
  trust: readonly string[] | undefined,
): { trust?: readonly string[]; pinSha256?: string } {
  if (fingerprint !== undefined) return { pinSha256: fingerprint };
  if (ca !== undefined) return { trust: [ca] };
  return trust ? { trust } : {};
}

function readProxy(text: string): ProxyConfig {
  const url = new URL(text);
  const credentials =
    url.username && `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port ? Number(url.port) : 80,
    ...(credentials ? { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } : {}),
  };
}

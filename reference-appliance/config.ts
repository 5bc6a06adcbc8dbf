/**
 * The appliance's configuration: what may stand in the file, and what the appliance is given in the end.
 *
 * A file is YAML (so JSON as well). Every key is known or refused, with file, line and column, the nearest right
 * key and what to do. References to other files (certificates, secrets) are read by the composition root.
 */
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { type DryliftError, defineErrors, nearest, type Where } from '#core/errors.ts';
import { HOUR, MINUTE, type Millis } from '#core/units.ts';
import type { Scope } from './sources/vsphere/scope.ts';

export const errors = defineErrors({
  'config.missing': {
    blame: 'input',
    why: 'The configuration file, or a file that it names, cannot be read.',
    next: 'Check the path (relative ones start at the folder of the configuration file) and its permissions.',
  },
  'config.notYaml': {
    blame: 'input',
    why: 'The configuration must be one YAML or JSON document.',
    next: 'Correct the place named above.',
  },
  'config.unknownKey': {
    blame: 'input',
    why: 'A key that the appliance does not know has no effect, so it is refused.',
    next: 'Use one of the keys listed in `drylift explain config.unknownKey`, or remove it.',
    more:
      'drylift, applianceName, dataDirectory, proxy, ca, cloud {authorityHost, arm, tenantId, clientId, clientSecret, ' +
      'clientSecretFile, subscriptionId, resourceGroup, project, siteName, region, vault}, vcenters [{host, port, user, ' +
      'password, passwordFile, ca, fingerprint, scope {machines, machinesFile, folders, clusters, resourcePools}}], collection {everyMinutes, ' +
      'refreshMinutes}, guests {credentials [{name, family, user, password, passwordFile}], inventoryHours, dependencies}, replication {uploadsPerDisk, shutdownGraceMinutes}.',
  },
  'config.missingKey': {
    blame: 'input',
    why: 'The appliance cannot work without this value.',
    next: 'Add the key named above.',
  },
  'config.badValue': {
    blame: 'input',
    why: 'The value does not have the form or lies outside the range that the key allows.',
    next: 'Correct the value named above.',
  },
});

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
  /** Towards Azure only; vCenters are reached directly. */
  readonly proxy: ProxyConfig | undefined;
  readonly collection: {
    /** Between collections; a multiple of ten minutes, at most 50: vCenter keeps one hour. */
    readonly everyMs: Millis;
    /** Between refreshes of the inventory. */
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

const name = z.string().regex(/^[A-Za-z0-9]{1,14}$/, 'letters and digits, at most 14');
const origin = z
  .url()
  .refine(
    (text) => /^https:\/\/[^/?#]+\/?$/.test(text),
    'an https origin such as https://management.azure.com',
  )
  .transform((text) => text.replace(/\/$/, ''));
const word = z.string().min(1).max(256);
const uuid = z.uuid();

const FILE = z.strictObject({
  drylift: z.literal('appliance/v1'),
  applianceName: name,
  dataDirectory: word.default('appliance-data'),
  proxy: z.url({ protocol: /^http$/, error: 'an http:// URL of the proxy' }).optional(),
  ca: z.union([word.transform((file) => [file]), z.array(word)]).default([]),
  cloud: z
    .strictObject({
      authorityHost: origin.default('https://login.microsoftonline.com'),
      arm: origin.default('https://management.azure.com'),
      tenantId: uuid,
      clientId: uuid,
      clientSecret: word.optional(),
      clientSecretFile: word.optional(),
      subscriptionId: uuid,
      resourceGroup: word,
      project: word,
      siteName: z.string().regex(/^[a-zA-Z0-9-]{3,24}$/, '3 to 24 letters, digits and hyphens'),
      region: z.string().regex(/^[a-z0-9]+$/, 'a region name such as westeurope'),
      vault: word.optional(),
    })
    .refine(
      (cloud) => !(cloud.clientSecret && cloud.clientSecretFile),
      'clientSecret or clientSecretFile, not both',
    ),
  vcenters: z
    .array(
      z
        .strictObject({
          host: word,
          port: z.int().min(1).max(65_535).default(443),
          user: word,
          password: word.optional(),
          passwordFile: word.optional(),
          ca: word.optional(),
          fingerprint: z
            .string()
            .regex(/^([0-9a-f]{2}:?){32}$/i, 'the SHA-256 fingerprint, 64 hexadecimal digits')
            .optional(),
          scope: z
            .strictObject({
              machines: z.array(word).optional(),
              folders: z.array(word).optional(),
              clusters: z.array(word).optional(),
              resourcePools: z.array(word).optional(),
              machinesFile: word.optional(),
            })
            .optional(),
        })
        .refine(
          (vcenter) => !(vcenter.password && vcenter.passwordFile),
          'password or passwordFile, not both',
        )
        .refine((vcenter) => !(vcenter.ca && vcenter.fingerprint), 'ca or fingerprint, not both'),
    )
    .min(1)
    .max(100),
  collection: z
    .strictObject({
      everyMinutes: z.int().min(10).max(50).multipleOf(10, 'a multiple of 10').default(30),
      refreshMinutes: z.int().min(1).max(1440).default(15),
    })
    .prefault({}),
  guests: z
    .strictObject({
      credentials: z
        .array(
          z
            .strictObject({
              name: z.string().regex(/^[A-Za-z0-9-]{1,40}$/, 'letters, digits and hyphens, at most 40'),
              family: z.enum(['linux', 'windows']),
              user: word,
              password: word.optional(),
              passwordFile: word.optional(),
            })
            .refine((guest) => !(guest.password && guest.passwordFile), 'password or passwordFile, not both'),
        )
        .max(100)
        .refine((all) => new Set(all.map((one) => one.name)).size === all.length, 'a name for each')
        .default([]),
      inventoryHours: z.int().min(1).max(168).default(12),
      dependencies: z.boolean().default(true),
    })
    .prefault({}),
  replication: z
    .strictObject({
      uploadsPerDisk: z.int().min(1).max(32).default(4),
      shutdownGraceMinutes: z.int().min(0).max(60).default(10),
    })
    .prefault({}),
});

/** The file as it was written, checked, defaults filled in. Paths are as written. */
export type ConfigFile = z.infer<typeof FILE>;
/** What a file may hold: for whoever makes one. */
export type ConfigInput = z.input<typeof FILE>;

/** @param fileName as shown to the user. @throws `config.*` for the first thing that is wrong */
export function parseConfig(text: string, fileName: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const whereAt = (offset: number, field?: string): Where => {
    const { line, col } = lines.linePos(offset);
    return {
      file: fileName,
      line,
      column: col,
      text: maskLine(text.split('\n')[line - 1] ?? ''),
      ...(field ? { field } : {}),
    };
  };
  const broken = document.errors[0];
  if (broken)
    throw errors.make('config.notYaml', {
      what: `${fileName} is not YAML: ${broken.message.split('\n', 1)[0]}`,
      where: whereAt(broken.pos[0]),
      cause: broken,
    });
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw errors.make('config.notYaml', {
      what: `${fileName} uses an alias (*name): ${(cause as Error).message}.`,
      next: 'Write the value out in each place.',
      where: { file: fileName },
      cause,
    });
  }
  const result = FILE.safeParse(plain);
  if (result.success) return result.data;
  // a misspelt key is also a missing one; the misspelling is what helps
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  throw errorFor(issue, (path, key) => whereAt(offsetOf(document, path, key), path.join('.') || undefined));
}

type Issue = z.core.$ZodIssue;

function errorFor(
  issue: Issue,
  whereOf: (path: readonly PropertyKey[], key?: string) => Where,
): DryliftError {
  const place = issue.path.join('.') || 'the configuration';
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const near = nearest(key, keysAt(issue.path));
    return errors.make('config.unknownKey', {
      what: `"${key}" is not a key of ${place}${near ? `; did you mean "${near}"?` : '.'}`,
      where: { ...whereOf(issue.path, key), field: [...issue.path, key].join('.') },
      ...(near ? { next: `Write ${near}.` } : {}),
    });
  }
  const where = whereOf(issue.path);
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return errors.make('config.missingKey', { what: `${place} is missing.`, where });
  return errors.make('config.badValue', { what: `${place}: ${issue.message}.`, where });
}

/** Keys that the schema allows at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = FILE;
  for (const step of path) {
    const inner = unwrap(schema);
    if (inner instanceof z.ZodArray) schema = inner.element;
    else if (inner instanceof z.ZodObject) schema = inner.shape[step as string];
  }
  const object = unwrap(schema);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional)
    inner = inner.unwrap();
  return inner;
}

/** Where a key, or the value at a path (or the nearest thing around it), stands in the text. */
function offsetOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  key: string | undefined,
): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true) as
      | { range?: [number, number, number]; items?: Array<{ key?: { value?: unknown; range?: number[] } }> }
      | undefined;
    if (key !== undefined && depth === path.length) {
      const pair = node?.items?.find((item) => item.key?.value === key);
      if (pair?.key?.range) return pair.key.range[0]!;
    }
    if (node?.range) return node.range[0];
  }
  return 0;
}

/** Keys whose values may be shown; a misspelt key may be a misspelt `password`, so anything else may not. */
const SHOWN =
  /^(applianceName|tenantId|subscriptionId|resourceGroup|project|siteName|region|vault|host|port|user|drylift|everyMinutes)$/;

/** The line that is shown with an error, without the secret that may stand on it. */
function maskLine(line: string): string {
  const [, before, key, after] = /^(\s*(?:- )?"?)([\w-]+)("?\s*:)/.exec(line) ?? [];
  if (key === undefined) return line.replace(/\S.*/, '***');
  return SHOWN.test(key) || /:\s*$/.test(line) ? line : `${before}${key}${after} ***`;
}

const DISCOVERY_AUDIENCE = 'https://discoverysrv.windowsazure.com';
const REPLICATION_AUDIENCE = 'https://hypervrecoverymanager.windowsazure.com';

/**
 * The configuration as the appliance takes it.
 *
 * @param readFile gives the text of a file that the configuration names; trailing line breaks of secrets are cut.
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
  { ca, fingerprint }: VcenterConfig,
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

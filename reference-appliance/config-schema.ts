/** What may stand in the file of the configuration: keys, forms, ranges, and what has to fit together. */
import { z } from 'zod';

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
const port = z.int().min(1).max(65_535);
const fingerprint = z
  .string()
  .regex(/^([0-9a-f]{2}:?){32}$/i, 'the SHA-256 fingerprint, 64 hexadecimal digits');
const credentialName = z.string().regex(/^[A-Za-z0-9-]{1,40}$/, 'letters, digits and hyphens, at most 40');
const oneTrust = (entry: { ca?: string | undefined; fingerprint?: string | undefined }): boolean =>
  !(entry.ca && entry.fingerprint);
const ONE_TRUST = 'ca or fingerprint, not both';
const onePassword = (entry: { password?: string | undefined; passwordFile?: string | undefined }): boolean =>
  !(entry.password && entry.passwordFile);
const ONE_PASSWORD = 'password or passwordFile, not both';
const named = (all: ReadonlyArray<{ name: string }>): boolean =>
  new Set(all.map((one) => one.name)).size === all.length;

export const FILE = z
  .strictObject({
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
            port: port.default(443),
            user: word,
            password: word.optional(),
            passwordFile: word.optional(),
            ca: word.optional(),
            fingerprint: fingerprint.optional(),
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
          .refine(onePassword, ONE_PASSWORD)
          .refine(oneTrust, ONE_TRUST),
      )
      .max(100)
      .default([]),
    hyperv: z
      .strictObject({
        hosts: z
          .array(
            z
              .strictObject({
                host: word,
                type: z.enum(['host', 'cluster']).default('host'),
                https: z.boolean().default(true),
                port: port.optional(),
                credential: credentialName.optional(),
                ca: word.optional(),
                fingerprint: fingerprint.optional(),
              })
              .refine(oneTrust, ONE_TRUST),
          )
          .min(1)
          .max(1_000),
        refreshMinutes: z.int().min(1).max(1440).default(30),
      })
      .optional(),
    servers: z
      .strictObject({
        file: word.optional(),
        list: z
          .array(
            z
              .strictObject({
                address: word,
                os: z.enum(['linux', 'windows']),
                port: port.optional(),
                credential: credentialName.optional(),
                name: word.optional(),
                hostKey: z
                  .string()
                  .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'SHA256: and 43 characters, as ssh-keygen -l shows it')
                  .optional(),
                ca: word.optional(),
                fingerprint: fingerprint.optional(),
              })
              .refine(oneTrust, ONE_TRUST)
              .refine(
                (server) => server.os === 'windows' || !(server.ca || server.fingerprint),
                'ca and fingerprint are for Windows; of Linux there is hostKey',
              )
              .refine((server) => server.os === 'linux' || !server.hostKey, 'hostKey is for Linux'),
          )
          .max(10_000)
          .default([]),
        refreshMinutes: z.int().min(1).max(1440).default(180),
      })
      .refine(
        (servers) => servers.file !== undefined || servers.list.length > 0,
        'a file or a list of servers',
      )
      .optional(),
    credentials: z
      .array(
        z
          .strictObject({
            name: credentialName,
            kind: z.enum(['hyperv', 'windows', 'linux']),
            user: word,
            password: word.optional(),
            passwordFile: word.optional(),
            privateKey: z.string().min(1).max(65_536).optional(),
            privateKeyFile: word.optional(),
            passphrase: word.optional(),
            passphraseFile: word.optional(),
          })
          .refine(onePassword, ONE_PASSWORD)
          .refine((one) => !(one.privateKey && one.privateKeyFile), 'privateKey or privateKeyFile, not both')
          .refine((one) => !(one.passphrase && one.passphraseFile), 'passphrase or passphraseFile, not both')
          .refine(
            (one) => one.kind === 'linux' || !(one.privateKey || one.privateKeyFile),
            'private keys are for Linux',
          ),
      )
      .max(100)
      .refine(named, 'a name for each')
      .default([]),
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
                name: credentialName,
                family: z.enum(['linux', 'windows']),
                user: word,
                password: word.optional(),
                passwordFile: word.optional(),
              })
              .refine(onePassword, ONE_PASSWORD),
          )
          .max(100)
          .refine(named, 'a name for each')
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
  })
  .superRefine((file, context) => {
    if (file.vcenters.length === 0 && !file.hyperv && !file.servers)
      context.addIssue({
        code: 'custom',
        path: ['vcenters'],
        message: 'at least one of vcenters, hyperv and servers',
      });
    const kinds = new Map(file.credentials.map((one) => [one.name, one.kind]));
    for (const [i, { name }] of file.guests.credentials.entries())
      if (kinds.has(name))
        context.addIssue({
          code: 'custom',
          path: ['guests', 'credentials', i, 'name'],
          message: 'another credential has this name',
        });
    const check = (path: PropertyKey[], name: string | undefined, kind: string): void => {
      if (name !== undefined && kinds.get(name) !== kind)
        context.addIssue({
          code: 'custom',
          path,
          message: `there is no credential "${name}" of the kind ${kind}`,
        });
    };
    for (const [i, { credential }] of (file.hyperv?.hosts ?? []).entries())
      check(['hyperv', 'hosts', i, 'credential'], credential, 'hyperv');
    for (const [i, { credential, os }] of (file.servers?.list ?? []).entries())
      check(['servers', 'list', i, 'credential'], credential, os);
    const needed = new Set([
      ...(file.hyperv ? ['hyperv'] : []),
      ...(file.servers?.list ?? []).map(({ os }) => os),
    ]);
    for (const kind of needed)
      if (!file.credentials.some((one) => one.kind === kind))
        context.addIssue({
          code: 'custom',
          path: ['credentials'],
          message: `there is none of the kind ${kind}`,
        });
  });

/** The file as it was written, checked, defaults filled in. Paths are as written. */
export type ConfigFile = z.infer<typeof FILE>;
/** What a file may hold: for whoever makes one. */
export type ConfigInput = z.input<typeof FILE>;

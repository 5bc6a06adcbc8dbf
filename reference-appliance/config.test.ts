import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DryliftError, formatError } from '#core/errors.ts';
import { configFrom, resolveConfig } from './config.ts';
import { parseConfig } from './config-file.ts';

const GOOD = `drylift: appliance/v1
applianceName: appl01
proxy: http://agent:s%40fe@proxy.example:3128
ca: world.pem
cloud:
  tenantId: 11111111-1111-4111-8111-111111111111
  clientId: 22222222-2222-4222-8222-222222222222
  clientSecretFile: secret.txt
  subscriptionId: 33333333-3333-4333-8333-333333333333
  resourceGroup: rg
  project: project
  siteName: appl01site
  region: westeurope
  vault: vault
vcenters:
  - host: vc1.example
    user: reader@vsphere.local
    password: hunter2
    scope: { folders: [Web] }
`;

function failure(text: string): DryliftError {
  try {
    parseConfig(text, 'appliance.yaml');
  } catch (error) {
    if (error instanceof DryliftError) return error;
    throw error;
  }
  throw new Error('accepted');
}

test('a whole file becomes a configuration, defaults and referenced files filled in', () => {
  const config = resolveConfig(parseConfig(GOOD, 'appliance.yaml'), (path) => `content of ${path}\n`);
  expect(config.cloud.clientSecret).toBe('content of secret.txt');
  expect(config.cloud.arm).toBe('https://management.azure.com');
  expect(config.proxy).toEqual({
    host: 'proxy.example',
    port: 3128,
    authorization: `Basic ${Buffer.from('agent:s@fe').toString('base64')}`,
  });
  expect(config.vcenters[0]).toMatchObject({ port: 443, password: 'hunter2', scope: { folders: ['Web'] } });
  expect(config.collection).toEqual({ everyMs: 1_800_000, refreshMs: 900_000 });
});

test('a list of machines may stand in a file of its own, with remarks', () => {
  const text = GOOD.replace(
    'scope: { folders: [Web] }',
    'scope: { machinesFile: wave-1.txt, machines: [db-1] }',
  );
  const config = resolveConfig(parseConfig(text, 'a.yaml'), (path) =>
    path === 'wave-1.txt' ? '# first\r\nweb-01   # Anna\n\n web#02\n' : 'hunter2',
  );
  expect(config.vcenters[0]!.scope).toEqual({ machines: ['db-1', 'web-01', 'web#02'] });
});

test('a misspelt key is named with its place and the nearest right one', () => {
  const error = failure(GOOD.replace('  resourceGroup: rg', '  resourceGruop: rg'));
  expect(error).toMatchObject({
    code: 'config.unknownKey',
    where: { file: 'appliance.yaml', line: 10, column: 3, field: 'cloud.resourceGruop' },
  });
  expect(formatError(error)).toBe(
    [
      'config.unknownKey  "resourceGruop" is not a key of cloud; did you mean "resourceGroup"?',
      '  where: appliance.yaml:10:3 (cloud.resourceGruop)',
      '           resourceGruop: ***',
      '           ^',
      '  why:   A key that the appliance does not know has no effect, so it is refused.',
      '  next:  Write resourceGroup.',
    ].join('\n'),
  );
});

test('a misspelt key inside a list has its own line', () => {
  const error = failure(GOOD.replace('    user: reader', '    usr: reader'));
  expect(error.where).toMatchObject({ line: 17, column: 5, field: 'vcenters.0.usr' });
  expect(error.what).toContain('did you mean "user"');
});

test.each([
  ['a missing key', GOOD.replace('  project: project\n', ''), 'config.missingKey', 'cloud.project'],
  ['a port out of range', `${GOOD}    port: 70000\n`, 'config.badValue', 'vcenters.0.port'],
  [
    'an id that is no UUID',
    GOOD.replace(/tenantId: \S+/, 'tenantId: contoso'),
    'config.badValue',
    'cloud.tenantId',
  ],
  ['two secrets for one thing', `${GOOD}    passwordFile: x\n`, 'config.badValue', 'vcenters.0'],
  [
    'a cadence that would lose samples',
    `${GOOD}collection: { everyMinutes: 60 }\n`,
    'config.badValue',
    'collection.everyMinutes',
  ],
  ['another kind of document', GOOD.replace('appliance/v1', 'scenario/v1'), 'config.badValue', 'drylift'],
  [
    'a proxy that is not plain http',
    GOOD.replace('proxy: http:', 'proxy: socks:'),
    'config.badValue',
    'proxy',
  ],
  ['no source at all', GOOD.slice(0, GOOD.indexOf('vcenters:')), 'config.badValue', 'vcenters'],
  [
    'a host whose credential there is not',
    `${GOOD}hyperv: { hosts: [{ host: hv1, credential: nobody }] }\n`,
    'config.badValue',
    'hyperv.hosts.0.credential',
  ],
  [
    'a server without any credential of its kind',
    `${GOOD}servers: { list: [{ address: 10.0.0.5, os: linux }] }\n`,
    'config.badValue',
    'credentials',
  ],
  [
    'a host key that is none',
    `${GOOD}servers: { list: [{ address: a, os: linux, hostKey: ssh-rsa AAAA }] }\n`,
    'config.badValue',
    'servers.list.0.hostKey',
  ],
  ['neither file nor list of servers', `${GOOD}servers: {}\n`, 'config.badValue', 'servers'],
  [
    'two credentials of one name',
    `${GOOD}credentials: [{ name: a, kind: linux, user: u }, { name: a, kind: windows, user: u }]\n`,
    'config.badValue',
    'credentials',
  ],
])('%s is refused at its place', (_, text, code, field) => {
  expect(failure(text)).toMatchObject({ code, where: { field }, blame: 'input' });
});

test.each([
  ['broken indentation', 'a:\n  b: 1\n c: 2'],
  ['a key twice', `${GOOD}applianceName: again\n`],
  ['an alias', 'a: &x 1\nb: *x'],
  ['nothing', ''],
])('%s is an error with a place, never a crash', (_, text) => {
  const error = failure(text);
  expect(error.code).toMatch(/^config\./);
  expect(error.where?.file).toBe('appliance.yaml');
});

test('the line shown with an error does not show a password', () => {
  const error = failure(GOOD.replace('    password: hunter2', '    Password: hunter2'));
  expect(error.code).toBe('config.unknownKey');
  expect(formatError(error)).not.toContain('hunter2');
});

test.each([
  ['a misspelt password', '    pasword: hunter2'],
  ['a misspelt secret', '    clientSecrt: hunter2'],
  ['a password without a key', '    hunter2'],
])('%s is not shown', (_what, line) => {
  const error = failure(GOOD.replace('    user: reader', `    user: reader\n${line}`));
  expect(formatError(error)).not.toContain('hunter2');
});

test('the example is a whole configuration', () => {
  const text = readFileSync(new URL('./example.yaml', import.meta.url), 'utf8');
  const config = resolveConfig(parseConfig(text, 'example.yaml'), (path) => `content of ${path}\n`);
  expect(config.cloud.clientSecret).toBe('content of client-secret.txt');
  // what is commented out is right as well
  const whole = text
    .replace(/^# ( *(?:- |\w+:).*)$/gm, '$1')
    .replace(/^(\s+)# (\w+: )/gm, '$1$2')
    .replace(/ *fingerprint:.*\n/, '');
  const all = parseConfig(whole, 'x');
  expect([all.hyperv?.hosts.length, all.servers?.list.length, all.credentials.length]).toEqual([2, 2, 3]);
});

test('plain values make the same configuration as a file', () => {
  const config = configFrom({
    applianceName: 'appl01',
    cloud: {
      tenantId: '11111111-1111-4111-8111-111111111111',
      clientId: '22222222-2222-4222-8222-222222222222',
      clientSecret: 's',
      subscriptionId: '33333333-3333-4333-8333-333333333333',
      resourceGroup: 'rg',
      project: 'p',
      siteName: 'site',
      region: 'westeurope',
    },
    vcenters: [{ host: 'vc', user: 'u', password: 'p' }],
  });
  expect(config.cloud.clientSecret).toBe('s');
});

test('hosts and servers get what is usual where nothing is said; what is named is read', () => {
  const text = `${GOOD}hyperv:
  hosts:
    - { host: hv1.contoso.local }
    - { host: hvc.contoso.local, type: cluster, https: false, credential: hv, ca: hv.pem }
servers:
  file: servers.csv
  list:
    - { address: 10.0.0.5, os: linux, credential: root, hostKey: 'SHA256:${'A'.repeat(43)}' }
credentials:
  - { name: hv, kind: hyperv, user: 'CONTOSO\\hv', passwordFile: hv.txt }
  - { name: root, kind: linux, user: root, privateKeyFile: id, passphrase: open }
`;
  const config = resolveConfig(parseConfig(text, 'appliance.yaml'), (path) =>
    path === 'servers.csv' ? 'address,os\n10.0.0.6,linux\n' : `<${path}>\n`,
  );
  const nothing = { credential: undefined, ca: undefined, fingerprint: undefined };
  expect(config.hyperv).toEqual({
    hosts: [
      { host: 'hv1.contoso.local', type: 'host', https: true, port: 5986, ...nothing },
      {
        ...{ host: 'hvc.contoso.local', type: 'cluster', https: false, port: 5985 },
        ...{ credential: 'hv', ca: '<hv.pem>\n', fingerprint: undefined },
      },
    ],
    refreshMs: 30 * 60_000,
  });
  expect(config.servers).toMatchObject({
    list: [{ address: '10.0.0.6' }, { address: '10.0.0.5', os: 'linux', port: undefined, name: undefined }],
    refreshMs: 3 * 3_600_000,
  });
  expect(config.credentials).toMatchObject([
    { kind: 'hyperv', user: 'CONTOSO\\hv', password: '<hv.txt>', privateKey: undefined },
    { kind: 'linux', password: undefined, privateKey: '<id>\n', passphrase: 'open' },
  ]);
});

import { expect, test } from 'vitest';
import { estateAccounts } from '../../estate/guest/accounts.ts';
import { guestsOf } from '../../estate/guest/guests.ts';
import { READER, refOf, type Soap, type TestVcenter, testVcenter } from '../testing/test-vcenter.ts';

/** A running machine of that family which its account may enter, as `vm` and `auth` of a call. */
async function entered(world: TestVcenter, soap: Soap, family: 'linux' | 'windows') {
  const { user, password } = estateAccounts('vcenter test').find(({ id }) => id === family)!;
  const machine = world.estate
    .machines()
    .find(
      ({ id, os, power }) =>
        os.family === family && power === 'on' && guestsOf(world.estate).guest(id)!.logIn(user, password),
    )!;
  const found = await soap.ask(
    'FindByUuid',
    'SearchIndex:SearchIndex',
    `<uuid>${machine.biosUuid}</uuid><vmSearch>true</vmSearch>`,
  );
  const auth = `<auth xsi:type="NamePasswordAuthentication"><interactiveSession>false</interactiveSession><username>${user}</username><password>${password}</password></auth>`;
  return { vm: `<vm type="VirtualMachine">${found.at('returnval').text}</vm>`, auth, user };
}

const ALIASES = 'GuestAliasManager:guestOperationsAliasManager';

test('aliases are kept by user and certificate, and one certificate is mapped to one user', async () => {
  await using world = await testVcenter({ machines: 16 });
  await world.run(async () => {
    const soap = await world.session();
    const { vm, auth, user } = await entered(world, soap, 'linux');
    const { aliasManager } = await soap.read('GuestOperationsManager:guestOperationsManager', 'aliasManager');
    expect(refOf(aliasManager!)).toBe(ALIASES);
    const certificate = world.tier.authority.certificatePem;
    const add = (
      who: string,
      subject: string,
      inner = `<base64Cert>${certificate}</base64Cert>`,
      mapped = true,
    ) =>
      soap.call(
        'AddGuestAlias',
        ALIASES,
        `${vm}${auth}<username>${who}</username><mapCert>${mapped}</mapCert>${inner}<aliasInfo>${subject}<comment>for tests</comment></aliasInfo>`,
      );
    const anna = '<subject xsi:type="GuestAuthNamedSubject"><name>anna@vsphere.local</name></subject>';
    const any = '<subject xsi:type="GuestAuthAnySubject"/>';
    for (const subject of [anna, any, anna]) expect((await add(user, subject)).fault).toBeUndefined();
    expect((await add('nobody-knows', any)).fault).toBe('InvalidArgument');
    expect((await add(user, any, '<base64Cert>bm90IG9uZQ==</base64Cert>')).fault).toBe('InvalidArgument');

    const list = () => soap.ask('ListGuestAliases', ALIASES, `${vm}${auth}<username>${user}</username>`);
    expect((await list()).all('aliases').map((each) => each.at('subject').attributes['xsi:type'])).toEqual([
      'GuestAuthNamedSubject',
      'GuestAuthAnySubject',
    ]);
    const der = certificate.replace(/-----[^-]+-----|\s/g, '');
    expect((await list()).at('returnval/base64Cert').text).toBe(der);
    const mapped = await soap.ask('ListGuestMappedAliases', ALIASES, `${vm}${auth}`);
    expect(mapped.at('returnval/username').text).toBe(user);

    const one = `${vm}${auth}<username>${user}</username><base64Cert>${der}</base64Cert>`;
    await soap.ask('RemoveGuestAlias', ALIASES, `${one}${any}`);
    expect((await soap.call('RemoveGuestAlias', ALIASES, `${one}${any}`)).fault).toBe('GuestOperationsFault');
    await soap.ask('RemoveGuestAliasByCert', ALIASES, one);
    expect((await list()).children).toEqual([]);

    const reader = await world.session(READER);
    expect((await reader.call('ListGuestMappedAliases', ALIASES, `${vm}${auth}`)).fault).toBe('NoPermission');
  });
});

test('binary values of a registry come back as they were written', async () => {
  await using world = await testVcenter({ machines: 24 });
  await world.run(async () => {
    const soap = await world.session();
    const { vm, auth } = await entered(world, soap, 'windows');
    const registry = 'GuestWindowsRegistryManager:guestOperationsWindowsRegistryManager';
    const key =
      '<keyName><registryPath>HKEY_LOCAL_MACHINE\\SOFTWARE</registryPath><wowBitness>WOWNative</wowBitness></keyName>';
    const set = (value: string) =>
      soap.call(
        'SetRegistryValueInGuest',
        registry,
        `${vm}${auth}<value><name>${key}<name>blob</name></name><data xsi:type="GuestRegValueBinarySpec"><value>${value}</value></data></value>`,
      );
    expect((await set('AAEC/w==')).fault).toBeUndefined();
    expect((await set('not base64')).fault).toBe('InvalidRequest');
    const answer = await soap.ask(
      'ListRegistryValuesInGuest',
      registry,
      `${vm}${auth}${key}<expandStrings>false</expandStrings><matchPattern>blob</matchPattern>`,
    );
    expect(answer.at('returnval/data').attributes['xsi:type']).toBe('GuestRegValueBinarySpec');
    expect(answer.at('returnval/data/value').text).toBe('AAEC/w==');
  });
});

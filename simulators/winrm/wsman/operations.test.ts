/** WS-Management as clients find it: every operation, offered or refused in the protocol's words. */
import { describe, expect, test } from 'vitest';
import { ADMIN, GUEST, type Soap, STRANGER, type TestHost, testHost } from '../testing/test-host.ts';
import { ACTION, NS, RESOURCE, SELECTOR_DIALECT, WQL_DIALECT, XPATH_DIALECT } from './names.ts';

const cimv2 = (name: string): string => `${RESOURCE.wmi}root/cimv2/${name}`;

async function onHost(
  script: (host: TestHost) => Promise<void>,
  options?: Parameters<typeof testHost>[0],
): Promise<void> {
  await using host = await testHost(options);
  await host.run(() => script(host));
}

const enumerate = (host: TestHost, name: string, inside: string): Promise<Soap> =>
  host.ask({
    action: ACTION.enumerate,
    uri: cimv2(name),
    body: `<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>99</w:MaxElements>${inside}</n:Enumerate>`,
  });

describe('Get', () => {
  const get = (host: TestHost, name: string, selectors = {}, header = ''): Promise<Soap> =>
    host.ask({ action: ACTION.get, uri: cimv2(name), selectors, header });

  test('gives one instance, scalars that are null included, arrays that are null not', () =>
    onHost(async (host) => {
      const { status, xml } = await get(host, 'Win32_Service', { Name: 'svc1' });
      expect(status).toBe(200);
      expect(xml).toContain('<p:State>Running</p:State>');
      expect(xml).toContain('<p:DisplayName>Service &lt;1&gt;</p:DisplayName>');
      expect(xml).toContain('<p:PathName xsi:nil="true"/>');
      const system = await get(host, 'Win32_ComputerSystem');
      expect(system.xml).toContain(
        '<p:Roles>Server</p:Roles><p:Roles>NT</p:Roles><p:Roles>a&amp;b</p:Roles>',
      );
      expect(system.xml).not.toContain('OEMStringArray');
    }));

  test('selectors that are wrong, too few, doubled, or of nothing are told apart', () =>
    onHost(async (host) => {
      expect(await get(host, 'Win32_Service', { Colour: 'red' })).toMatchObject({
        code: 2150858813,
        subcode: 'w:InvalidSelectors',
      });
      expect(await get(host, 'Win32_Service')).toMatchObject({ code: 2150858842 });
      expect(await get(host, 'Win32_Service', { Name: 'nobody' })).toMatchObject({
        subcode: 'a:DestinationUnreachable',
      });
      const twice =
        '<w:SelectorSet><w:Selector Name="Name">a</w:Selector><w:Selector Name="name">b</w:Selector></w:SelectorSet>';
      expect(await get(host, 'Win32_Service', {}, twice)).toMatchObject({ code: 2150858847 });
    }));

  test('a fragment is one property, an element of it, or its text', () =>
    onHost(async (host) => {
      const fragment = async (path: string, name = 'Win32_ComputerSystem', more = ''): Promise<Soap> =>
        get(
          host,
          name,
          {},
          `<w:FragmentTransfer s:mustUnderstand="true"${more}>${path}</w:FragmentTransfer>`,
        );
      const inside = ({ xml }: Soap): string | undefined =>
        /<w:XmlFragment[^>]*>(.*)<\/w:XmlFragment>/.exec(xml)?.[1];
      expect(inside(await fragment('Name'))).toBe('<p:Name>WIN1</p:Name>');
      expect(inside(await fragment('/p:Win32_ComputerSystem/p:Name/text()'))).toBe('WIN1');
      expect(inside(await fragment('Roles'))).toBe(
        '<p:Roles>Server</p:Roles><p:Roles>NT</p:Roles><p:Roles>a&amp;b</p:Roles>',
      );
      expect(inside(await fragment('Roles[3]/text()'))).toBe('a&amp;b');
      expect(inside(await fragment('Domain'))).toBe('<p:Domain xsi:nil="true"/>');
      expect(inside(await fragment('LastBootUpTime/text()', 'Win32_OperatingSystem'))).toBe(
        '2026-01-02T03:04:05.000000Z',
      );
      expect((await fragment('Name')).xml).toContain('<w:FragmentTransfer s:mustUnderstand="true">Name<');
      expect(await fragment('//*[1]')).toMatchObject({ code: 2150858899 });
      expect(await fragment('Nothing')).toMatchObject({ code: 2150858899 });
      expect(await fragment('Name', 'Win32_ComputerSystem', ' Dialect="urn:x"')).toMatchObject({
        code: 2150858896,
      });
      expect((await fragment('Name', 'Win32_ComputerSystem', ` Dialect="${XPATH_DIALECT}"`)).status).toBe(
        200,
      );
    }));
});

test('what providers cannot do is said to be theirs to refuse', () =>
  onHost(async (host) => {
    const selectors = { Name: 'svc1' };
    const body = '<p:Win32_Service xmlns:p="x"/>';
    for (const action of [ACTION.put, ACTION.delete])
      expect(await host.ask({ action, uri: cimv2('Win32_Service'), selectors, body })).toMatchObject({
        status: 500,
        code: 0x80041024,
      });
    expect(await host.ask({ action: ACTION.create, uri: cimv2('Win32_Service'), body })).toMatchObject({
      code: 0x80041024,
    });
    expect(
      await host.ask({ action: ACTION.delete, uri: cimv2('Win32_Service'), selectors: { Name: 'no' } }),
    ).toMatchObject({ code: 0x80041002 });
  }));

describe('Enumerate', () => {
  test('without MaxElements each Pull has one item', () =>
    onHost(async (host) => {
      const one = await host.query('select Name from Win32_Service');
      expect(one.pulls).toBe(5);
      const all = await host.query('select Name from Win32_Service', 100);
      expect(all.pulls).toBe(1);
      expect(one.items).toBe(all.items);
    }));

  test('objects, references, or both, as EnumerationMode says', () =>
    onHost(async (host) => {
      const mode = (text: string): Promise<Soap> =>
        enumerate(host, 'Win32_Processor', `<w:EnumerationMode>${text}</w:EnumerationMode>`);
      const references = await mode('EnumerateEPR');
      expect(references.xml.match(/<a:EndpointReference>/g)).toHaveLength(2);
      expect(references.xml).toContain('<w:Selector Name="__cimnamespace">root/cimv2</w:Selector>');
      expect(references.xml).not.toContain('<p:Name>');
      const both = await mode('EnumerateObjectAndEPR');
      expect(both.xml.match(/<w:Item><p:Win32_Processor /g)).toHaveLength(2);
      expect(both.xml.match(/<\/a:EndpointReference><\/w:Item>/g)).toHaveLength(2);
      expect(await mode('EnumerateEverything')).toMatchObject({ code: 2150858886 });
    }));

  test('below a class: with what subclasses add, without it, or not at all', () =>
    onHost(async (host) => {
      const deep = (mode: string): Promise<Soap> =>
        enumerate(host, 'CIM_Service', mode && `<b:PolymorphismMode>${mode}</b:PolymorphismMode>`);
      for (const mode of ['', 'IncludeSubClassProperties'])
        expect((await deep(mode)).xml.match(/<p:Win32_Service /g)).toHaveLength(5);
      const base = (await deep('ExcludeSubClassProperties')).xml;
      expect(base.match(/<p:CIM_Service /g)).toHaveLength(5);
      expect(base).toContain('<p:Name>svc0</p:Name>');
      expect(base).not.toContain('DisplayName');
      expect((await deep('None')).xml).toContain('<w:Items></w:Items><w:EndOfSequence>');
      expect(await deep('Sideways')).toMatchObject({ code: 2150859063, subcode: 'w:UnsupportedFeature' });
      const filter = `<w:Filter Dialect="${WQL_DIALECT}">select * from CIM_Service</w:Filter>`;
      expect(
        await enumerate(host, '*', `${filter}<b:PolymorphismMode>None</b:PolymorphismMode>`),
      ).toMatchObject({ code: 2150859063 });
    }));

  test('association filters find what ASSOCIATORS OF and REFERENCES OF find', () =>
    onHost(async (host) => {
      const object =
        `<b:Object><a:Address>${NS.a}/role/anonymous</a:Address><a:ReferenceParameters>` +
        `<w:ResourceURI>${cimv2('Win32_ComputerSystem')}</w:ResourceURI><w:SelectorSet>` +
        '<w:Selector Name="Name">WIN1</w:Selector></w:SelectorSet></a:ReferenceParameters></b:Object>';
      const filtered = (inside: string, word = 'a'): Promise<Soap> =>
        enumerate(
          host,
          '*',
          `<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/cimbinding/${word}ssociationFilter">${inside}</w:Filter>`,
        );
      const associated = (more: string): Promise<Soap> =>
        filtered(`<b:AssociatedInstances>${object}${more}</b:AssociatedInstances>`, 'A');
      const all = await associated('');
      expect(all.xml.match(/<p:Win32_Processor /g)).toHaveLength(2);
      for (const more of [
        '<b:AssociationClassName>Win32_ComputerSystemProcessor</b:AssociationClassName>',
        '<b:ResultClassName>CIM_Processor</b:ResultClassName>',
        '<b:Role>GroupComponent</b:Role><b:ResultRole>partcomponent</b:ResultRole>',
      ])
        expect((await associated(more)).xml.match(/<p:Win32_Processor /g)).toHaveLength(2);
      for (const more of [
        '<b:AssociationClassName>Win32_SystemServices</b:AssociationClassName>',
        '<b:ResultClassName>Win32_Service</b:ResultClassName>',
        '<b:Role>PartComponent</b:Role>',
      ])
        expect((await associated(more)).xml).not.toContain('<p:Win32_Processor');
      const links = await filtered(`<b:AssociationInstances>${object}</b:AssociationInstances>`);
      expect(links.xml.match(/<p:Win32_ComputerSystemProcessor /g)).toHaveLength(2);
      const wql = async (query: string) => (await host.query(query, 100)).items;
      expect(all.xml).toContain(await wql("ASSOCIATORS OF {Win32_ComputerSystem.Name='WIN1'}"));
      expect(links.xml).toContain(await wql("REFERENCES OF {Win32_ComputerSystem.Name='WIN1'}"));
      expect(await filtered('<b:Everything/>')).toMatchObject({ code: 2150859015 });
      expect(
        await filtered(
          `<b:AssociatedInstances>${object.replace('>WIN1<', '>WIN2<')}</b:AssociatedInstances>`,
        ),
      ).toMatchObject({
        code: 0x80041002,
      });
    }));

  test('filters that nobody knows, and none where one is needed', () =>
    onHost(async (host) => {
      expect(await enumerate(host, '*', '')).toMatchObject({ code: 2150859003 });
      expect(await enumerate(host, '*', '<w:Filter Dialect="urn:x">x</w:Filter>')).toMatchObject({
        code: 2150858777,
      });
      expect(await enumerate(host, 'Win32_Nothing', '')).toMatchObject({ code: 0x80041010 });
      expect(
        await host.ask({
          action: ACTION.enumerate,
          uri: `${RESOURCE.wmi}root/nothing/X`,
          body: '<n:Enumerate/>',
        }),
      ).toMatchObject({ code: 0x8004100e });
    }));

  test('shells, and the commands of one', () =>
    onHost(async (host) => {
      const id = await openShell(host);
      await command(host, id, 'slow one');
      const shells = await host.ask({
        action: ACTION.enumerate,
        uri: NS.rsp,
        body: '<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>9</w:MaxElements></n:Enumerate>',
      });
      expect(shells.xml).toContain(`<rsp:ShellId>${id}</rsp:ShellId>`);
      const filter = `<w:Filter Dialect="${SELECTOR_DIALECT}"><w:SelectorSet><w:Selector Name="ShellId">${id}</w:Selector></w:SelectorSet></w:Filter>`;
      const commands = await host.ask({
        action: ACTION.enumerate,
        uri: `${NS.rsp}/Command`,
        body: `<n:Enumerate><w:OptimizeEnumeration/>${filter}</n:Enumerate>`,
      });
      expect(commands.xml.match(/<rsp:CommandId>/g)).toHaveLength(1);
    }));
});

const openShell = async (host: TestHost, account = ADMIN): Promise<string> => {
  const { xml } = await host.ask({ action: ACTION.create, uri: RESOURCE.cmd, body: '<rsp:Shell/>', account });
  const [, id] = /Name="ShellId">([^<]*)</.exec(xml) ?? [];
  if (id === undefined) throw new Error(xml);
  return id;
};
const command = async (host: TestHost, shell: string, line: string, more = {}): Promise<string> => {
  const { xml } = await host.ask({
    action: ACTION.command,
    uri: RESOURCE.cmd,
    selectors: { ShellId: shell },
    body: `<rsp:CommandLine><rsp:Command>${line}</rsp:Command></rsp:CommandLine>`,
    ...more,
  });
  const [, id] = /CommandId>([^<]*)</.exec(xml) ?? [];
  if (id === undefined) throw new Error(xml);
  return id;
};
const receive = (host: TestHost, shell: string, id: string, timeout = 'PT60S'): Promise<Soap> =>
  host.ask({
    action: ACTION.receive,
    uri: RESOURCE.cmd,
    selectors: { ShellId: shell },
    body: `<rsp:Receive><rsp:DesiredStream CommandId="${id}">stdout stderr</rsp:DesiredStream></rsp:Receive>`,
    timeout,
  });

describe('quotas', () => {
  test('an operation that takes longer than its time-out says so, and can be asked for again', () =>
    onHost(async (host) => {
      const shell = await openShell(host);
      const id = await command(host, shell, 'slow');
      const begun = host.tier.clock.wall();
      expect(await receive(host, shell, id, 'PT4S')).toMatchObject({
        code: 2150858793,
        subcode: 'w:TimedOut',
      });
      expect(host.tier.clock.wall() - begun).toBeGreaterThanOrEqual(4000);
      expect((await receive(host, shell, id)).xml).toContain('<rsp:ExitCode>0</rsp:ExitCode>');
    }));

  test('two who wait for one command: the older goes home, neither spins', () =>
    onHost(async (host) => {
      const shell = await openShell(host);
      const id = await command(host, shell, 'slow');
      const [older, newer] = await Promise.all([receive(host, shell, id), receive(host, shell, id)]);
      expect([older.code, newer.code].filter(Boolean)).toEqual([2150858793]);
    }));

  test('of 2008 R2: 15 operations, 5 shells, 15 commands, envelopes of 150 KiB', () =>
    onHost(
      async (host) => {
        const open = (): Promise<Soap> =>
          host.ask({ action: ACTION.enumerate, uri: cimv2('Win32_Service'), body: '<n:Enumerate/>' });
        for (let n = 0; n < 14; n++) expect((await open()).status).toBe(200);
        expect(await open()).toMatchObject({ code: 2150859174 });
      },
      { osVersion: '6.1.7601' },
    ));

  test('shells of one user, commands of one shell', () =>
    onHost(
      async (host) => {
        const shells: string[] = [];
        for (let n = 0; n < 5; n++) shells.push(await openShell(host));
        expect(
          await host.ask({ action: ACTION.create, uri: RESOURCE.cmd, body: '<rsp:Shell/>' }),
        ).toMatchObject({
          code: 2150859173,
          subcode: 'w:QuotaLimit',
        });
        for (let n = 0; n < 15; n++) await command(host, shells[0]!, 'echo');
        await expect(command(host, shells[0]!, 'echo')).rejects.toThrow('2150859241');
        await openShell(host, GUEST);
      },
      { osVersion: '6.1.7601' },
    ));

  test('shells of nobody who is in none of their groups', () =>
    onHost(async (host) => {
      const asked = { action: ACTION.create, uri: RESOURCE.cmd, body: '<rsp:Shell/>', account: STRANGER };
      expect(await host.ask(asked)).toMatchObject({ code: 5, subcode: 'w:AccessDenied' });
    }));

  test('MaxEnvelopeSize that is too small, and what fits into no envelope', () =>
    onHost(async (host) => {
      const sized = (bytes: number): Promise<Soap> =>
        host.ask({
          action: ACTION.get,
          uri: cimv2('Win32_OperatingSystem'),
          header: `<w:MaxEnvelopeSize>${bytes}</w:MaxEnvelopeSize>`,
        });
      expect(await sized(100)).toMatchObject({ code: 2150858767 });
      expect((await sized(8192)).status).toBe(200);
    }));
});

describe('winrm/config', () => {
  const config = (host: TestHost, branch: string, body = '', account = ADMIN): Promise<Soap> =>
    host.ask({ action: body ? ACTION.put : ACTION.get, uri: `${RESOURCE.config}${branch}`, body, account });

  test('is read whole or by branch, and shows the quotas of the version', () =>
    onHost(
      async (host) => {
        expect((await config(host, '')).xml).toContain('<cfg:MaxEnvelopeSizekb>150</cfg:MaxEnvelopeSizekb>');
        expect((await config(host, '/service/auth')).xml).toContain('<cfg:Basic>true</cfg:Basic>');
        expect(await config(host, '/nothing')).toMatchObject({ code: 2150858811 });
      },
      { osVersion: '6.1.7601' },
    ));

  test('is changed by administrators, and holds from then on', () =>
    onHost(async (host) => {
      const put = '<cfg:Winrs><cfg:MaxShellsPerUser>1</cfg:MaxShellsPerUser></cfg:Winrs>';
      expect(await config(host, '/winrs', put, GUEST)).toMatchObject({ code: 5 });
      expect((await config(host, '/winrs', put)).xml).toContain('<cfg:MaxShellsPerUser>1<');
      await openShell(host);
      await expect(openShell(host)).rejects.toThrow('2150859173');
      expect(await config(host, '/winrs', '<cfg:Winrs><cfg:Colour>1</cfg:Colour></cfg:Winrs>')).toMatchObject(
        { code: 2150858773 },
      );
      expect(
        await config(
          host,
          '/service',
          '<cfg:Service><cfg:DefaultPorts><cfg:HTTP>80</cfg:HTTP></cfg:DefaultPorts></cfg:Service>',
        ),
      ).toMatchObject({ code: 2150859071 });
      const off = '<cfg:Service><cfg:Auth><cfg:Basic>false</cfg:Basic></cfg:Auth></cfg:Service>';
      expect((await config(host, '/service', off)).status).toBe(200);
      expect((await config(host, '')).status).toBe(401);
    }));
});

describe('headers', () => {
  const odd = (host: TestHost, header: string, action: string = ACTION.get): Promise<Soap> =>
    host.ask({ action, uri: cimv2('Win32_OperatingSystem'), header });

  test('that must be understood and are not; time-outs that are none; actions that nobody has', () =>
    onHost(async (host) => {
      const stranger = await odd(host, '<z:Z xmlns:z="urn:z" s:mustUnderstand="true"/>');
      expect(stranger).toMatchObject({ code: 2150858768, subcode: undefined });
      expect(stranger.xml).toContain('<s:Value>s:MustUnderstand</s:Value>');
      expect(await odd(host, '<w:OperationTimeout>soon</w:OperationTimeout>')).toMatchObject({
        code: 2150858767,
      });
      expect(await odd(host, '', '')).toMatchObject({ code: 2150858769 });
      expect(await odd(host, '', 'urn:fly')).toMatchObject({
        code: 2150858771,
        subcode: 'a:ActionNotSupported',
      });
      expect(await host.ask({ action: ACTION.get, uri: 'urn:x' })).toMatchObject({ code: 2150858811 });
      expect(await host.ask({ action: ACTION.command, uri: RESOURCE.config })).toMatchObject({
        code: 2150858771,
      });
    }));
});

test('the same conversation is the same bytes, in the same order', async () => {
  const conversation = async (): Promise<readonly unknown[]> => {
    await using host = await testHost();
    await host.run(async () => {
      await host.query('select * from Win32_Service', 2);
      const shell = await openShell(host);
      const id = await command(host, shell, 'slow');
      host.arm('winrm.shell', 'hang', { subject: 'Receive', forMs: 5000 });
      await receive(host, shell, id, 'PT3S');
      await receive(host, shell, id);
      await host.ask({ action: ACTION.delete, uri: RESOURCE.cmd, selectors: { ShellId: shell } });
    });
    return host.trace;
  };
  const first = await conversation();
  expect(first.length).toBeGreaterThan(8);
  expect(await conversation()).toEqual(first);
});

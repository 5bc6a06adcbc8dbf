import { describe, expect, test } from 'vitest';
import { refOf, refXml, type Soap, testVcenter } from '../testing/test-vcenter.ts';

async function at(soap: Soap, path: string): Promise<string> {
  const answer = await soap.ask(
    'FindByInventoryPath',
    'SearchIndex:SearchIndex',
    `<inventoryPath>${path}</inventoryPath>`,
  );
  return refOf(answer.at('returnval'));
}

const allocation = (element: string, inner = '') => `<${element}>${inner}</${element}>`;
const spec = (element: string, cpu = '', memory = '') =>
  `<${element}>${allocation('cpuAllocation', cpu)}${allocation('memoryAllocation', memory)}</${element}>`;

async function makePool(soap: Soap, parent: string, name: string, cpu = '', memory = ''): Promise<string> {
  return refOf(
    (await soap.ask('CreateResourcePool', parent, `<name>${name}</name>${spec('spec', cpu, memory)}`)).at(
      'returnval',
    ),
  );
}

describe('resource pools', () => {
  test('have the reservations, limits and shares that they were given, and give no more than there is', async () => {
    await using vc = await testVcenter({ machines: 4 });
    await vc.run(async () => {
      const soap = await vc.session();
      const root = await at(soap, 'DC0/host/DC0_C0/Resources');
      const capacity = vc.estate.facts.hosts.reduce((sum, host) => sum + host.cpuMhz * host.cpuCores, 0);
      const gold = await makePool(
        soap,
        root,
        'gold',
        '<reservation>1000</reservation><expandableReservation>false</expandableReservation><limit>2000</limit><shares><shares>0</shares><level>high</level></shares>',
        '<reservation>512</reservation><limit>-1</limit><shares><shares>1234</shares><level>custom</level></shares>',
      );
      const { config, runtime, childConfiguration } = await soap.read(
        gold,
        'config',
        'runtime',
        'childConfiguration',
      );
      expect(childConfiguration?.children).toEqual([]);
      expect(config!.at('cpuAllocation').all('reservation')[0]!.text).toBe('1000');
      expect(config!.at('cpuAllocation/expandableReservation').text).toBe('false');
      expect(config!.at('cpuAllocation/limit').text).toBe('2000');
      expect(config!.at('cpuAllocation/shares/shares').text).toBe('8000');
      expect(config!.at('memoryAllocation/shares/shares').text).toBe('1234');
      expect(runtime!.at('cpu/maxUsage').text).toBe('2000');
      expect((await soap.read(root, 'runtime')).runtime!.at('cpu/unreservedForPool').text).toBe(
        String(capacity - 1000),
      );

      const fault = async (parent: string, cpu: string) =>
        (await soap.call('CreateResourcePool', parent, `<name>x</name>${spec('spec', cpu)}`)).fault;
      expect(await fault(gold, '<reservation>1001</reservation>')).toBe('InsufficientCpuResourcesFault');
      expect(await fault(root, `<reservation>${capacity}</reservation>`)).toBe(
        'InsufficientCpuResourcesFault',
      );
      expect(await fault(root, '<reservation>-1</reservation>')).toBe('InvalidArgument');
      expect(await fault(root, '<reservation>10</reservation><limit>5</limit>')).toBe('InvalidArgument');
      expect(await fault(root, '<limit>-7</limit>')).toBe('InvalidArgument');

      await soap.ask(
        'UpdateConfig',
        gold,
        `<name>platinum</name>${spec('config', '<reservation>3000</reservation><limit>-1</limit>')}`,
      );
      const after = await soap.read(gold, 'name', 'config');
      expect(after.name!.text).toBe('platinum');
      expect(after.config!.at('cpuAllocation').children.map((each) => each.text.trim())).toEqual([
        '3000',
        'false',
        '-1',
        '8000high',
      ]);
      expect(
        (await soap.call('UpdateConfig', root, spec('config', '<reservation>1</reservation>'))).fault,
      ).toBe('NotSupported');
      await soap.ask(
        'UpdateChildResourceConfiguration',
        root,
        `<spec>${refXml('entity', gold)}${allocation('cpuAllocation', '<reservation>7</reservation>')}${allocation('memoryAllocation')}</spec>`,
      );
      expect((await soap.read(gold, 'config')).config!.at('cpuAllocation/reservation').text).toBe('7');

      await makePool(soap, gold, 'inner');
      await soap.ask('DestroyChildren', gold);
      expect((await soap.read(gold, 'resourcePool')).resourcePool!.children).toEqual([]);
    });
  });
});

const system = (name: string, disk: number) =>
  `<VirtualSystem ovf:id="${name}"><Name>${name}</Name><OperatingSystemSection ovf:id="1" vmw:osType="ubuntu64Guest"/>` +
  '<VirtualHardwareSection><Item><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>2</VirtualQuantity></Item>' +
  '<Item><InstanceID>3</InstanceID><ResourceType>6</ResourceType><ResourceSubType>VirtualSCSI</ResourceSubType><Address>0</Address></Item>' +
  `<Item><InstanceID>4</InstanceID><ResourceType>17</ResourceType><HostResource>ovf:/disk/d${disk}</HostResource><Parent>3</Parent><AddressOnParent>0</AddressOnParent></Item>` +
  '</VirtualHardwareSection></VirtualSystem>';
const OVF =
  '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:vmw="http://www.vmware.com/schema/ovf">' +
  '<References><File ovf:id="f0" ovf:href="a.vmdk" ovf:size="10"/><File ovf:id="f1" ovf:href="b.vmdk" ovf:size="20"/></References>' +
  '<DiskSection><Disk ovf:diskId="d0" ovf:fileRef="f0" ovf:capacity="4194304"/><Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="8388608"/></DiskSection>' +
  `<VirtualSystemCollection ovf:id="pair">${system('first', 0)}${system('second', 1)}</VirtualSystemCollection></Envelope>`;

describe('vApps', () => {
  test('of several machines come in by one lease, and go again when it is given up', async () => {
    await using vc = await testVcenter({ machines: 3 });
    await vc.run(async () => {
      const soap = await vc.session();
      const root = await at(soap, 'DC0/host/DC0_C0/Resources');
      const datastore = await at(soap, `DC0/datastore/${vc.estate.facts.datastores[0]!.name}`);
      const common = '<locale></locale><deploymentOption></deploymentOption>';
      const descriptor = `<ovfDescriptor>${OVF.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</ovfDescriptor>`;
      const parsed = await soap.ask(
        'ParseDescriptor',
        'OvfManager:OvfManager',
        `${descriptor}<pdp>${common}</pdp>`,
      );
      expect(parsed.at('returnval/virtualApp').text).toBe('true');
      expect(parsed.at('returnval/approximateFlatDeploymentSize').text).toBe('12582912');
      const made = await soap.call(
        'CreateImportSpec',
        'OvfManager:OvfManager',
        `${descriptor}${refXml('resourcePool', root)}${refXml('datastore', datastore)}<cisp>${common}<entityName>pair</entityName></cisp>`,
      );
      expect(made.body.all('deviceId').map((each) => each.text)).toEqual([
        '/pair/first/VirtualSCSIController0:0',
        '/pair/second/VirtualSCSIController0:0',
      ]);
      const spec = /<importSpec (.*)<\/importSpec>/s.exec(made.text)![1]!;
      const names = () => vc.estate.machines().map(({ name }) => name);
      for (const ending of ['HttpNfcLeaseAbort', 'HttpNfcLeaseComplete']) {
        const lease = refOf((await soap.ask('ImportVApp', root, `<spec ${spec}</spec>`)).at('returnval'));
        await vc.pass(2000);
        const { info } = await soap.read(lease, 'info');
        expect(info!.at('entity').attributes.type).toBe('VirtualApp');
        expect(info!.all('importKey').map((each) => each.text)).toEqual(
          made.body.all('deviceId').map((each) => each.text),
        );
        expect(names()).toEqual(expect.arrayContaining(['first', 'second']));
        await soap.ask(ending, lease);
        expect(names().includes('first')).toBe(ending === 'HttpNfcLeaseComplete');
      }
      const app = await at(soap, 'DC0/vm/pair');
      expect((await soap.read(app, 'vm')).vm!.children).toHaveLength(2);
      const again = await soap.call('ImportVApp', root, `<spec ${spec}</spec>`);
      expect(again.fault).toBe('DuplicateName');
    });
  });

  test('are made in a folder, hold machines, start and stop them in order, and go with them', async () => {
    await using vc = await testVcenter({ machines: 4 });
    await vc.run(async () => {
      const soap = await vc.session();
      const root = await at(soap, 'DC0/host/DC0_C0/Resources');
      const folder = await at(soap, 'DC0/vm');
      const make = `<name>shop</name>${spec('resSpec', '<reservation>100</reservation>')}<configSpec><annotation>all of it</annotation></configSpec>`;
      expect((await soap.call('CreateVApp', root, make)).fault).toBe('InvalidArgument');
      const app = refOf(
        (await soap.ask('CreateVApp', root, make + refXml('vmFolder', folder))).at('returnval'),
      );
      expect(app).toMatch(/^VirtualApp:resgroup-v\d+$/);
      expect((await soap.call('CreateVApp', root, make + refXml('vmFolder', folder))).fault).toBe(
        'DuplicateName',
      );
      expect(
        (await soap.read(folder, 'childEntity')).childEntity!.all('ManagedObjectReference').map(refOf),
      ).toContain(app);

      const { name: datastore } = vc.estate.facts.datastores[0]!;
      const finish = async (method: string, self: string, inner = '') => {
        const info = await soap.finish((await soap.ask(method, self, inner)).at('returnval'));
        expect(info.at('state').text, `${method}: ${info.text}`).toBe('success');
        return info;
      };
      const vms: string[] = [];
      for (const name of ['db', 'web'])
        vms.push(
          refOf(
            (
              await finish(
                'CreateChildVM_Task',
                app,
                `<config><name>${name}</name><guestId>otherGuest64</guestId><files><vmPathName>[${datastore}]</vmPathName></files><numCPUs>1</numCPUs><memoryMB>512</memoryMB></config>`,
              )
            ).at('result'),
          ),
        );
      const [db, web] = vms as [string, string];
      await soap.ask(
        'UpdateVAppConfig',
        app,
        `<spec><entityConfig>${refXml('key', web)}<startOrder>2</startOrder></entityConfig><entityConfig>${refXml('key', db)}<startOrder>1</startOrder></entityConfig></spec>`,
      );
      const read = await soap.read(app, 'vAppConfig', 'summary.vAppState', 'parentFolder', 'vm', 'config');
      expect(read.vAppConfig!.all('entityConfig').map((each) => refOf(each.at('key')))).toEqual([db, web]);
      expect(read.vAppConfig!.at('annotation').text).toBe('all of it');
      expect(read['summary.vAppState']!.text).toBe('stopped');
      expect(
        (await soap.read(web, 'parentVApp')).parentVApp &&
          refOf((await soap.read(web, 'parentVApp')).parentVApp!),
      ).toBe(app);

      const started: string[] = [];
      using _heard = vc.estate.onChange((change) => {
        if (change.kind === 'power') started.push(vc.estate.machine(change.machineId)!.name);
      });
      await finish('PowerOnVApp_Task', app);
      expect((await soap.read(app, 'summary.vAppState'))['summary.vAppState']!.text).toBe('started');
      const refused = await soap.finish((await soap.ask('Destroy_Task', app)).at('returnval'));
      expect(refused.at('state').text).toBe('error');
      await finish('SuspendVApp_Task', app);
      await finish('PowerOffVApp_Task', app, '<force>true</force>');
      expect(started).toEqual(['db', 'web', 'web', 'db', 'web', 'db']);
      await finish('Destroy_Task', app);
      expect(
        (
          await soap.call(
            'RetrieveProperties',
            'PropertyCollector:propertyCollector',
            `<specSet><propSet><type>VirtualApp</type></propSet><objectSet>${refXml('obj', app)}</objectSet></specSet>`,
          )
        ).fault,
      ).toBe('ManagedObjectNotFound');
      expect(vc.estate.machines().map(({ name }) => name)).not.toContain('db');
      // The name is free again, and means a pool now.
      expect(await makePool(soap, root, 'shop')).toMatch(/^ResourcePool:resgroup-\d+$/);
    });
  });
});

import { describe, expect, test } from 'vitest';
import { sleep } from '#core/time/clock.ts';
import { MINUTE } from '#core/units.ts';
import type { XmlElement } from '#core/wire/xml/element.ts';
import { child, childText } from '#core/wire/xml/element.ts';
import { newestWindow, oldestWindow, PeaksOfBatch, SeriesNames, samplesOf } from '../../app/peaks.ts';
import type { FrozenDisk } from '../../app/ports.ts';
import { type FakeVcenter, fakeVcenter } from '../../testing/fake-vcenter.ts';
import { type MemoryWorld, memoryWorld } from '../../testing/memory-world.ts';
import { NEEDS } from './required-privileges.ts';
import { vsphereSource } from './vsphere-source.ts';

const signal = new AbortController().signal;

async function connected(
  use: (it: {
    world: MemoryWorld;
    vcenter: FakeVcenter;
    source: ReturnType<typeof vsphereSource>;
  }) => Promise<void>,
  more: object = {},
) {
  await using world = await memoryWorld();
  const vcenter = fakeVcenter();
  await world.serve({ host: 'vc1.test', port: 443 }, vcenter.handler);
  const source = vsphereSource({
    host: 'vc1.test',
    port: 443,
    user: 'reader',
    password: 'right',
    tls: { trust: world.trust },
    scope: undefined,
    transport: world.transport,
    clock: world.clock,
    life: signal,
    log: world.log,
    counters: world.counters,
    ...more,
  });
  await world.run(() => use({ world, vcenter, source }));
}

const val = (name: string, value: string, type = 'xsd:string') =>
  `<changeSet><name>${name}</name><op>assign</op><val xsi:type="${type}">${value}</val></changeSet>`;
const prop = (name: string, value: string, type = 'xsd:string') =>
  `<propSet><name>${name}</name><val xsi:type="${type}">${value}</val></propSet>`;
const ref = (name: string, type: string, id: string) =>
  `<changeSet><name>${name}</name><op>assign</op><val type="${type}" xsi:type="ManagedObjectReference">${id}</val></changeSet>`;
const update = (kind: string, type: string, id: string, changes = '') =>
  `<objectSet><kind>${kind}</kind><obj type="${type}">${id}</obj>${changes}</objectSet>`;
const updates = (version: string, objects: string, truncated = false) =>
  `<returnval><version>${version}</version><filterSet><filter type="PropertyFilter">f</filter>${objects}</filterSet><truncated>${truncated}</truncated></returnval>`;

const SURROUNDINGS =
  update('enter', 'Folder', 'group-d1', val('name', 'Datacenters')) +
  update('enter', 'Datacenter', 'datacenter-2', val('name', 'DC%2f1') + ref('parent', 'Folder', 'group-d1')) +
  update('enter', 'Folder', 'group-v3', val('name', 'vm') + ref('parent', 'Datacenter', 'datacenter-2')) +
  update('enter', 'Folder', 'group-v4', val('name', 'Web') + ref('parent', 'Folder', 'group-v3')) +
  update(
    'enter',
    'ClusterComputeResource',
    'domain-c7',
    val('name', 'Gold') + ref('parent', 'Folder', 'group-h3'),
  ) +
  update(
    'enter',
    'HostSystem',
    'host-10',
    val('name', 'esx-1') +
      ref('parent', 'ClusterComputeResource', 'domain-c7') +
      val('summary.config.product.version', '8.0.3') +
      val('summary.hardware.cpuModel', 'Xeon') +
      val('summary.hardware.numCpuPkgs', '2', 'xsd:short'),
  ) +
  update(
    'enter',
    'ResourcePool',
    'resgroup-8',
    val('name', 'Resources') + ref('parent', 'ClusterComputeResource', 'domain-c7'),
  ) +
  update(
    'enter',
    'ResourcePool',
    'resgroup-9',
    val('name', 'Prod') + ref('parent', 'ResourcePool', 'resgroup-8'),
  ) +
  update(
    'enter',
    'VirtualApp',
    'resgroup-v10',
    val('name', 'Shop') +
      ref('parent', 'ResourcePool', 'resgroup-8') +
      ref('parentFolder', 'Folder', 'group-v4'),
  ) +
  update('enter', 'Network', 'network-1', val('name', 'Servers'));

const DEVICES =
  '<VirtualDevice xsi:type="ParaVirtualSCSIController"><key>1000</key><busNumber>0</busNumber></VirtualDevice>' +
  '<VirtualDevice xsi:type="VirtualAHCIController"><key>15000</key><busNumber>1</busNumber></VirtualDevice>' +
  '<VirtualDevice xsi:type="VirtualDisk"><key>2001</key><deviceInfo><label>Hard disk 2</label><summary>x</summary></deviceInfo>' +
  '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds1] web/web_1.vmdk</fileName><datastore type="Datastore">datastore-5</datastore>' +
  '<diskMode>persistent</diskMode><thinProvisioned>false</thinProvisioned><uuid>6000c29a-0002</uuid></backing>' +
  '<controllerKey>15000</controllerKey><unitNumber>3</unitNumber><capacityInKB>2048</capacityInKB></VirtualDevice>' +
  '<VirtualDevice xsi:type="VirtualDisk"><key>2000</key><deviceInfo><label>Hard disk 1</label><summary>x</summary></deviceInfo>' +
  '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds1] web/web.vmdk</fileName><datastore type="Datastore">datastore-5</datastore>' +
  '<diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned><uuid>6000c29a-0001</uuid></backing>' +
  '<controllerKey>1000</controllerKey><unitNumber>0</unitNumber><capacityInKB>0</capacityInKB><capacityInBytes>1049088</capacityInBytes></VirtualDevice>' +
  '<VirtualDevice xsi:type="VirtualVmxnet3"><key>4000</key><deviceInfo><label>Network adapter 1</label></deviceInfo>' +
  '<backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>old name</deviceName><network type="Network">network-1</network></backing>' +
  '<macAddress>00:50:56:00:00:01</macAddress></VirtualDevice>';

const WEB = update(
  'enter',
  'VirtualMachine',
  'vm-20',
  val('name', 'web-01') +
    ref('parent', 'Folder', 'group-v4') +
    ref('resourcePool', 'ResourcePool', 'resgroup-9') +
    val('config.hardware.numCoresPerSocket', '2', 'xsd:int') +
    ref('runtime.host', 'HostSystem', 'host-10') +
    val('runtime.powerState', 'poweredOn', 'VirtualMachinePowerState') +
    val('config.instanceUuid', '50000000-0000-4000-8000-000000000020') +
    val('config.guestId', 'debian12_64Guest') +
    val('guest.guestFullName', 'Debian GNU/Linux 12 (64-bit)') +
    val('config.firmware', 'efi') +
    val('config.hardware.numCPU', '4', 'xsd:int') +
    val('config.hardware.memoryMB', '8192', 'xsd:int') +
    val('config.hardware.device', DEVICES, 'ArrayOfVirtualDevice') +
    val(
      'guest.net',
      '<GuestNicInfo xsi:type="GuestNicInfo"><network>Servers</network><ipAddress>10.0.0.9</ipAddress><macAddress>00:50:56:00:00:01</macAddress>' +
        '<ipConfig><ipAddress><ipAddress>10.0.0.5</ipAddress><prefixLength>24</prefixLength></ipAddress></ipConfig></GuestNicInfo>',
      'ArrayOfGuestNicInfo',
    ) +
    val(
      'snapshot',
      '<rootSnapshotList><snapshot type="VirtualMachineSnapshot">s1</snapshot><name>a</name><childSnapshotList><snapshot type="VirtualMachineSnapshot">s2</snapshot><name>b</name></childSnapshotList></rootSnapshotList>',
      'VirtualMachineSnapshotInfo',
    ),
);

function withInventory(vcenter: FakeVcenter, replies: string[]): void {
  vcenter.methods.set('CreateContainerView', () => '<returnval type="ContainerView">view-1</returnval>');
  vcenter.methods.set('CreateFilter', () => '<returnval type="PropertyFilter">f</returnval>');
  vcenter.methods.set('WaitForUpdatesEx', () => replies.shift() ?? '');
}

const UUID = '50000000-0000-4000-8000-000000000020';

describe('session', () => {
  test('speaks the newest version that both know, and signs in once for many calls', () =>
    connected(async ({ vcenter, source }) => {
      await Promise.all([source.about(signal), source.about(signal)]);
      expect(await source.about(signal)).toEqual({
        fqdn: 'vc1.test',
        instanceUuid: 'aaaaaaaa-0000-4000-8000-000000000001',
        version: '8.0.3',
        licenseProductName: 'VMware VirtualCenter Server',
      });
      expect(vcenter.calls).toEqual(['RetrieveServiceContent', 'Login']);
      expect(vcenter.actions[0]).toBe('urn:vim25/8.0.3.0');
    }));

  test('speaks 6.7 to a server that knows no more', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.versions = vcenter.versions.replaceAll(/[78]\.0\.\d\.0/g, '6.7');
      await source.about(signal);
      expect(vcenter.actions[0]).toBe('urn:vim25/6.7');
    }));

  test('a wrong password is told as the mistake it is, without the password', () =>
    connected(
      async ({ world, source }) => {
        await expect(source.about(signal)).rejects.toMatchObject({
          code: 'vcenter.login.invalid',
          blame: 'input',
        });
        expect(world.lines.join('')).not.toContain('hunter2');
      },
      { password: 'hunter2' },
    ));

  test('a session that was dropped is renewed once, for all calls that find it gone', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set(
        'RetrievePropertiesEx',
        () =>
          `<returnval><objects><obj type="VirtualMachine">vm-1</obj>${prop('runtime.powerState', 'poweredOn')}</objects></returnval>`,
      );
      await source.powerState('vm-1', signal);
      vcenter.dropSessions();
      vcenter.calls.length = 0;
      const states = await Promise.all(['vm-1', 'vm-1', 'vm-1'].map((id) => source.powerState(id, signal)));
      expect(states).toEqual(['on', 'on', 'on']);
      expect(vcenter.calls.filter((call) => call === 'Login')).toHaveLength(1);
    }));

  test('NotAuthenticated inside a good answer counts as well', () =>
    connected(async ({ vcenter, source }) => {
      let asked = 0;
      vcenter.methods.set('RetrievePropertiesEx', () =>
        asked++ === 0
          ? '<returnval><objects><obj type="VirtualMachine">vm-1</obj><missingSet><path>runtime.powerState</path><fault><fault xsi:type="NotAuthenticated"/><localizedMessage>no</localizedMessage></fault></missingSet></objects></returnval>'
          : `<returnval><objects><obj type="VirtualMachine">vm-1</obj>${prop('runtime.powerState', 'suspended')}</objects></returnval>`,
      );
      expect(await source.powerState('vm-1', signal)).toBe('suspended');
      expect(vcenter.calls.filter((call) => call === 'Login')).toHaveLength(2);
    }));

  test('a host without a vCenter is told as the wrong address that it is', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.content = vcenter.content.replace('VirtualCenter</apiType>', 'HostAgent</apiType>');
      await expect(source.about(signal)).rejects.toMatchObject({ code: 'vcenter.isHost', blame: 'input' });
      expect(vcenter.calls).not.toContain('Login');
    }));

  test('what is no vCenter is told as a wrong address', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.versions = '<html><body>welcome</body></html>';
      await expect(source.about(signal)).rejects.toMatchObject({
        code: 'vcenter.notVcenter',
        blame: 'input',
      });
    }));

  test('a missing privilege is named', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set('CreateContainerView', () => ({
        fault: 'NoPermission',
        fields: '<object type="Folder">group-d1</object><privilegeId>System.View</privilegeId>',
      }));
      await expect(source.changes(0, signal)).rejects.toMatchObject({
        code: 'vcenter.login.noPrivilege',
        data: { privilege: 'System.View' },
      });
    }));
});

describe('inventory', () => {
  test('a machine is put together from itself and what is around it', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS, true), updates('2', WEB)]);
      const { full, machines } = await source.changes(0, signal);
      expect(full).toBe(true);
      expect(machines).toEqual([
        {
          handle: 'vm-20',
          instanceUuid: '50000000-0000-4000-8000-000000000020',
          biosUuid: '',
          name: 'web-01',
          isTemplate: false,
          power: 'on',
          cores: 4,
          coresPerSocket: 2,
          memoryMiB: 8192,
          firmware: 'EFI',
          os: { family: 'linux', name: 'Debian GNU/Linux 12 (64-bit)' },
          description: '',
          datacenter: 'DC/1',
          folder: 'DC/1/vm/Web',
          path: [
            { type: 'Datacenter', id: 'datacenter-2', name: 'DC/1' },
            { type: 'Folder', id: 'group-v3', name: 'vm' },
            { type: 'Folder', id: 'group-v4', name: 'Web' },
          ],
          cluster: 'Gold',
          resourcePool: 'Gold/Resources/Prod',
          host: 'esx-1',
          hostVersion: '8.0.3',
          processorModel: 'Xeon',
          processorSockets: 2,
          guestHostName: '',
          toolsRunning: false,
          toolsStatus: '',
          toolsVersion: '',
          changeTrackingSupported: false,
          changeTrackingEnabled: false,
          snapshots: 2,
          diskUuidEnabled: '',
          disks: [
            expect.objectContaining({
              uuid: '6000c29a-0002',
              instance: 'sata1:3',
              sizeBytes: 2_097_152,
              provisioning: 'Thick',
              isOsDisk: false,
              datastore: 'datastore-5',
            }),
            expect.objectContaining({
              uuid: '6000c29a-0001',
              instance: 'scsi0:0',
              sizeBytes: 1_049_088,
              provisioning: 'Thin',
              isOsDisk: true,
              controllerType: 'ParaVirtualSCSIController',
            }),
          ],
          nics: [
            {
              id: '4000',
              label: 'Network adapter 1',
              adapterType: 'VirtualVmxnet3',
              macAddress: '00:50:56:00:00:01',
              addresses: ['10.0.0.5'],
              networkName: 'Servers',
            },
          ],
        },
      ]);
    }));

  test('later only what changed is told: a property replaced, a snapshot gone, a machine gone', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [
        updates('1', SURROUNDINGS + WEB),
        updates(
          '2',
          update(
            'modify',
            'VirtualMachine',
            'vm-20',
            val('runtime.powerState', 'poweredOff') +
              '<changeSet><name>snapshot</name><op>assign</op></changeSet>',
          ),
        ),
        '',
        updates('3', update('leave', 'VirtualMachine', 'vm-20')),
      ]);
      await source.changes(0, signal);
      const second = await source.changes(0, signal);
      expect(second.full).toBe(false);
      expect(second.machines[0]).toMatchObject({ power: 'off', snapshots: 0, cores: 4 });
      expect(await source.changes(0, signal)).toEqual({ full: false, machines: [], removed: [] });
      expect((await source.changes(0, signal)).removed).toEqual(['50000000-0000-4000-8000-000000000020']);
      expect(vcenter.calls.filter((call) => call === 'CreateFilter')).toHaveLength(1);
    }));

  test('a session lost between two refreshes begins the picture anew', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS + WEB), updates('9', SURROUNDINGS)]);
      await source.changes(0, signal);
      vcenter.dropSessions();
      expect(await source.changes(0, signal)).toEqual({ full: true, machines: [], removed: [] });
    }));

  test('so does a version that the server no longer knows', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS + WEB)]);
      await source.changes(0, signal);
      let asked = 0;
      vcenter.methods.set('WaitForUpdatesEx', (call) =>
        asked++ === 0
          ? { fault: 'InvalidCollectorVersion' }
          : updates('1', childText(call, 'version') === '' ? SURROUNDINGS + WEB : ''),
      );
      expect((await source.changes(0, signal)).full).toBe(true);
    }));

  test.each([
    ['a folder by name', { folders: ['Web'] }],
    ['a folder by path', { folders: ['DC/1/vm/Web'] }],
    ['a cluster', { clusters: ['Gold'] }],
    ['a resource pool by name', { resourcePools: ['Prod'] }],
    ['a resource pool by path', { resourcePools: ['Gold/Resources/Prod'] }],
    ['a machine by name', { machines: ['web-01'] }],
    ['a machine by identity', { machines: ['50000000-0000-4000-8000-000000000020'.toUpperCase()] }],
  ])('a scope of %s keeps other machines out', (_, scope) =>
    connected(
      async ({ vcenter, source }) => {
        const other = update(
          'enter',
          'VirtualMachine',
          'vm-21',
          val('name', 'web-010') +
            ref('parent', 'Folder', 'group-v3') +
            val('config.instanceUuid', '50000000-0000-4000-8000-000000000021'),
        );
        withInventory(vcenter, [updates('1', SURROUNDINGS + WEB + other)]);
        expect((await source.changes(0, signal)).machines.map(({ handle }) => handle)).toEqual(['vm-20']);
      },
      { scope },
    ));

  test('a machine that leaves its scope is gone, and is back when it returns', () =>
    connected(
      async ({ vcenter, source }) => {
        const move = (to: string) => update('modify', 'VirtualMachine', 'vm-20', ref('parent', 'Folder', to));
        withInventory(vcenter, [
          updates('1', SURROUNDINGS + WEB),
          updates('2', move('group-v3')),
          updates('3', move('group-v3')),
          updates('4', move('group-v4')),
        ]);
        await source.changes(0, signal);
        expect((await source.changes(0, signal)).removed).toEqual([UUID]);
        expect((await source.changes(0, signal)).removed).toEqual([]);
        expect((await source.changes(0, signal)).machines).toHaveLength(1);
      },
      { scope: { folders: ['Web'] } },
    ));

  test('a machine in a vApp lies where the vApp does', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [
        updates(
          '1',
          SURROUNDINGS +
            WEB.replace(
              ref('parent', 'Folder', 'group-v4'),
              ref('parentVApp', 'VirtualApp', 'resgroup-v10'),
            ).replace(
              ref('resourcePool', 'ResourcePool', 'resgroup-9'),
              ref('resourcePool', 'VirtualApp', 'resgroup-v10'),
            ),
        ),
      ]);
      expect((await source.changes(0, signal)).machines[0]).toMatchObject({
        folder: 'DC/1/vm/Web/Shop',
        resourcePool: 'Gold/Resources/Shop',
        datacenter: 'DC/1',
      });
    }));

  test('a host that is renamed or that a machine moves to changes the machine', () =>
    connected(async ({ vcenter, source }) => {
      const host = update(
        'enter',
        'HostSystem',
        'host-11',
        val('name', 'esx-2') + ref('parent', 'ClusterComputeResource', 'domain-c7'),
      );
      withInventory(vcenter, [
        updates('1', SURROUNDINGS + WEB),
        updates(
          '2',
          host + update('modify', 'VirtualMachine', 'vm-20', ref('runtime.host', 'HostSystem', 'host-11')),
        ),
        updates('3', update('modify', 'HostSystem', 'host-11', val('name', 'esx-3'))),
      ]);
      await source.changes(0, signal);
      expect((await source.changes(0, signal)).machines[0]).toMatchObject({ host: 'esx-2' });
      expect((await source.changes(0, signal)).machines[0]).toMatchObject({ host: 'esx-3' });
    }));

  describe('a machine is its instance UUID, whatever object it has', () => {
    const again = WEB.replace('vm-20', 'vm-30');
    const gone = update('leave', 'VirtualMachine', 'vm-20');

    test.each([
      ['the old object goes first', gone + again],
      ['the new one comes first', again + gone],
    ])('registered again under another one: not gone, and found there (%s)', (_, both) =>
      connected(async ({ vcenter, source }) => {
        withInventory(vcenter, [updates('1', SURROUNDINGS + WEB), updates('2', both)]);
        await source.changes(0, signal);
        const { machines, removed } = await source.changes(0, signal);
        expect(machines.map(({ handle, instanceUuid }) => [handle, instanceUuid])).toEqual([['vm-30', UUID]]);
        expect(removed).toEqual([]);
      }));

    test('unregistered, and registered later under the same one', () =>
      connected(async ({ vcenter, source }) => {
        withInventory(vcenter, [updates('1', SURROUNDINGS + WEB), updates('2', gone), updates('3', WEB)]);
        await source.changes(0, signal);
        expect((await source.changes(0, signal)).removed).toEqual([UUID]);
        expect((await source.changes(0, signal)).machines.map(({ handle }) => handle)).toEqual(['vm-20']);
      }));

    test('an object that is given another identity is another machine', () =>
      connected(async ({ vcenter, source }) => {
        withInventory(vcenter, [
          updates('1', SURROUNDINGS + WEB),
          updates('2', update('modify', 'VirtualMachine', 'vm-20', val('config.instanceUuid', 'other'))),
        ]);
        await source.changes(0, signal);
        const { machines, removed } = await source.changes(0, signal);
        expect(machines.map(({ instanceUuid }) => instanceUuid)).toEqual(['other']);
        expect(removed).toEqual([UUID]);
      }));

    test('two objects with one identity are one machine, that of the object that stays', () =>
      connected(async ({ vcenter, source }) => {
        withInventory(vcenter, [
          updates('1', SURROUNDINGS + WEB),
          updates('2', again),
          updates('3', update('modify', 'VirtualMachine', 'vm-20', val('name', 'shadow'))),
          updates('4', update('leave', 'VirtualMachine', 'vm-30')),
        ]);
        await source.changes(0, signal);
        expect((await source.changes(0, signal)).machines.map(({ handle }) => handle)).toEqual(['vm-30']);
        expect((await source.changes(0, signal)).machines).toEqual([]);
        const { machines, removed } = await source.changes(0, signal);
        expect(machines.map(({ handle, name }) => [handle, name])).toEqual([['vm-20', 'shadow']]);
        expect(removed).toEqual([]);
      }));

    test('one whose configuration cannot be read for a while stays what it was', () =>
      connected(async ({ vcenter, source }) => {
        const unset = '<changeSet><name>config.instanceUuid</name><op>assign</op></changeSet>';
        withInventory(vcenter, [
          updates('1', SURROUNDINGS + WEB),
          updates('2', update('modify', 'VirtualMachine', 'vm-20', unset)),
          updates('3', gone),
        ]);
        await source.changes(0, signal);
        expect(await source.changes(0, signal)).toEqual({ full: false, machines: [], removed: [] });
        expect((await source.changes(0, signal)).removed).toEqual([UUID]);
      }));
  });

  test('vCenter is asked to wait for a change, and given the time for it', () =>
    connected(async ({ world, vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS + WEB)]);
      await source.changes(900_000, signal);
      const waits: Array<string | undefined> = [];
      vcenter.methods.set('WaitForUpdatesEx', (call) => {
        waits.push(childText(child(call, 'options')!, 'maxWaitSeconds'));
        return sleep(world.clock, 899_000, 'test').then(() => '');
      });
      expect((await source.changes(900_000, signal)).machines).toEqual([]);
      expect(waits).toEqual(['900']);
    }));

  test('a session that ends during the wait begins the picture anew', () =>
    connected(async ({ world, vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS + WEB)]);
      await source.changes(0, signal);
      let asked = 0;
      vcenter.methods.set('WaitForUpdatesEx', () => {
        if (asked++ > 0) return updates('1', SURROUNDINGS + WEB);
        vcenter.dropSessions();
        return sleep(world.clock, 1000, 'test').then(() => ({ fault: 'NotAuthenticated' }));
      });
      expect(await source.changes(900_000, signal)).toMatchObject({ full: true, removed: [] });
      expect(vcenter.calls.filter((call) => call === 'Login')).toHaveLength(2);
    }));

  test('a first reading that breaks off half way is still the first one when it goes on', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS, true)]);
      const first = vcenter.methods.get('WaitForUpdatesEx')!;
      let asked = 0;
      vcenter.methods.set('WaitForUpdatesEx', (call) => {
        asked++;
        if (asked === 1) return first(call);
        return asked === 2 ? { fault: 'SystemError' } : updates('2', WEB);
      });
      await expect(source.changes(0, signal)).rejects.toMatchObject({ code: 'vcenter.fault' });
      expect(await source.changes(0, signal)).toMatchObject({ full: true, machines: [{ name: 'web-01' }] });
    }));
});

describe('privileges', () => {
  const granting = (...privileges: string[]) =>
    privileges
      .map(
        (each) => `<privAvailability><privId>${each}</privId><isGranted>true</isGranted></privAvailability>`,
      )
      .join('');
  const DISCOVERY = ['System.View', 'System.Read'];

  test('what lacks is told before it is needed: which, where, and what will not work', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS + WEB)]);
      await source.changes(0, signal);
      let asked: XmlElement | undefined;
      vcenter.methods.set('HasPrivilegeOnEntities', (call) => {
        asked = call;
        return ['Folder group-d1', 'VirtualMachine vm-20']
          .map((entity) => entity.split(' '))
          .map(
            ([type, id]) =>
              `<returnval><entity type="${type}">${id}</entity>${granting(...DISCOVERY, ...NEEDS.slice(2, -4).map(({ privilege }) => privilege))}</returnval>`,
          )
          .join('');
      });
      const missing = await source.missingPrivileges(signal);
      expect(childText(asked!, 'sessionId')).toBe('k');
      expect([...missing.keys()]).toEqual([
        'VirtualMachine.Interact.PowerOff',
        'VirtualMachine.GuestOperations.Query',
        'VirtualMachine.GuestOperations.Modify',
        'VirtualMachine.GuestOperations.Execute',
      ]);
      expect(missing.get('VirtualMachine.Interact.PowerOff')).toMatchObject({
        code: 'vcenter.privilege.missing',
        message: expect.stringMatching(
          /^VirtualMachine\.Interact\.PowerOff is missing on DC\/1\/vm\/Web\/web-01 of vc1\.test: shutting the source down/,
        ),
      });
    }));

  test('a server that knows only the newer question is asked that', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set(
        'FetchUserPrivilegeOnEntities',
        (call) =>
          `<returnval><entity type="Folder">group-d1</entity>${(childText(call, 'userName') === 'VSPHERE.LOCAL\\reader' ? NEEDS : []).map(({ privilege }) => `<privileges>${privilege}</privileges>`).join('')}</returnval>`,
      );
      expect((await source.missingPrivileges(signal)).size).toBe(0);
      vcenter.methods.set(
        'FetchUserPrivilegeOnEntities',
        () =>
          '<returnval><entity type="Folder">group-d1</entity><privileges>System.View</privileges></returnval>',
      );
      expect((await source.missingPrivileges(signal)).size).toBe(NEEDS.length - 1);
    }));

  test('a server that can tell neither is believed to grant all, until it refuses: then object and feature are named', () =>
    connected(async ({ vcenter, source }) => {
      expect((await source.missingPrivileges(signal)).size).toBe(0);
      vcenter.methods.set('CreateSnapshotEx_Task', () => ({
        fault: 'NoPermission',
        fields:
          '<object type="VirtualMachine">vm-20</object><privilegeId>VirtualMachine.State.CreateSnapshot</privilegeId>',
      }));
      vcenter.methods.set('CreateSnapshot_Task', vcenter.methods.get('CreateSnapshotEx_Task')!);
      await expect(source.createSnapshot('vm-20', 'x', signal)).rejects.toMatchObject({
        code: 'vcenter.login.noPrivilege',
        what: expect.stringContaining(
          'VirtualMachine.State.CreateSnapshot is missing on VirtualMachine vm-20',
        ),
        why: expect.stringContaining('replication without an agent'),
      });
    }));
});

describe('counters', () => {
  const info = (key: number, group: string, name: string, rollup = 'average') =>
    `<PerfCounterInfo xsi:type="PerfCounterInfo"><key>${key}</key><nameInfo><label>x</label><key>${name}</key></nameInfo><groupInfo><label>x</label><key>${group}</key></groupInfo><rollupType>${rollup}</rollupType></PerfCounterInfo>`;

  test('are asked for by the numbers this server gives them, and come back under their names', () =>
    connected(async ({ world, vcenter, source }) => {
      vcenter.methods.set(
        'RetrievePropertiesEx',
        () =>
          `<returnval><objects><obj type="PerformanceManager">pm</obj>${prop('perfCounter', info(3, 'cpu', 'usage', 'none') + info(77, 'cpu', 'usage') + info(78, 'net', 'received'), 'ArrayOfPerfCounterInfo')}</objects></returnval>`,
      );
      const now = world.clock.wall();
      const [first, last] = [oldestWindow(now), newestWindow(now)];
      const instants: number[] = [];
      const { after, through } = samplesOf(first, last);
      for (let at = after + 20_000; at <= through; at += 20_000) instants.push(at);
      let asked: XmlElement | undefined;
      vcenter.methods.set('QueryPerf', (call) => {
        asked = call;
        const series = (id: number, instance: string, value: number) =>
          `<value xsi:type="PerfMetricSeriesCSV"><id><counterId>${id}</counterId><instance>${instance}</instance></id><value>${instants.map(() => value).join(',')}</value></value>`;
        return `<returnval xsi:type="PerfEntityMetricCSV"><entity type="VirtualMachine">vm-1</entity><sampleInfoCSV>${instants.map((at) => `20,${new Date(at).toISOString().replace('.000', '')}`).join(',')}</sampleInfoCSV>${series(77, '', 1234)}${series(78, '', 99)}${series(78, '4000', 50)}${series(5, '', 1)}</returnval>`;
      });
      const peaks = await source.samples(
        { handles: ['vm-1'], after, through },
        () => new PeaksOfBatch(first, last, new Map([['vm-1', 'uuid-1']]), new SeriesNames()),
        signal,
      );
      expect(PeaksOfBatch.join(peaks).series).toEqual([
        { machine: 'uuid-1', counter: 'cpu.usage', instance: '' },
        { machine: 'uuid-1', counter: 'net.received', instance: '4000' },
      ]);
      expect([...new Set(PeaksOfBatch.join(peaks).peaks)]).toEqual([1234, 50]);
      const spec = child(asked!, 'querySpec')!;
      expect(childText(spec, 'startTime')).toBe(new Date(after).toISOString());
      expect(childText(spec, 'endTime')).toBe(new Date(through).toISOString());
      expect([childText(spec, 'intervalId'), childText(spec, 'format')]).toEqual(['20', 'csv']);
    }));

  test('about a machine that is gone: told so in either wording', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set(
        'RetrievePropertiesEx',
        () =>
          `<returnval><objects><obj type="PerformanceManager">pm</obj>${prop('perfCounter', info(77, 'cpu', 'usage'), 'ArrayOfPerfCounterInfo')}</objects></returnval>`,
      );
      for (const answer of [
        { fault: 'ManagedObjectNotFound', fields: '<obj type="VirtualMachine">vm-1</obj>' },
        { fault: 'InvalidArgument', fields: '<invalidProperty>querySpec.entity</invalidProperty>' },
      ]) {
        vcenter.methods.set('QueryPerf', () => answer);
        const asking = source.samples(
          { handles: ['vm-1'], after: 0, through: 600_000 },
          () => new PeaksOfBatch(0, 0, new Map(), new SeriesNames()),
          signal,
        );
        await expect(asking).rejects.toMatchObject({ code: 'vcenter.machine.gone' });
      }
    }));
});

describe('snapshots and changed blocks', () => {
  const disk: FrozenDisk = {
    uuid: 'u',
    key: 2000,
    sizeBytes: 1_000_000,
    changeId: 'x/2',
    location: '[ds 1] web 1/web.vmdk',
  };
  const areas = (start: number, length: number, ...list: Array<[number, number]>) =>
    `<returnval><startOffset>${start}</startOffset><length>${length}</length>${list.map(([s, l]) => `<changedArea><start>${s}</start><length>${l}</length></changedArea>`).join('')}</returnval>`;

  test('a task is waited for, in virtual time, and its result used', () =>
    connected(async ({ world, vcenter, source }) => {
      const states = ['queued', 'running', 'running', 'success'];
      vcenter.methods.set('CreateSnapshot_Task', (call) => {
        expect(['name', 'memory', 'quiesce'].map((name) => childText(call, name))).toEqual([
          'drylift-c1',
          'false',
          'false',
        ]);
        return '<returnval type="Task">task-1</returnval>';
      });
      vcenter.methods.set('RetrievePropertiesEx', () => {
        const state = states.shift()!;
        return `<returnval><objects><obj type="Task">task-1</obj>${prop('info', `<key>task-1</key><state>${state}</state>${state === 'success' ? '<result type="VirtualMachineSnapshot" xsi:type="ManagedObjectReference">snapshot-7</result>' : ''}`, 'TaskInfo')}</objects></returnval>`;
      });
      expect(await source.createSnapshot('vm-1', 'drylift-c1', signal)).toBe('snapshot-7');
      expect(world.clock.monotonic()).toBeGreaterThan(0);
    }));

  test('a task that fails is told with its fault', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set('CreateSnapshot_Task', () => '<returnval type="Task">task-1</returnval>');
      vcenter.methods.set(
        'RetrievePropertiesEx',
        () =>
          `<returnval><objects><obj type="Task">task-1</obj>${prop('info', '<state>error</state><error><fault xsi:type="FileFault"/><localizedMessage>Insufficient disk space on datastore.</localizedMessage></error>', 'TaskInfo')}</objects></returnval>`,
      );
      await expect(source.createSnapshot('vm-1', 's', signal)).rejects.toMatchObject({
        code: 'vcenter.fault',
        message: expect.stringContaining('Insufficient disk space'),
      });
    }));

  test('tracking is not switched on while snapshots exist', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set(
        'RetrievePropertiesEx',
        () =>
          `<returnval><objects><obj type="VirtualMachine">vm-1</obj>${prop('snapshot', '<currentSnapshot type="VirtualMachineSnapshot">s</currentSnapshot>', 'VirtualMachineSnapshotInfo')}</objects></returnval>`,
      );
      await expect(source.enableChangeTracking('vm-1', signal)).rejects.toMatchObject({
        code: 'vcenter.cbt.snapshots',
      });
    }));

  test('windows are followed to exactly the capacity, and areas that touch become one', () =>
    connected(async ({ vcenter, source }) => {
      const offsets: string[] = [];
      vcenter.methods.set('QueryChangedDiskAreas', (call) => {
        const start = Number(childText(call, 'startOffset'));
        offsets.push(`${start} ${childText(call, 'changeId')}`);
        return start === 0
          ? areas(0, 600_000, [0, 100], [500_000, 100_000])
          : areas(600_000, 400_000, [600_000, 5]);
      });
      expect(await source.changedRanges('vm-1', 's', disk, undefined, signal)).toEqual([
        { start: 0, length: 100 },
        { start: 500_000, length: 100_005 },
      ]);
      expect(offsets).toEqual(['0 *', '600000 *']);
    }));

  test.each([
    ['a window of nothing', areas(0, 0)],
    ['another window than was asked for', areas(65_536, 10)],
    ['a window behind the end', areas(0, 2_000_000)],
    ['an area outside its window', areas(0, 600_000, [590_000, 65_536])],
    ['areas out of order', areas(0, 1_000_000, [500, 10], [0, 10])],
  ])('%s is refused, instead of copying the wrong bytes', (_, answer) =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set('QueryChangedDiskAreas', () => answer);
      await expect(source.changedRanges('vm-1', 's', disk, 'x/1', signal)).rejects.toMatchObject({
        code: 'vcenter.cbt.broken',
      });
    }));

  test('FileFault means that tracking was reset', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set('QueryChangedDiskAreas', () => ({ fault: 'FileFault', fields: '<file>x</file>' }));
      await expect(source.changedRanges('vm-1', 's', disk, 'y/1', signal)).rejects.toMatchObject({
        code: 'vcenter.cbt.reset',
      });
    }));

  test('bytes are read from the flat file by name, with the session, renewed when it is gone', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS + WEB)]);
      await source.changes(0, signal);
      const asked: string[] = [];
      vcenter.paths = (request) => {
        asked.push(`${request.url} ${request.headers.range}`);
        return { status: 206, body: Buffer.alloc(512, 7) };
      };
      vcenter.dropSessions();
      const bytes = await source.read('vm-20', disk, { start: 1024, length: 512 }, signal);
      expect(bytes.equals(Buffer.alloc(512, 7))).toBe(true);
      expect(asked).toEqual(['/folder/web%201/web-flat.vmdk?dcPath=DC%2F1&dsName=ds%201 bytes=1024-1535']);
    }));

  test('fewer bytes than were asked for, and disks on foreign snapshots, are refused', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.paths = () => ({ status: 206, body: Buffer.alloc(100) });
      await expect(source.read('vm-20', disk, { start: 0, length: 512 }, signal)).rejects.toMatchObject({
        code: 'vcenter.disk.unreadable',
      });
      const chained = { ...disk, location: '[ds] web/web-000002.vmdk' };
      await expect(source.read('vm-20', chained, { start: 0, length: 512 }, signal)).rejects.toMatchObject({
        code: 'vcenter.disk.unsupported',
      });
    }));
});

test('a guest without tools cannot be asked; a machine that is off already is fine', () =>
  connected(async ({ vcenter, source }) => {
    vcenter.methods.set('ShutdownGuest', () => ({ fault: 'ToolsUnavailable' }));
    expect(await source.shutDownGuest('vm-1', signal)).toBe(false);
    vcenter.methods.set('PowerOffVM_Task', () => ({ fault: 'InvalidPowerState' }));
    await source.powerOff('vm-1', signal);
  }));

test('a server that stops answering is told as that, after its time', () =>
  connected(async ({ world, source }) => {
    const now = world.clock.wall();
    world.links.add({
      id: 'silence',
      from: 'appliance',
      to: 'vc1.test',
      direction: 'both',
      action: { do: 'stall' },
      start: now + MINUTE,
      end: now + 60 * MINUTE,
    });
    await source.about(signal);
    await sleep(world.clock, 2 * MINUTE, 'test');
    await expect(source.powerState('vm-1', signal)).rejects.toMatchObject({ code: 'net.timeout' });
  }));

import { describe, expect, test } from 'vitest';
import { sleep } from '#core/time/clock.ts';
import { child, childText } from '#core/wire/xml/element.ts';
import {
  connected,
  ref,
  SURROUNDINGS,
  signal,
  UUID,
  update,
  updates,
  val,
  WEB,
  withInventory,
} from '../../testing/vsphere-stage.ts';

describe('inventory', () => {
  test('a machine is put together from itself and what is around it', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS, true), updates('2', WEB)]);
      const { full, machines } = await source.changes(0, signal);
      expect(full).toBe(true);
      expect(machines).toEqual([
        {
          kind: 'vmware',
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
      expect(await source.changes(0, signal)).toEqual({
        full: false,
        machines: [],
        removed: [],
        unreached: [],
      });
      expect((await source.changes(0, signal)).removed).toEqual(['50000000-0000-4000-8000-000000000020']);
      expect(vcenter.calls.filter((call) => call === 'CreateFilter')).toHaveLength(1);
    }));

  test('a session lost between two refreshes begins the picture anew', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS + WEB), updates('9', SURROUNDINGS)]);
      await source.changes(0, signal);
      vcenter.dropSessions();
      expect(await source.changes(0, signal)).toEqual({
        full: true,
        machines: [],
        removed: [],
        unreached: [],
      });
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
        expect(await source.changes(0, signal)).toEqual({
          full: false,
          machines: [],
          removed: [],
          unreached: [],
        });
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

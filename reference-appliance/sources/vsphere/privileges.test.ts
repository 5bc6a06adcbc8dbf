import { describe, expect, test } from 'vitest';
import { childText, type XmlElement } from '#core/wire/xml/element.ts';
import { connected, SURROUNDINGS, signal, updates, WEB, withInventory } from '../../testing/vsphere-stage.ts';
import { NEEDS } from './required-privileges.ts';

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
      const missing = await source.prerequisites(signal);
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
      expect((await source.prerequisites(signal)).size).toBe(0);
      vcenter.methods.set(
        'FetchUserPrivilegeOnEntities',
        () =>
          '<returnval><entity type="Folder">group-d1</entity><privileges>System.View</privileges></returnval>',
      );
      expect((await source.prerequisites(signal)).size).toBe(NEEDS.length - 1);
    }));

  test('a server that can tell neither is believed to grant all, until it refuses: then object and feature are named', () =>
    connected(async ({ vcenter, source }) => {
      expect((await source.prerequisites(signal)).size).toBe(0);
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

/** The appliance's WinRM client against hosts of the simulator: every operation, and what it makes of each fault. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { text } from '#appliance/sources/winrm/cim.ts';
import type { WinrmConnection, WinrmOptions } from '#appliance/sources/winrm/types.ts';
import { type HypervStage, hypervStage } from './hyperv-stage.ts';

const signal = new AbortController().signal;
let stage: HypervStage;
let host: string;
beforeEach(async () => {
  stage = await hypervStage('winrm client');
  host = stage.estate.facts.hosts[0]!.name;
});
afterEach(() => stage[Symbol.asyncDispose]());

async function using<T>(
  change: Partial<WinrmOptions>,
  work: (connection: WinrmConnection) => Promise<T>,
): Promise<T> {
  const connection = stage.connect(host, change);
  try {
    return await stage.clock.run(work(connection));
  } finally {
    connection.close();
  }
}

describe.each([false, true])('over TLS: %s', (https) => {
  test('identifies, enumerates, gets, invokes, runs', async () => {
    await using({ https }, async (connection) => {
      expect((await connection.identify(signal)).osVersion).toMatch(/^\d+\.\d+\.\d+/);
      const systems = await connection.query(
        'root/virtualization/v2',
        'select Name, ElementName from Msvm_ComputerSystem',
        signal,
      );
      expect(systems.length).toBeGreaterThan(1);
      const rows: string[] = [];
      await connection.rows(
        'root/virtualization/v2',
        'Msvm_ComputerSystem',
        ['ElementName', 'Name'],
        ([name]) => rows.push(name!),
        signal,
      );
      expect(rows).toEqual(systems.map((one) => text(one, 'ElementName')));
      const os = await connection.get('root/cimv2', 'Win32_OperatingSystem', {}, signal);
      expect(text(os, 'Version')).toMatch(/^\d/);
      const [disk] = await connection.query(
        'root/virtualization/v2',
        'select HostResource from Msvm_StorageAllocationSettingData',
        signal,
      );
      const settings = await connection.invoke(
        'root/virtualization/v2',
        'Msvm_ImageManagementService',
        'GetVirtualHardDiskSettingData',
        { CreationClassName: 'Msvm_ImageManagementService' },
        [['Path', text(disk!, 'HostResource')!]],
        signal,
      );
      expect(text(settings, 'ReturnValue')).toBe('0');
      expect(await connection.run('echo hello', {}, signal)).toEqual({
        exitCode: 0,
        stdout: 'hello\r\n',
        stderr: '',
      });
    });
  });
});

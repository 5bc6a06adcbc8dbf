import { describe, expect, test } from 'vitest';
import { DEPENDENCY_SCRIPTS, INVENTORY_SCRIPTS, readConnections, readInventory } from './guest-scripts.ts';

describe('what guests answer', () => {
  test('a Linux inventory is read from the release file and the package manager', () => {
    const text =
      '@@os\nNAME="CentOS Linux"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n@@arch\nx86_64\n@@rpm\n' +
      'bash|4.2.46-34.el7|CentOS\nnginx|1.20.1-3.el7|CentOS\n@@dpkg\n@@snap\n@@end\n';
    expect(readInventory('linux', text)).toMatchObject({
      osName: 'CentOS Linux 7 (Core)',
      osVersion: '7',
      osArchitecture: 'x86_64',
      applications: [
        { name: 'bash', version: '4.2.46-34.el7', provider: 'CentOS' },
        { name: 'nginx', version: '1.20.1-3.el7', provider: 'CentOS' },
      ],
    });
  });

  test('packages that dpkg lists as removed are not there', () => {
    const text = '@@os\n@@arch\n@@rpm\n@@dpkg\na|1|x|ii \nb|2|y|rc \n@@snap\n@@end\n';
    expect(readInventory('linux', text)?.applications.map(({ name }) => name)).toEqual(['a']);
  });

  test('parts of Windows itself, and updates of other products, are not applications', () => {
    const key = (id: string, ...values: string[]) =>
      `\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\X\\${id}\r\n${values.map((value) => `    ${value}\r\n`).join('')}`;
    const text = `@@os \r\n"Caption","Version","OSArchitecture"\r\n"Windows ""X""","10.0","64-bit"\r\n@@native \r\n${key('1', 'DisplayName    REG_SZ    One', 'DisplayVersion    REG_SZ    1.0')}${key('2', 'DisplayName    REG_SZ    Two', 'SystemComponent    REG_DWORD    0x1')}${key('3', 'DisplayName    REG_SZ    Three', 'ParentKeyName    REG_SZ    One')}${key('4')}@@wow \r\n@@features \r\n@@instances \r\n@@setup \r\n@@end \r\n`;
    const inventory = readInventory('windows', text)!;
    expect(inventory.osName).toBe('Windows "X"');
    expect(inventory.applications).toEqual([{ name: 'One', version: '1.0', provider: '' }]);
  });

  test('an answer that breaks off is no answer', () => {
    expect(readInventory('linux', '@@os\n@@arch\nx86_64\n')).toBeUndefined();
    expect(readConnections('windows', '@@net\n')).toBeUndefined();
  });

  test('a connection to a port that the machine listens on came from outside', () => {
    const text =
      '@@net\nActive Internet connections (servers and established)\n' +
      'Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name\n' +
      'tcp        0      0 0.0.0.0:443             0.0.0.0:*               LISTEN      10/nginx\n' +
      'tcp        0      0 10.0.0.1:443            10.0.0.9:50000          ESTABLISHED 11/nginx: worker\n' +
      'tcp        0      0 10.0.0.1:50001          10.0.0.2:8080           ESTABLISHED 11/nginx\n' +
      'tcp        0      0 10.0.0.1:50002          10.0.0.2:8080           TIME_WAIT   -\n' +
      '@@owners\n/usr/sbin/nginx|nginx-core\n@@exe\n11|/usr/sbin/nginx\n@@end\n';
    expect(readConnections('linux', text)).toEqual([
      {
        outbound: false,
        localAddress: '10.0.0.1',
        remoteAddress: '10.0.0.9',
        port: 443,
        process: 'nginx',
        application: 'nginx-core',
      },
      {
        outbound: true,
        localAddress: '10.0.0.1',
        remoteAddress: '10.0.0.2',
        port: 8080,
        process: 'nginx',
        application: 'nginx-core',
      },
    ]);
  });

  test('scripts hold nothing of any machine, so that no name can be injected into them', () => {
    for (const scripts of [INVENTORY_SCRIPTS, DEPENDENCY_SCRIPTS])
      for (const { commands } of Object.values(scripts)) expect(commands.at(-1)).toContain('@@end');
  });

  test('a program that no package owns belongs to none, however rpm words it', () => {
    const text =
      '@@net\ntcp 0 0 10.0.0.1:50000 10.0.0.2:445 ESTABLISHED 7/smbd\n' +
      '@@owners\n/usr/sbin/smbd|file /usr/sbin/smbd is not owned by any package\n@@exe\n7|/usr/sbin/smbd\n@@end\n';
    expect(readConnections('linux', text)).toMatchObject([{ process: 'smbd', application: '' }]);
  });
});

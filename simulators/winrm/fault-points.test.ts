/** Every fault that a scenario can ask for acts where the real one would, from its start to its end. */
import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { CIM_FAULTS, POINTS, SHELL_FAULTS, winrmFaultPoints } from './fault-points.ts';
import { HOST, type Soap, type TestHost, testHost } from './testing/test-host.ts';
import { ACTION, RESOURCE } from './wsman/names.ts';

async function onHost(script: (host: TestHost) => Promise<void>): Promise<void> {
  await using host = await testHost();
  await host.run(() => script(host));
}

const get = (host: TestHost): Promise<Soap> =>
  host.ask({ action: ACTION.get, uri: `${RESOURCE.wmi}root/cimv2/Win32_OperatingSystem`, timeout: 'PT5S' });
const pause = (host: TestHost, ms: number): Promise<void> =>
  new Promise((resolve) => {
    host.tier.clock.schedule(host.tier.clock.wall() + ms, 'test', resolve);
  });
const shell = (host: TestHost, action: string, body: string, id = ''): Promise<Soap> =>
  host.ask({
    action,
    uri: RESOURCE.cmd,
    body,
    ...(id === '' ? {} : { selectors: { ShellId: id } }),
    timeout: 'PT10S',
  });
const idOf = ({ xml }: Soap, name: string): string => new RegExp(`${name}[^>]*>([^<]+)<`).exec(xml)![1]!;
const commandXml = '<rsp:CommandLine><rsp:Command>echo me</rsp:Command></rsp:CommandLine>';
const receiveXml = (id: string): string =>
  `<rsp:Receive><rsp:DesiredStream CommandId="${id}">stdout</rsp:DesiredStream></rsp:Receive>`;

test('a point that is declared is a point that is asked for', () =>
  onHost(async (host) => {
    expect(winrmFaultPoints().map(({ name }) => name)).toEqual(Object.values(POINTS));
    expect(host.context.faults.points().map(({ name }) => name)).toEqual(Object.values(POINTS));
  }));

describe('requests', () => {
  test('are cut, or answered by HTTP.sys alone', () =>
    onHost(async (host) => {
      host.arm(POINTS.request, 'reset');
      await expect(get(host)).rejects.toThrow(/cut|reset/i);
      host.arm(POINTS.request, '503');
      expect((await get(host)).status).toBe(503);
      expect((await get(host)).status).toBe(200);
    }));

  test('of another host are left alone', () =>
    onHost(async (host) => {
      host.arm(POINTS.request, '503', { subject: 'win2.corp.example' });
      expect((await get(host)).status).toBe(200);
    }));
});

describe('logons', () => {
  test('fail like a wrong password, or for an account that is locked until the fault is over', () =>
    onHost(async (host) => {
      host.arm(POINTS.logon, 'wrongPassword', { subject: 'Administrator' });
      expect((await get(host)).status).toBe(401);
      expect((await get(host)).status).toBe(200);
      host.arm(POINTS.logon, 'locked', { forMs: MINUTE });
      for (let n = 0; n < 3; n++) expect((await get(host)).status).toBe(401);
      await pause(host, MINUTE);
      expect((await get(host)).status).toBe(200);
    }));
});

describe('operations on CIM', () => {
  test.each(Object.entries(CIM_FAULTS))('answer %s', (answer, { wmi }) =>
    onHost(async (host) => {
      host.arm(POINTS.cim, answer, { subject: 'root/cimv2' });
      const { status, code } = await get(host);
      expect(status).toBe(500);
      expect(code).toBe(wmi ? Number(wmi.hresult) : code);
      expect((await get(host)).status).toBe(200);
    }));

  test('hang until their time is over', () =>
    onHost(async (host) => {
      host.arm(POINTS.cim, 'hang', { subject: 'Get' });
      const begun = host.tier.clock.wall();
      expect(await get(host)).toMatchObject({ code: 2150858793 });
      expect(host.tier.clock.wall() - begun).toBeGreaterThanOrEqual(5 * SECOND);
    }));

  test('lose their connection', () =>
    onHost(async (host) => {
      host.arm(POINTS.cim, 'reset');
      await expect(get(host)).rejects.toThrow(/cut|reset/i);
    }));
});

describe('shells', () => {
  test.each(Object.keys(SHELL_FAULTS))('answer %s', (answer) =>
    onHost(async (host) => {
      host.arm(POINTS.shell, answer, { subject: 'Create' });
      expect((await shell(host, ACTION.create, '<rsp:Shell/>')).status).toBe(500);
      expect((await shell(host, ACTION.create, '<rsp:Shell/>')).status).toBe(200);
    }));

  test('are lost in the middle, with what ran in them', () =>
    onHost(async (host) => {
      const id = idOf(await shell(host, ACTION.create, '<rsp:Shell/>'), 'Name="ShellId"');
      const command = idOf(await shell(host, ACTION.command, commandXml, id), 'CommandId');
      host.arm(POINTS.shell, 'lost', { subject: 'Receive echo me' });
      for (let n = 0; n < 2; n++)
        expect(await shell(host, ACTION.receive, receiveXml(command), id)).toMatchObject({
          code: 2150858843,
        });
    }));

  test('hang: the command is silent as long as the fault lasts, and then is there', () =>
    onHost(async (host) => {
      const id = idOf(await shell(host, ACTION.create, '<rsp:Shell/>'), 'Name="ShellId"');
      host.arm(POINTS.shell, 'hang', { subject: 'Command echo', forMs: 15 * SECOND });
      const command = idOf(await shell(host, ACTION.command, commandXml, id), 'CommandId');
      const receive = (): Promise<Soap> => shell(host, ACTION.receive, receiveXml(command), id);
      expect(await receive()).toMatchObject({ code: 2150858793 });
      expect((await receive()).xml).toContain(Buffer.from('echo me\r\n').toString('base64'));
    }));
});

describe('the host', () => {
  test('reboots: nobody gets in, shells and enumerations are gone, and it comes back by itself', () =>
    onHost(async (host) => {
      const id = idOf(await shell(host, ACTION.create, '<rsp:Shell/>'), 'Name="ShellId"');
      host.arm(POINTS.host, 'rebooting', { forMs: 3 * MINUTE });
      await pause(host, SECOND);
      await expect(get(host)).rejects.toThrow();
      await pause(host, 3 * MINUTE);
      expect((await get(host)).status).toBe(200);
      expect(await shell(host, ACTION.command, commandXml, id)).toMatchObject({ code: 2150858843 });
      expect(host.trace.filter(({ kind }) => kind === 'fault')).toHaveLength(1);
    }));

  test('shows a certificate that has expired, or is somebody else’s, to those who come then', () =>
    onHost(async (host) => {
      expect((await get(host)).status).toBe(200);
      const fresh = async (): Promise<string> => {
        host.client.close();
        return get(host).then(
          ({ status }) => String(status),
          (error: { code?: string }) => error.code ?? 'no code',
        );
      };
      for (const [answer, code] of [
        ['expired', 'net.tls.expired'],
        ['otherName', 'net.tls.name'],
      ] as const) {
        host.arm(POINTS.certificate, answer, { forMs: HOUR });
        await pause(host, SECOND);
        expect(await fresh()).toBe(code);
        await pause(host, HOUR);
        expect(await fresh()).toBe('200');
      }
    }));

  test('has a clock that is wrong, and says so in its Date', () =>
    onHost(async (host) => {
      const skew = async (): Promise<number> => {
        const { headers } = await host.client.fetch({ method: 'POST', url: `http://${HOST}:5985/wsman` });
        return Date.parse(headers.date!) - host.tier.clock.wall();
      };
      host.arm(POINTS.clock, '+10min', { forMs: HOUR });
      await pause(host, SECOND);
      expect(Math.round((await skew()) / MINUTE)).toBe(10);
      await pause(host, HOUR);
      expect(Math.round((await skew()) / MINUTE)).toBe(0);
    }));
});

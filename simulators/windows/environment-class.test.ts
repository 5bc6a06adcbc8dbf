/** Variables of the system are made, changed and deleted through WS-Management, and every view of the server shows them. */
import { expect, test } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import { Estate } from '../estate/estate.ts';
import { generateEstate } from '../estate/generate.ts';
import { userOf } from '../estate/guest/accounts.ts';
import { guestsOf } from '../estate/guest/guests.ts';
import { runCmd } from '../estate/guest/shell/cmd.ts';
import { CimService } from '../winrm/cim/cim-service.ts';
import { NS, RESOURCE } from '../winrm/wsman/names.ts';
import type { WsmanRequest } from '../winrm/wsman/request.ts';
import { guestCommands } from './guest-commands.ts';
import { windowsHost } from './host.ts';

const URI = `${RESOURCE.wmi}root/cimv2/Win32_Environment`;
const ADMIN = { name: 'Administrator', password: 'x', groups: ['Administrators'] };
const READER = { name: 'reader', password: 'x', groups: ['Remote Management Users'] };

function stage() {
  const now = Date.UTC(2026, 2, 2, 10);
  const clock: Clock = { wall: () => now, monotonic: () => now, schedule: () => ({ cancel() {} }) };
  const estate = new Estate(generateEstate({ seed: 'environment', machines: 20 }), {
    clock,
    entropy: new Entropy('environment'),
  });
  const guest = estate
    .machines()
    .map(({ id }) => guestsOf(estate).guest(id)!)
    .find(({ os }) => os.family === 'windows')!;
  const host = windowsHost({
    guest,
    clock,
    accounts: [ADMIN],
    settings: { basic: false, allowUnencrypted: false },
    commands: guestCommands(guest, clock),
  })!;
  return { guest, cim: new CimService(host.cim), now };
}

const request = (body = '', name = '', fragment?: string): WsmanRequest => ({
  action: '',
  messageId: '',
  resourceUri: URI,
  selectors: new Map(
    name === ''
      ? []
      : [
          ['name', name],
          ['username', '<SYSTEM>'],
        ],
  ),
  options: new Map(),
  operationTimeoutMs: 60_000,
  envelopeUnitsMax: 250_000,
  ...(fragment === undefined
    ? {}
    : { fragment: { dialect: 'http://www.w3.org/TR/1999/REC-xpath-19991116', path: fragment } }),
  body:
    body === ''
      ? undefined
      : parseXml(
          body.replace(
            '>',
            ` xmlns:p="${URI}" xmlns:w="${NS.w}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`,
          ),
        ),
});
const variable = (name: string, value: string): string =>
  `<p:Win32_Environment><p:Name>${name}</p:Name><p:UserName>&lt;SYSTEM&gt;</p:UserName><p:VariableValue>${value}</p:VariableValue></p:Win32_Environment>`;

test('a variable is made, changed in whole and in part, seen by a shell, and deleted', () => {
  const { cim, guest, now } = stage();
  const created = cim.create(request(variable('MIGRATION', 'wave one')), ADMIN);
  expect(created).toContain('<w:Selector Name="Name">MIGRATION</w:Selector>');
  const shown = (): string => {
    const user = userOf(guest.os, guest.hostName, {
      id: 'x',
      family: 'windows',
      user: 'Administrator',
      password: '',
      admin: true,
    });
    return runCmd('echo %MIGRATION%', { guest, user, now }).stdout.toString();
  };
  expect(shown()).toBe('wave one\r\n');
  expect(cim.put(request(variable('MIGRATION', 'two'), 'MIGRATION'), ADMIN)).toContain(
    '<p:VariableValue>two<',
  );
  const part = '<w:XmlFragment><p:VariableValue>three</p:VariableValue></w:XmlFragment>';
  expect(cim.put(request(part, 'MIGRATION', 'VariableValue'), ADMIN)).toContain('three');
  expect(shown()).toBe('three\r\n');
  cim.delete(request('', 'MIGRATION'), ADMIN);
  expect(() => cim.get(request('', 'MIGRATION'), ADMIN)).toThrow('Not found');
});

test('what is there already, is malformed, renames, or comes from somebody who may only read, is refused', () => {
  const { cim } = stage();
  expect(() => cim.create(request(variable('OS', 'x')), ADMIN)).toThrow('already exists');
  expect(() => cim.create(request(variable('A=B', 'x')), ADMIN)).toThrow('Invalid parameter');
  expect(() => cim.create(request('<p:Win32_Service></p:Win32_Service>'), ADMIN)).toThrow('not valid');
  expect(() =>
    cim.create(request('<p:Win32_Environment><p:Colour>x</p:Colour></p:Win32_Environment>'), ADMIN),
  ).toThrow('not valid');
  expect(() => cim.create(request(variable('NEW', 'x')), READER)).toThrow('Access denied');
  expect(() => cim.put(request(variable('OTHER', 'x'), 'OS'), ADMIN)).toThrow('not valid');
  expect(() => cim.put(request(variable('OS', 'x'), 'OS'), READER)).toThrow('Access denied');
  expect(() => cim.delete(request('', 'OS'), READER)).toThrow('Access denied');
});

import { describe, expect, test } from 'vitest';
import { MINUTE } from '#core/units.ts';
import { estateAccounts } from '../../estate/guest/accounts.ts';
import { guestsOf } from '../../estate/guest/guests.ts';
import { HOST, READER, type Soap, type TestVcenter, testVcenter } from '../testing/test-vcenter.ts';

const SEED = 'vcenter test';

async function linux(world: TestVcenter, soap: Soap) {
  const { user, password } = estateAccounts(SEED).find(({ id }) => id === 'linux')!;
  const machine = world.estate
    .machines()
    .find(
      ({ id, os, power }) =>
        os.family === 'linux' && power === 'on' && guestsOf(world.estate).guest(id)!.logIn(user, password),
    )!;
  const found = await soap.ask(
    'FindByUuid',
    'SearchIndex:SearchIndex',
    `<uuid>${machine.instanceUuid}</uuid><vmSearch>true</vmSearch><instanceUuid>true</instanceUuid>`,
  );
  const vm = `<vm type="VirtualMachine">${found.at('returnval').text}</vm>`;
  const auth = (secret = password) =>
    `<auth xsi:type="NamePasswordAuthentication" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><interactiveSession>false</interactiveSession><username>${user}</username><password>${secret}</password></auth>`;
  return { machine, vm, auth };
}

const FILES = 'GuestFileManager:guestOperationsFileManager';
const PROCESSES = 'GuestProcessManager:guestOperationsProcessManager';
const AUTH = 'GuestAuthManager:guestOperationsAuthManager';

describe('guest operations', () => {
  test('what stands in the way is told in the order in which vCenter looks', async () => {
    await using world = await testVcenter({ machines: 12 });
    await world.run(async () => {
      const soap = await world.session();
      const reader = await world.session(READER);
      const { machine, vm, auth } = await linux(world, soap);
      const validate = async (by: Soap, inner: string) =>
        (await by.call('ValidateCredentialsInGuest', AUTH, inner)).fault;
      expect(await validate(soap, `${vm}${auth()}`)).toBeUndefined();
      expect(await validate(soap, `${vm}${auth('wrong')}`)).toBe('InvalidGuestLogin');
      expect(await validate(reader, `${vm}${auth('wrong')}`)).toBe('NoPermission');
      expect(await validate(soap, `<vm type="VirtualMachine">vm-none</vm>${auth()}`)).toBe(
        'ManagedObjectNotFound',
      );
      world.estate.setPower(machine.id, 'off');
      expect(await validate(soap, `${vm}${auth('wrong')}`)).toBe('InvalidPowerState');
    });
  });

  test('an address of a file is good for one transfer, ten minutes, and as long as the machine runs', async () => {
    await using world = await testVcenter({ machines: 12 });
    await world.run(async () => {
      const soap = await world.session();
      const { machine, vm, auth } = await linux(world, soap);
      const address = async (): Promise<string> => {
        const answer = await soap.ask(
          'InitiateFileTransferFromGuest',
          FILES,
          `${vm}${auth()}<guestFilePath>/etc/hostname</guestFilePath>`,
        );
        return answer.at('returnval/url').text.replace('*', HOST);
      };
      const get = async (url: string) => (await world.client.fetch({ method: 'GET', url })).status;
      const once = await address();
      expect(await get(once)).toBe(200);
      expect(await get(once)).toBe(404);
      const late = await address();
      await world.pass(10 * MINUTE);
      expect(await get(late)).toBe(404);
      const guessed = (await address()).replace(/token=\w{4}/, 'token=0000');
      expect(await get(guessed)).toBe(404);
      const dead = await address();
      world.estate.setPower(machine.id, 'off');
      expect(await get(dead)).toBe(404);
    });
  });

  test('a program ends by the clock of the story; its end is remembered for five minutes', async () => {
    await using world = await testVcenter({ machines: 12 });
    await world.run(async () => {
      const soap = await world.session();
      const { vm, auth } = await linux(world, soap);
      const started = await soap.ask(
        'StartProgramInGuest',
        PROCESSES,
        `${vm}${auth()}<spec><programPath>/bin/sh</programPath><arguments>-c 'sleep 60; exit 3'</arguments></spec>`,
      );
      const pid = started.at('returnval').text;
      const look = async () =>
        (await soap.ask('ListProcessesInGuest', PROCESSES, `${vm}${auth()}<pids>${pid}</pids>`)).all(
          'returnval',
        );
      expect((await look())[0]!.all('endTime')).toHaveLength(0);
      await world.pass(62_000);
      expect((await look())[0]!.at('exitCode').text).toBe('3');
      await world.pass(5 * MINUTE);
      expect(await look()).toHaveLength(0);
    });
  });
});

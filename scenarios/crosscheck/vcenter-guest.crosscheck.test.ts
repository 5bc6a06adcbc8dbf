/** Guest operations of our vCenter, judged by pyVmomi over real TLS. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing } from '#core/testing/installed.ts';
import { generateEstate } from '#simulators/estate/generate.ts';
import { estateAccounts } from '#simulators/estate/guest/accounts.ts';
import { guestsOf } from '#simulators/estate/guest/guests.ts';
import type { Machine } from '#simulators/estate/model.ts';
import { type Served, serveForClients } from './vcenter/harness.ts';

const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(new URL('./vcenter/guest.py', import.meta.url));
const SEED = 'guest crosscheck';
const hasPyvmomi = spawnSync(PYTHON, ['-c', 'import pyVmomi']).status === 0;

function run(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('close', (code) => (code === 0 ? resolve(said) : reject(new Error(said))));
  });
}

describe('guest operations', () => {
  let served: Served;
  beforeAll(async () => {
    const facts = generateEstate({ seed: SEED, machines: 40 });
    served = await serveForClients(facts, facts.machines[0]!.id);
  });
  afterAll(() => served?.stop());

  test('pyVmomi starts programs, reads what they wrote, lists processes, moves files and edits the registry', async (context) => {
    if (!hasPyvmomi) return missing(context, 'pyVmomi');
    const { estate } = served;
    const guests = guestsOf(estate);
    const accounts = estateAccounts(SEED);
    const open = (family: 'linux' | 'windows') => {
      const { user, password } = accounts.find(({ id }) => id === family)!;
      const machine = estate
        .machines()
        .find(
          (each) =>
            each.os.family === family && each.power === 'on' && guests.guest(each.id)!.logIn(user, password),
        )!;
      return { machine, user, password };
    };
    const view = ({ machine, user, password }: { machine: Machine; user: string; password: string }) => {
      const guest = guests.guest(machine.id)!;
      return {
        uuid: machine.instanceUuid,
        dnsName: machine.dnsName,
        hostName: guest.hostName,
        software: guest.stack.packages.map(({ name }) => name).filter((name) => !name.includes('(x86)')),
        user,
        password,
      };
    };
    const off = estate.machines().at(-1)!;
    estate.setPower(off.id, 'off');
    const choice = {
      ca: join(served.folder, 'ca.pem'),
      host: served.address,
      port: served.port,
      user: served.user,
      password: served.password,
      reader: served.reader,
      linux: view(open('linux')),
      windows: view(open('windows')),
      off: { uuid: off.instanceUuid },
    };
    const said = await run([SCRIPT, JSON.stringify(choice)]);
    expect(said).toContain('guest operations are as pyVmomi expects them');
  }, 60_000);
});

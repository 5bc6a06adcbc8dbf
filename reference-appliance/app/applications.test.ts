import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Counters } from '#core/trace/recorder.ts';
import { HOUR, MINUTE } from '#core/units.ts';
import { createLog } from '../log.ts';
import { errors as sshErrors } from '../sources/ssh/ssh-errors.ts';
import { openStore } from '../store/store.ts';
import { discoveryMessages } from '../targets/azure/discovery-messages.ts';
import { Applications } from './applications.ts';
import { Dependencies, SLOT } from './dependencies.ts';
import { errors } from './guest-errors.ts';
import type { Outbox } from './outbox.ts';
import type { DiscoverySource, GuestCredential } from './ports.ts';
import type { SourceKind, SourceMachine } from './source-machines.ts';

const START = Math.ceil(Date.UTC(2026, 2, 2) / SLOT) * SLOT + HOUR;
const credential = (name: string): GuestCredential => ({ name, family: 'linux', user: name, password: 'p' });
const machine = (name: string, address: string): SourceMachine =>
  ({
    kind: 'vmware',
    handle: name,
    instanceUuid: `uuid-${name}`,
    name,
    isTemplate: false,
    power: 'on',
    os: { family: 'linux', name: 'Linux' },
    nics: [{ addresses: [address] }],
  }) as unknown as SourceMachine;

const INVENTORY = '@@os\nID=debian\n@@arch\nx86_64\n@@rpm\n@@dpkg\na|1|x|ii \n@@snap\n@@end\n';
const net = (rows: string) => `@@net\n${rows}@@owners\n@@exe\n@@end\n`;

/** A world of one source, whose guests answer by what `answer` says. */
async function setUp(
  answer: (name: string, by: string, what: 'inventory' | 'net') => string,
  servers: readonly GuestCredential[] = [],
) {
  let now = START;
  const clock = { wall: () => now, monotonic: () => now, schedule: () => ({ cancel() {} }) };
  const store = openStore({
    path: ':memory:',
    clock,
    key: createHash('sha256').update('k').digest(),
    synchronous: 'off',
  });
  const sent: Array<{ site: SourceKind; kind: string; body: Record<string, unknown> }> = [];
  const outboxOf = (site: SourceKind) =>
    ({
      add: async (_db: unknown, kind: string, body: Buffer) =>
        void sent.push({ site, kind, body: JSON.parse(body.toString()) as Record<string, unknown> }),
      wake() {},
    }) as unknown as Outbox;
  const tried: string[] = [];
  const source = {
    name: 'vc',
    kind: 'vmware',
    async runInGuest({ name }: SourceMachine, by: GuestCredential, script: { commands: readonly string[] }) {
      tried.push(`${name} ${by.name}`);
      return answer(
        name,
        by.name,
        script.commands.some((line) => line.includes('@@net')) ? 'net' : 'inventory',
      );
    },
  } as unknown as DiscoverySource;
  const options = {
    credentials: [credential('one'), credential('two')],
    servers,
    forms: discoveryMessages,
    store,
    outboxes: new Map((['vmware', 'server'] as const).map((kind) => [kind, outboxOf(kind)])),
    clock,
    counters: new Counters(),
    log: createLog({ clock, level: 'silent', write: () => {} }),
  };
  const begin = async () => {
    const applications = new Applications(options);
    await applications.load();
    return { applications, dependencies: new Dependencies(options, applications) };
  };
  return {
    begin,
    source,
    sent,
    tried,
    pass(ms: number) {
      now += ms;
    },
  };
}

const signal = new AbortController().signal;
const refuse = (name: string) => {
  throw errors.make('guest.login.refused', { what: `${name} refused` });
};

describe('looking into guests', () => {
  test('credentials are tried in order, the one that works is remembered over a restart, and refusals are explained', async () => {
    const { begin, source, sent, tried } = await setUp((name, by) =>
      name === 'b' || by === 'one' ? refuse(name) : INVENTORY,
    );
    const machines = [machine('a', '10.0.0.1'), machine('b', '10.0.0.2')];
    const first = await begin();
    await first.applications.collect(source, machines, signal);
    expect(tried.sort()).toEqual(['a one', 'a two', 'b one', 'b two']);
    expect(first.applications.failures()).toMatchObject([
      { machine: 'b', code: 'guest.login.refused', next: expect.stringContaining('guests') },
    ]);
    expect(sent).toMatchObject([
      {
        kind: 'applications',
        body: {
          machines: [{ runAsAccount: 'two', errors: [] }, { errors: [{ code: 'guest.login.refused' }] }],
        },
      },
    ]);

    tried.length = 0;
    const second = await begin();
    await second.applications.collect(source, machines.slice(0, 1), signal);
    expect(tried).toEqual(['a two']);
    expect(sent).toHaveLength(1); // nothing changed, so nothing is told
  });

  test('a dependency seen from both ends is one, with both processes, and told once when its slot is over', async () => {
    const rows: Record<string, string> = {
      a: 'tcp 0 0 10.0.0.1:50000 10.0.0.2:5432 ESTABLISHED 7/java\n',
      b: 'tcp 0 0 0.0.0.0:5432 0.0.0.0:* LISTEN 9/postgres\ntcp 0 0 10.0.0.2:5432 10.0.0.1:50000 ESTABLISHED 9/postgres\n',
    };
    const { begin, source, sent, pass } = await setUp((name, _by, what) =>
      what === 'net' ? net(rows[name]!) : INVENTORY,
    );
    const machines = [machine('a', '10.0.0.1'), machine('b', '10.0.0.2')];
    const first = await begin();
    await first.applications.collect(source, machines, signal);
    await first.dependencies.collect(source, machines, () => machines, signal);
    pass(5 * MINUTE);
    const second = await begin(); // a restart in between
    await second.dependencies.collect(source, machines, () => machines, signal);
    pass(SLOT);
    await second.dependencies.collect(source, machines, () => machines, signal);
    const told = sent.filter(({ kind }) => kind === 'dependencies');
    expect(told).toHaveLength(1);
    expect(told[0]!.body).toMatchObject({
      machines: [{ status: 'Enabled', collections: 1 }, { status: 'Enabled' }],
      dependencies: [
        {
          source: { serverName: 'a', process: 'java', ip: '10.0.0.1' },
          destination: { serverName: 'b', process: 'postgres', port: 5432 },
          observations: 2,
        },
      ],
    });
  });

  test('a server is looked into with the credential that reached it and no other; a failure of its own is its own', async () => {
    const { begin, sent, tried, source } = await setUp(
      (name) => {
        if (name === 'b') throw sshErrors.make('ssh.dropped', { what: 'b closed the connection.' });
        return INVENTORY;
      },
      [credential('first'), credential('second')],
    );
    const servers = ['a', 'b'].map((name, i) => ({
      ...machine(name, `10.0.1.${i}`),
      kind: 'server',
      credential: 'second',
    })) as unknown as SourceMachine[];
    const { applications } = await begin();
    await applications.collect({ ...source, name: 'servers', kind: 'server' }, servers, signal);
    expect(tried.sort()).toEqual(['a second', 'b second']);
    expect(applications.failures()).toMatchObject([{ machine: 'b', code: 'ssh.dropped' }]);
    expect(sent.map(({ site }) => site)).toEqual(['server']);
  });

  test('a dependency between machines of two sites is told to both, others to their own', async () => {
    const rows: Record<string, string> = {
      a: 'tcp 0 0 10.0.0.1:50000 10.0.0.2:5432 ESTABLISHED 7/java\n',
      b: 'tcp 0 0 10.0.0.2:40000 10.0.0.9:25 ESTABLISHED 9/mail\n',
    };
    const { begin, source, sent, pass } = await setUp(
      (name, _by, what) => (what === 'net' ? net(rows[name]!) : INVENTORY),
      [credential('one')],
    );
    const guest = machine('a', '10.0.0.1');
    const server = {
      ...machine('b', '10.0.0.2'),
      kind: 'server',
      credential: 'one',
    } as unknown as SourceMachine;
    const list = { ...source, name: 'servers', kind: 'server' } as DiscoverySource;
    const { applications, dependencies } = await begin();
    await applications.collect(source, [guest], signal);
    await applications.collect(list, [server], signal);
    const all = () => [guest, server];
    await dependencies.collect(source, [guest], all, signal);
    await dependencies.collect(list, [server], all, signal);
    pass(SLOT);
    // both sources find the slot over at the same time
    await Promise.all([
      dependencies.collect(source, [guest], all, signal),
      dependencies.collect(list, [server], all, signal),
    ]);
    const told = sent.filter(({ kind }) => kind === 'dependencies');
    expect(told.map(({ site }) => site).sort()).toEqual(['server', 'vmware']);
    const ports = (site: string) =>
      (
        told.find((each) => each.site === site)!.body['dependencies'] as Array<{
          destination: { port: number };
        }>
      ).map(({ destination }) => destination.port);
    expect(ports('vmware')).toEqual([5432]);
    expect(ports('server').sort()).toEqual([25, 5432]);
  });
});

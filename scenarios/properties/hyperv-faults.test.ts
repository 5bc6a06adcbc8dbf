/**
 * What happens to Hyper-V hosts, and what the appliance makes of it: it tells which host with code, cause and remedy, keeps
 * what it knew, goes on with the others, and finds its way back.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LiveSource } from '#appliance/app/ports.ts';
import type { SourceChanges } from '#appliance/app/source-machines.ts';
import { sleep } from '#core/time/clock.ts';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { type HypervStage, hypervStage } from './hyperv-stage.ts';

const signal = new AbortController().signal;
let stage: HypervStage;
beforeEach(async () => {
  stage = await hypervStage('hyperv faults', { machines: 8 });
});
afterEach(() => stage[Symbol.asyncDispose]());

const CLUSTER = { host: 'hvc1.example', type: 'cluster' } as const;
const ALONE = { host: 'hv-s1.example', type: 'host' } as const;
const NODE = 'hvc1-n2.example';

function arm(
  at: string,
  answer: string,
  more: { subject?: string; times?: number; forMs?: number } = {},
): Disposable {
  const { subject = NODE, times = 1000, forMs = HOUR } = more;
  const from = stage.clock.wall();
  return stage.faults.arm({ id: `${at} ${answer}`, at, answer, subject, times, from, until: from + forMs });
}

async function run(source: LiveSource, work: () => Promise<void>): Promise<void> {
  try {
    await stage.clock.run(work());
  } finally {
    await source.close();
  }
}

/** States of hosts begin with the next event. */
const soon = (): Promise<void> => sleep(stage.clock, SECOND, 'test');
const look = (source: LiveSource): Promise<SourceChanges> => source.changes(0, signal);
const codes = ({ unreached }: SourceChanges) => unreached.map(({ name, code }) => [name, code]);
const refusal = (promise: Promise<unknown>): Promise<{ code: string; what: string; next: string }> =>
  promise.then(
    () => {
      throw new Error('it was no error');
    },
    (error) => error,
  );

test('a wrong password is shown twice and then not for half an hour; the right one beside it works', async () => {
  const wrong = { name: 'wrong', user: stage.login.user, password: 'not it' };
  const source = stage.source(CLUSTER, { credentials: [wrong] });
  await run(source, async () => {
    const error = await refusal(look(source));
    expect(error).toMatchObject({ code: 'winrm.login.refused' });
    expect(error.what).toContain('credential "wrong"');
    expect(error.what).not.toContain('not it');
    for (let i = 0; i < 5; i++) await refusal(look(source));
    expect(stage.counters.toJSON()['appliance.winrm.refusals']).toBe(2);
    await sleep(stage.clock, 31 * MINUTE, 'test');
    await refusal(look(source));
    expect(stage.counters.toJSON()['appliance.winrm.refusals']).toBe(3);
  });
  const both = stage.source(CLUSTER, { credentials: [wrong, { name: 'right', ...stage.login }] });
  await run(both, async () => {
    expect(codes(await look(both))).toEqual([]);
    expect(await both.about(signal)).toMatchObject({ credential: 'right' });
  });
});

test('an account that is locked after it worked is told as that; the host is looked at again when it is open', async () => {
  const source = stage.source(ALONE);
  await run(source, async () => {
    await look(source);
    using _locked = arm('winrm.logon', 'locked', { subject: ALONE.host, forMs: 20 * MINUTE });
    using _cut = arm('winrm.request', 'reset', { subject: ALONE.host, times: 1 });
    expect(await refusal(look(source))).toMatchObject({ code: 'winrm.login.locked' });
    await sleep(stage.clock, 35 * MINUTE, 'test');
    expect(codes(await look(source))).toEqual([]);
  });
});

test.each([
  ['accessDenied', 'winrm.namespace.denied'],
  ['quotaViolation', 'winrm.quota'],
  ['operationsQuota', 'winrm.quota'],
  ['providerFailure', 'winrm.fault'],
  ['shuttingDown', 'winrm.fault'],
])('one node answers %s: it is told as %s, its machines stay, the others go on', async (answer, code) => {
  const source = stage.source(CLUSTER);
  await run(source, async () => {
    const first = await look(source);
    const fault = arm('winrm.cim', answer, { subject: NODE });
    const machine = stage.estate.machines().find(({ hostId }) => hostId === stage.estate.facts.hosts[0]!.id)!;
    stage.estate.replace({ ...machine, annotation: 'changed' });
    const second = await look(source);
    expect(codes(second)).toEqual([[NODE, code]]);
    expect(second.unreached[0]!.next).not.toBe('');
    expect(second.full).toBe(false);
    expect(second.removed).toEqual([]);
    expect(second.machines.map(({ description }) => description)).toEqual(['changed']);
    fault[Symbol.dispose]();
    const third = await source.retryUnreached(signal);
    expect([third.full, third.machines, third.removed, third.unreached]).toEqual([false, [], [], []]);
    expect(first.full).toBe(true);
  });
});

test('a connection that is cut in the middle of an enumeration costs nothing', async () => {
  const source = stage.source(CLUSTER);
  await run(source, async () => {
    const first = await look(source);
    using _cut = arm('winrm.cim', 'reset', { subject: 'Msvm_MemorySettingData', times: 1 });
    const second = await look(source);
    expect([second.unreached, second.machines, second.removed]).toEqual([[], [], []]);
    expect(first.machines.length).toBeGreaterThan(0);
  });
});

test('a node that reboots is unreached, its machines stay as they were, and its counters alone are missing', async () => {
  const source = stage.source(CLUSTER);
  await run(source, async () => {
    const first = await look(source);
    const machines = [...first.machines];
    using _down = arm('winrm.host', 'rebooting', { subject: NODE, forMs: 5 * MINUTE });
    await soon();
    const second = await look(source);
    expect(second.unreached).toMatchObject([{ name: NODE }]);
    expect([second.machines, second.removed]).toEqual([[], []]);
    const told = new Set<string>();
    const before = stage.clock.wall();
    await source.sample(machines, (handle) => told.add(handle), signal);
    expect(stage.clock.wall() - before).toBeLessThan(30 * SECOND);
    const running = machines.filter(({ power }) => power === 'on');
    expect([...told].sort()).toEqual(
      running.flatMap((one) => (one.kind === 'hyperv' && one.host !== NODE ? [one.handle] : [])).sort(),
    );
    await sleep(stage.clock, 6 * MINUTE, 'test');
    expect(codes(await source.retryUnreached(signal))).toEqual([]);
    told.clear();
    await source.sample(machines, (handle) => told.add(handle), signal);
    expect(told.size).toBe(running.length);
  });
});

test('machines that fail over while their nodes are read are neither lost nor seen twice', async () => {
  const source = stage.source(CLUSTER);
  stage.links.add({
    id: 'slow',
    from: 'appliance',
    to: '*',
    direction: 'both',
    action: { do: 'delay', ms: 20 },
    start: 0,
    end: Number.MAX_SAFE_INTEGER,
  });
  await run(source, async () => {
    const first = await look(source);
    const count = first.machines.length;
    const nodes = stage.estate.facts.hosts.filter(({ clusterId }) => clusterId !== undefined);
    for (let i = 0; i < 6; i++) {
      const looking = look(source);
      await sleep(stage.clock, 300 + i * 150, 'test');
      const from = nodes[i % nodes.length]!;
      const to = nodes[(i + 1) % nodes.length]!;
      for (const machine of stage.estate.machines())
        if (machine.hostId === from.id) stage.estate.replace({ ...machine, hostId: to.id });
      const during = await looking;
      expect(during.removed).toEqual([]);
      const after = await look(source);
      expect([after.removed, after.unreached]).toEqual([[], []]);
    }
    expect(count).toBeGreaterThan(3);
  });
});

test.each([
  'fails',
  'drained',
])('a node that %s: its machines go on elsewhere, each under its identity', async (answer) => {
  const source = stage.source(CLUSTER);
  await run(source, async () => {
    const first = await look(source);
    const hosts = (changes: SourceChanges) =>
      new Map(changes.machines.map((one) => [one.instanceUuid, one.kind === 'hyperv' ? one.host : '']));
    const before = hosts(first);
    using _node = arm('hyperv.node', answer, { subject: NODE, forMs: 20 * MINUTE });
    await sleep(stage.clock, 5 * MINUTE, 'test');
    const second = await look(source);
    expect(codes(second)).toEqual(
      answer === 'fails' ? [[NODE, expect.stringMatching(/^(hyperv\.|net\.)/)]] : [],
    );
    expect(second.removed).toEqual([]);
    const moved = hosts(second);
    for (const [uuid, host] of before)
      if (host === NODE) expect([moved.has(uuid), moved.get(uuid) === NODE]).toEqual([true, false]);
    expect([...moved.keys()].every((uuid) => before.has(uuid))).toBe(true);
    await sleep(stage.clock, 20 * MINUTE, 'test');
    const third = await source.retryUnreached(signal);
    expect([codes(third), third.removed]).toEqual([[], []]);
  });
});

test.each([
  'failOver',
  'migration',
])('%s in the middle of an enumeration: nothing is lost, nothing is there twice', async (answer) => {
  const source = stage.source(CLUSTER);
  await run(source, async () => {
    const first = await look(source);
    using _event = arm('hyperv.enumeration', answer, { subject: NODE, times: 1, forMs: 10 * MINUTE });
    const second = await look(source);
    expect(second.removed).toEqual([]);
    await sleep(stage.clock, 15 * MINUTE, 'test');
    const third = await look(source);
    expect([codes(third), third.removed]).toEqual([[], []]);
    const known = new Set(first.machines.map(({ instanceUuid }) => instanceUuid));
    for (const { instanceUuid } of [...second.machines, ...third.machines])
      expect(known.has(instanceUuid)).toBe(true);
  });
});

test('guests that tell nothing are told beforehand, with what to do about it', async () => {
  const source = stage.source(CLUSTER);
  await run(source, async () => {
    const { machines } = await look(source);
    const { name } = machines.find(({ power, os }) => power === 'on' && os.name !== '')!;
    using _mute = arm('hyperv.machine', 'noIntegrationServices', { subject: name });
    await soon();
    await look(source);
    const warnings = [...(await source.prerequisites(signal)).values()];
    expect(warnings.find(({ message }) => message.includes(name))?.code).toBe('hyperv.integrationServices');
  });
});

test('a hung question ends with its time-out, and the other nodes know nothing of it', async () => {
  const source = stage.source(CLUSTER);
  await run(source, async () => {
    await look(source);
    using _hang = arm('winrm.cim', 'hang', { subject: `${NODE}` });
    const second = await look(source);
    expect(codes(second)).toEqual([[NODE, 'winrm.timeout']]);
  });
});

test.each([
  ['expired', 'winrm.certificate.expired'],
  ['otherName', 'winrm.certificate.name'],
])('a certificate that is %s is told as %s, until it is right again', async (answer, code) => {
  const source = stage.source(ALONE, { https: true });
  await run(source, async () => {
    using _certificate = arm('winrm.certificate', answer, { subject: ALONE.host });
    await soon();
    expect(await refusal(look(source))).toMatchObject({ code });
    await sleep(stage.clock, HOUR, 'test');
    expect(codes(await look(source))).toEqual([]);
  });
});

test('a clock that is wrong is told beforehand, and keeps nobody out', async () => {
  const source = stage.source(CLUSTER);
  await run(source, async () => {
    using _clock = arm('winrm.clock', '+10min');
    await soon();
    expect(codes(await look(source))).toEqual([]);
    const warnings = await source.prerequisites(signal);
    expect(warnings.get(`winrm.clock ${NODE}`)?.message).toMatch(/10 min ahead/);
    expect([...warnings.keys()].filter((key) => key.startsWith('winrm.clock'))).toHaveLength(1);
  });
});

test('a guest is looked into by its own address', async () => {
  await stage[Symbol.asyncDispose]();
  stage = await hypervStage('hyperv faults', { machines: 8, guests: true });
  const source = stage.source(CLUSTER);
  await run(source, async () => {
    const { machines } = await look(source);
    const guest = { name: 'g', family: 'linux', user: 'u', password: 'p' } as const;
    const off = machines.find(({ power }) => power !== 'on') ?? { ...machines[0]!, power: 'off' as const };
    const script = { family: 'linux', commands: ['true'] } as const;
    expect(await refusal(source.runInGuest(off, guest, script, signal))).toMatchObject({ code: 'guest.off' });
    const rooms = machines.filter(
      ({ power, nics, os }) => power === 'on' && nics[0]!.addresses.length > 0 && os.family !== 'other',
    );
    for (const family of ['linux', 'windows'] as const) {
      const machine = rooms.find(({ os }) => os.family === family)!;
      const echo = { family, commands: ['echo hello', 'hostname'] };
      const { user, password } = stage.guestLogin(machine.instanceUuid);
      const answer = await source.runInGuest(
        machine,
        { name: 'guest', family, user, password },
        echo,
        signal,
      );
      expect(answer.toLowerCase()).toMatch(new RegExp(`hello\\s+${machine.name}\\s*$`));
      expect(
        await refusal(source.runInGuest(machine, { name: 'bad', family, user, password: 'x' }, echo, signal)),
      ).toMatchObject({ code: 'guest.login.refused' });
    }
    const mute = { ...machines.find(({ power }) => power === 'on')!, nics: [] };
    expect(await refusal(source.runInGuest(mute, guest, script, signal))).toMatchObject({
      code: 'guest.address.unknown',
    });
  });
});

test('a shell: a command that hangs is ended, one that was lost is told, a long answer and standard input work', async () => {
  const connection = stage.connect(ALONE.host);
  await stage.clock.run(
    (async () => {
      {
        using _hang = arm('winrm.shell', 'hang', { subject: 'Command hostname' });
        expect(await refusal(connection.run('hostname', { timeoutMs: MINUTE }, signal))).toMatchObject({
          code: 'winrm.shell.slow',
        });
      }
      {
        using _lost = arm('winrm.shell', 'lost', { subject: 'Receive hostname', times: 1 });
        expect(await refusal(connection.run('hostname', {}, signal))).toMatchObject({
          code: 'winrm.session.lost',
        });
      }
      {
        using _quota = arm('winrm.shell', 'shellsQuota', { subject: 'Create', times: 1 });
        expect(await refusal(connection.run('hostname', {}, signal))).toMatchObject({ code: 'winrm.quota' });
      }
      expect((await connection.run('hostname', {}, signal)).stdout.trim().toLowerCase()).toBe('hv-s1');
      const long = await connection.run(
        'for /L %i in (1,1,3000) do @echo line %i of a long answer',
        {},
        signal,
      );
      expect(long.stdout.split('\r\n')).toHaveLength(3001);
      expect(
        await refusal(
          connection.run('for /L %i in (1,1,3000) do @echo line %i', { outputBytesMax: 1000 }, signal),
        ),
      ).toMatchObject({ code: 'winrm.shell.output' });
    })(),
  );
  connection.close();
});

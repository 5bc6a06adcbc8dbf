/** What goes wrong with servers: the source goes on with the others, says why and what to do, and comes back by itself. */
import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import type { LiveSource } from '#appliance/app/ports.ts';
import type { ServerMachine, SourceChanges } from '#appliance/app/source-machines.ts';
import type { Transport } from '#core/net/transport.ts';
import { sleep } from '#core/time/clock.ts';
import { MINUTE, SECOND } from '#core/units.ts';
import { lookAt, type ServersStage, serversStage } from './servers-stage.ts';

const NEVER = new AbortController().signal;
const codesOf = ({ unreached }: SourceChanges) =>
  Object.fromEntries(unreached.map(({ name, code }) => [name, code]));
const refusalsOf = ({ world }: ServersStage): number =>
  world.counters.toJSON()['appliance.ssh.refusals'] ?? 0;
const machineId = (stage: ServersStage, address: string) => stage.guest(address).machine.id;

/** A network on which some addresses lead elsewhere: to nowhere that answers, or to another machine. */
function detours(stage: ServersStage, ways: ReadonlyMap<string, string | 'silence'>): Transport['dial'] {
  const { dial } = stage.world.networkAs('appliance');
  return async (to, signal) => {
    const way = ways.get(to.host);
    if (way === 'silence') return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    return dial({ ...to, host: way ?? to.host }, signal);
  };
}

async function sample(source: LiveSource, machines: readonly ServerMachine[]): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  await source.sample(
    machines,
    (handle, counter, instance, value) => void seen.set(`${handle} ${counter} ${instance}`, value),
    NEVER,
  );
  return seen;
}

it('a password that is out of date is shown to each server once, then the right one is known', async () => {
  await using stage = await serversStage('linux: 2');
  const stale = stage.credentials.map((each) => ({ ...each, name: `stale-${each.name}`, password: 'old' }));
  const source = stage.source({ credentials: [...stale.slice(0, 1), ...stage.credentials] });
  await stage.run(async () => {
    const { machines } = await lookAt(source);
    expect([...machines.values()].map(({ credential }) => credential)).toEqual(['linux', 'linux']);
    expect(refusalsOf(stage)).toBe(2);
    await lookAt(source);
    expect(refusalsOf(stage)).toBe(2);
  });
});

it('a password that no server takes locks no account: two attempts in half an hour, and no more', async () => {
  await using stage = await serversStage('linux: 1, windows: 1');
  const wrong = stage.credentials.map((each) => ({ ...each, password: 'wrong' }));
  const source = stage.source({
    credentials: wrong.filter(({ name }) => name === 'linux' || name === 'windows'),
  });
  await stage.run(async () => {
    const [linux, windows] = stage.targets.map(({ address }) => address);
    const seen: Array<Record<string, string>> = [];
    for (let i = 0; i < 6; i++) {
      seen.push(codesOf(i === 0 ? await source.changes(0, NEVER) : await source.retryUnreached(NEVER)));
      await sleep(stage.world.clock, 4 * MINUTE, 'test');
    }
    expect(seen[0]).toEqual({ [linux!]: 'ssh.login.refused', [windows!]: 'winrm.login.refused' });
    expect(seen.slice(2).map((codes) => codes[linux!])).toEqual(Array(4).fill('ssh.login.held'));
    expect(refusalsOf(stage)).toBe(2);
    await sleep(stage.world.clock, 10 * MINUTE, 'test');
    expect(codesOf(await source.retryUnreached(NEVER))[linux!]).toBe('ssh.login.refused');
    for (const { code, what, why, next } of (await source.retryUnreached(NEVER)).unreached) {
      expect(code).not.toBe('');
      expect([what, why, next].join(' ')).not.toContain('wrong ');
      for (const text of [what, why, next]) expect(text.length).toBeGreaterThan(20);
    }
    expect(stage.lines.join('\n')).not.toContain('"password"');
  });
});

it('a machine that is off is told, keeps no other waiting, and comes back as who it was', async () => {
  await using stage = await serversStage('linux: 3, windows: 1');
  const source = stage.source();
  await stage.run(async () => {
    const before = (await lookAt(source)).machines;
    const [linux] = stage.targets.filter(({ os }) => os === 'linux').map(({ address }) => address);
    const [windows] = stage.targets.filter(({ os }) => os === 'windows').map(({ address }) => address);
    for (const address of [linux!, windows!]) stage.world.servers.setPower(machineId(stage, address), 'off');
    const { machines, changes } = await lookAt(source);
    expect(machines.size).toBe(before.size - 2);
    expect(changes.full).toBe(true);
    expect(Object.keys(codesOf(changes)).sort()).toEqual([linux, windows].sort());
    for (const address of [linux!, windows!]) stage.world.servers.setPower(machineId(stage, address), 'on');
    await sleep(stage.world.clock, 5 * MINUTE, 'test');
    const back = await source.retryUnreached(NEVER);
    expect(back).toMatchObject({ full: false, removed: [], unreached: [] });
    expect(back.machines.map(({ instanceUuid }) => instanceUuid).sort()).toEqual(
      [linux!, windows!].map((address) => before.get(address)!.instanceUuid).sort(),
    );
  });
});

it('one that takes the connection and never answers is given half a minute, which delays no sample of another', async () => {
  await using stage = await serversStage('linux: 4');
  const [hung] = stage.targets.map(({ address }) => address);
  const ways = new Map<string, string>();
  const source = stage.source({ dial: detours(stage, ways) });
  await stage.run(async () => {
    const { clock } = stage.world;
    const machines = [...(await lookAt(source)).machines.values()];
    ways.set(hung!, 'silence');
    stage.world.servers.setPower(machineId(stage, hung!), 'off');
    const begun = clock.monotonic();
    const at: number[] = [];
    await source.sample(machines, (handle) => void (handle !== hung && at.push(clock.monotonic())), NEVER);
    expect(Math.max(...at) - begun).toBeLessThan(2 * SECOND);
    expect(clock.monotonic() - begun).toBe(30 * SECOND);
    expect(codesOf(await source.retryUnreached(NEVER))).toEqual({ [hung!]: 'ssh.timeout' });
    ways.clear();
    stage.world.servers.setPower(machineId(stage, hung!), 'on');
    expect((await source.retryUnreached(NEVER)).machines).toHaveLength(1);
  });
});

it('a new start in between gives no rate once, and never one below zero', async () => {
  await using stage = await serversStage('linux: 2');
  const source = stage.source();
  await stage.run(async () => {
    const { clock, servers } = stage.world;
    const machines = [...(await lookAt(source)).machines.values()];
    const [address] = stage.targets.map((target) => target.address);
    await sample(source, machines);
    for (const isStarted of [false, true, false]) {
      await sleep(clock, 4 * MINUTE, 'test');
      if (isStarted) {
        servers.setPower(machineId(stage, address!), 'off');
        servers.setPower(machineId(stage, address!), 'on');
      }
      await sleep(clock, MINUTE, 'test');
      const seen = await sample(source, machines);
      expect(seen.has(`${address} mem.usage `)).toBe(true);
      expect(seen.has(`${address} cpu.usage `)).toBe(!isStarted);
      for (const value of seen.values()) expect(value).toBeGreaterThanOrEqual(0);
    }
  });
});

it('another host key stops with both fingerprints before anything is shown; a pinned one counts', async () => {
  await using stage = await serversStage('linux: 2');
  const [first, second] = stage.targets.map(({ address }) => address);
  await stage.run(async () => {
    await lookAt(stage.source());
    const known = stage.memory.get(`hostKey.${first}:22`)!;
    const ways = new Map([[first!, second!]]);
    const source = stage.source({ dial: detours(stage, ways) });
    const refusals = refusalsOf(stage);
    const { changes } = await lookAt(source);
    expect(codesOf(changes)).toEqual({ [first!]: 'ssh.hostKey.changed' });
    expect(changes.unreached[0]!.what).toContain(known.split(' ')[1]!);
    expect(changes.unreached[0]!.what).toContain(stage.memory.get(`hostKey.${second}:22`)!.split(' ')[1]!);
    expect(refusalsOf(stage)).toBe(refusals);
    ways.clear();
    expect((await source.retryUnreached(NEVER)).unreached).toEqual([]);

    const pinned = stage.targets.map((target) => ({ ...target, hostKey: known.split(' ')[1] }));
    expect((await lookAt(stage.source({ targets: pinned }))).codes).toEqual({
      [second!]: 'ssh.hostKey.changed',
    });
  });
});

it('machines that swap their addresses keep their identity, and no sample goes to the wrong one', async () => {
  await using stage = await serversStage('linux: 2');
  const [first, second] = stage.targets.map(({ address }) => address);
  const ways = new Map<string, string>();
  const source = stage.source({ dial: detours(stage, ways) });
  await stage.run(async () => {
    const { machines } = await lookAt(source);
    const ids = [first!, second!].map((address) => machines.get(address)!.instanceUuid);
    ways.set(first!, second!).set(second!, first!);
    // whoever runs the servers has confirmed the new keys
    for (const address of [first, second]) stage.memory.delete(`hostKey.${address}:22`);
    for (const address of [first!, second!]) {
      stage.world.servers.setPower(machineId(stage, address), 'off');
      stage.world.servers.setPower(machineId(stage, address), 'on');
    }
    expect((await sample(source, [...machines.values()])).size).toBe(0);
    const sorted = await source.retryUnreached(NEVER);
    expect(sorted.removed).toEqual([]);
    expect(sorted.machines.map(({ handle, instanceUuid }) => [handle, instanceUuid])).toEqual([
      [first, ids[1]],
      [second, ids[0]],
    ]);
  });
});

it('a machine that is listed by name and by address is discovered once, and the other entry says so', async () => {
  await using stage = await serversStage('linux: 2');
  const [target] = stage.targets;
  const { dnsName } = stage.guest(target!.address).machine;
  const source = stage.source({ targets: [...stage.targets, { ...target!, address: dnsName }] });
  const { machines, changes } = await stage.run(() => lookAt(source));
  expect(machines.size).toBe(2);
  expect(codesOf(changes)).toEqual({ [dnsName]: 'server.twice' });
  expect(changes.unreached[0]!.what).toContain(target!.address);
});

it('a Windows server without HTTPS is reached over HTTP, sealed; one without a credential is told', async () => {
  await using stage = await serversStage('windows: 2');
  const { dial } = stage.world.networkAs('appliance');
  const ports: number[] = [];
  const source = stage.source({
    dial: async (to, signal) => {
      ports.push(to.port);
      return dial(to.port === 5986 ? { ...to, port: 9 } : to, signal);
    },
  });
  await stage.run(async () => {
    const { machines, changes } = await lookAt(source);
    expect([machines.size, changes.unreached]).toEqual([2, []]);
    expect(new Set(ports)).toEqual(new Set([5986, 5985]));
    const none = stage.source({ credentials: stage.credentials.filter(({ family }) => family === 'linux') });
    expect(Object.values((await lookAt(none)).codes)).toEqual(Array(2).fill('server.credential.none'));
  });
});

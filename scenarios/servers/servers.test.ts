/** Servers in racks, discovered over SSH and WinRM: what is told is what is there, and it repeats. */
import { describe, expect, it } from 'vitest';
import {
  DEPENDENCY_SCRIPTS,
  INVENTORY_SCRIPTS,
  readConnections,
  readInventory,
} from '#appliance/app/guest-scripts.ts';
import type { LiveSource } from '#appliance/app/ports.ts';
import type { ServerMachine } from '#appliance/app/source-machines.ts';
import { sleep } from '#core/time/clock.ts';
import { MINUTE, SECOND } from '#core/units.ts';
import { lookAt, type ServersStage, serversStage } from './servers-stage.ts';

const NEVER = new AbortController().signal;

const swapped = (uuid: string) =>
  uuid
    .split('-')
    .map((part, i) => (i < 3 ? part.match(/../g)!.reverse().join('') : part))
    .join('-');

async function sample(source: LiveSource, machines: readonly ServerMachine[]) {
  const seen = new Map<string, Map<string, number>>();
  await source.sample(
    machines,
    (handle, counter, instance, value) => {
      const own = seen.get(handle) ?? new Map<string, number>();
      seen.set(handle, own.set(`${counter} ${instance}`, value));
    },
    NEVER,
  );
  return seen;
}

describe.each(['memory', 'loopback'] as const)('in the %s tier', (tier) => {
  it('every server is told as the estate has it', async () => {
    await using stage = await serversStage(
      tier === 'memory' ? 'linux: 12, windows: 6' : 'linux: 2, windows: 1',
      tier,
    );
    const source = stage.source();
    const { machines, changes } = await stage.run(() => lookAt(source));
    expect(changes.unreached).toEqual([]);
    expect(machines.size).toBe(stage.targets.length);
    for (const [address, told] of machines) {
      const guest = stage.guest(address);
      const { machine, os } = guest;
      expect(told).toMatchObject({
        name: expect.stringMatching(new RegExp(`^${guest.hostName}$`, 'i')),
        instanceUuid: told.biosUuid.toLowerCase(),
        biosSerialNumber: guest.serialNumber(),
        cores: machine.cores,
        processorSockets: machine.sockets,
        firmware: machine.firmware.toUpperCase(),
        power: 'on',
      });
      // old systems read the first three parts in the other order of bytes
      expect([machine.biosUuid, swapped(machine.biosUuid)]).toContain(told.instanceUuid);
      expect(told.os.family).toBe(os.family);
      expect(told.fqdn.toLowerCase()).toBe(machine.dnsName.toLowerCase());
      // a little of what the machine has is the firmware's and the kernel's
      expect(told.memoryMiB / machine.memoryMiB).toBeGreaterThan(0.97);
      expect(told.memoryMiB).toBeLessThanOrEqual(machine.memoryMiB);
      const sizes = machine.disks.map(({ sizeBytes }) => sizeBytes);
      expect(told.disks.map(({ sizeBytes }) => sizeBytes / 2 ** 24).map(Math.round)).toEqual(
        sizes.map((size) => Math.round(size / 2 ** 24)),
      );
      if (os.family === 'linux') expect(told.disks.map(({ sizeBytes }) => sizeBytes)).toEqual(sizes);
      expect(told.disks.filter(({ isOsDisk }) => isOsDisk)).toHaveLength(1);
      expect(new Set(told.disks.map(({ uuid }) => uuid)).size).toBe(told.disks.length);
      expect(told.nics.map(({ macAddress }) => macAddress.toLowerCase())).toEqual(
        machine.nics
          .filter(({ connected }) => connected || os.family === 'linux')
          .map(({ macAddress }) => macAddress),
      );
      expect(told.nics.flatMap(({ addresses }) => addresses)).toEqual(
        expect.arrayContaining(guest.addresses()),
      );
    }
    expect(await source.prerequisites(NEVER)).toEqual(new Map());
  });
});

it('a sample each five minutes is the mean of what the machine did since, never negative', async () => {
  await using stage = await serversStage('linux: 4, windows: 2');
  const source = stage.source();
  await stage.run(async () => {
    const { clock } = stage.world;
    const machines = [...(await lookAt(source)).machines.values()];
    await sample(source, machines);
    for (let round = 0; round < 3; round++) {
      const from = clock.wall();
      await sleep(clock, 5 * MINUTE, 'test');
      const seen = await sample(source, machines);
      for (const machine of machines) {
        const guest = stage.guest(machine.address);
        const own = seen.get(machine.handle)!;
        const wanted = [
          ...['disk.reads', 'disk.writes', 'disk.readBytes', 'disk.writeBytes'].flatMap((counter) =>
            machine.disks.map(({ instance }) => `${counter} ${instance}`),
          ),
          ...['net.receivedBytes', 'net.sentBytes'].flatMap((counter) =>
            machine.nics.map(({ id }) => `${counter} ${id}`),
          ),
          'cpu.usage ',
          'mem.usage ',
        ];
        expect([...own.keys()].sort()).toEqual(wanted.sort());
        for (const value of own.values()) expect(value).toBeGreaterThanOrEqual(0);
        if (guest.os.family !== 'linux') continue;
        let sum = 0;
        for (let i = 0; i < 15; i++) sum += guest.cpuRatio(from + i * 20 * SECOND);
        // one sample of twenty seconds may lie on either side
        expect(Math.abs(own.get('cpu.usage ')! / 10_000 - sum / 15)).toBeLessThan(0.1);
      }
    }
  });
});

it('applications and connections of servers of both kinds are read by their own credentials', async () => {
  await using stage = await serversStage('linux: 3, windows: 2');
  const source = stage.source();
  await stage.run(async () => {
    for (const machine of (await lookAt(source)).machines.values()) {
      const family = machine.os.family as 'linux' | 'windows';
      const credential = stage.credentials.find(({ name }) => name === machine.credential)!;
      const inventory = readInventory(
        family,
        await source.runInGuest(machine, credential, INVENTORY_SCRIPTS[family], NEVER),
      )!;
      expect(inventory.applications.length).toBeGreaterThan(3);
      expect(inventory.osName).not.toBe('');
      expect(
        readConnections(
          family,
          await source.runInGuest(machine, credential, DEPENDENCY_SCRIPTS[family], NEVER),
        ),
      ).toBeDefined();
    }
  });
});

it('an account with the least rights that are documented is enough, by sudo command by command', async () => {
  await using stage = await serversStage('linux: 6');
  const least = stage.credentials.filter(({ name }) => name === 'least-linux');
  const targets = stage.targets.filter(({ address }) =>
    stage
      .guest(address)
      .accounts()
      .some(({ id }) => id === 'least-linux'),
  );
  expect(targets.length).toBeGreaterThan(2);
  const [full, poor] = [stage.source({ targets }), stage.source({ targets, credentials: least })];
  const [all, some] = await stage.run(async () => [await lookAt(full), await lookAt(poor)]);
  expect(some.changes.unreached).toEqual([]);
  for (const [address, machine] of all.machines)
    expect({ ...some.machines.get(address), credential: '' }).toEqual({ ...machine, credential: '' });
  expect(await poor.prerequisites(NEVER)).toEqual(new Map());
});

it('the same seed gives the same machines, samples and timers', async () => {
  const tell = async () => {
    await using stage: ServersStage = await serversStage('linux: 3, windows: 1');
    const source = stage.source();
    const told = await stage.run(async () => {
      const { machines } = await lookAt(source);
      const all = [...machines.values()];
      await sample(source, all);
      await sleep(stage.world.clock, 5 * MINUTE, 'test');
      return {
        machines: all,
        samples: [...(await sample(source, all))].map(([name, own]) => [name, [...own]]),
      };
    });
    return {
      ...told,
      at: stage.world.clock.monotonic(),
      counters: stage.world.counters,
      memory: [...stage.memory],
    };
  };
  const [first, second] = [await tell(), await tell()];
  expect(first).toEqual(second);
});

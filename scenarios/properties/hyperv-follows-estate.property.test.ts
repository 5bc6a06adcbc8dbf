/** The appliance's picture of Hyper-V hosts and clusters is the estate, attribute by attribute, over the real protocol. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LiveSource } from '#appliance/app/ports.ts';
import type { HypervMachine } from '#appliance/app/source-machines.ts';
import { guestsOf } from '#simulators/estate/guest/guests.ts';
import type { Machine } from '#simulators/estate/model.ts';
import { type Counter, curveAt, curveOf, sampleAt } from '#simulators/estate/workload-curve.ts';
import { RELEASES } from '#simulators/hyperv/hyperv-host.ts';
import { type HypervStage, hypervStage } from './hyperv-stage.ts';
import { changeMachine } from './machine-changes.ts';

const signal = new AbortController().signal;
const WITH_LINK_LOCAL = /^(?:fe80:|169\.254\.)/;

/** What the estate says of a machine, in the appliance's words. */
function truth({ estate }: HypervStage, machine: Machine) {
  const host = estate.facts.hosts.find(({ id }) => id === machine.hostId)!;
  const power = estate.power(machine.id);
  const speaks = power === 'on' && machine.tools === 'running';
  return {
    instanceUuid: machine.instanceUuid,
    biosUuid: machine.biosUuid,
    name: machine.name,
    power,
    cores: machine.cores,
    memoryMiB: machine.memoryMiB,
    firmware: machine.firmware.toUpperCase(),
    generation: machine.firmware === 'efi' ? 2 : 1,
    description: machine.annotation,
    host: host.name,
    cluster: host.clusterId === undefined ? '' : 'hvc1.example',
    highAvailability: host.clusterId === undefined ? 'No' : 'Yes',
    processorModel: host.cpuModel,
    processorSockets: host.cpuPackages,
    disks: machine.disks.map(({ sizeBytes, index, thin, uuid }) => ({
      sizeBytes,
      isOsDisk: index === 0,
      diskType: thin ? 'Dynamic' : 'Fixed',
      vhdId: uuid.toLowerCase(),
    })),
    nics: machine.nics.map(({ macAddress, ipAddresses, connected }) => ({
      macAddress: macAddress.replaceAll(':', '').toUpperCase(),
      addresses: speaks && connected ? ipAddresses : [],
    })),
  };
}

function picture(machine: HypervMachine): ReturnType<typeof truth> {
  const { instanceUuid, biosUuid, name, power, cores, memoryMiB, firmware, generation } = machine;
  const { description, host, cluster, highAvailability, processorModel, processorSockets } = machine;
  return {
    ...{ instanceUuid, biosUuid, name, power, cores, memoryMiB, firmware, generation },
    ...{ description, host, cluster, highAvailability, processorModel, processorSockets },
    disks: machine.disks.map(({ sizeBytes, isOsDisk, diskType, vhdId }) => ({
      sizeBytes,
      isOsDisk,
      diskType,
      vhdId: vhdId.toLowerCase(),
    })),
    nics: machine.nics.map(({ macAddress, addresses }) => ({
      macAddress,
      addresses: addresses.filter((address) => !WITH_LINK_LOCAL.test(address)),
    })),
  };
}

const byUuid = (a: { instanceUuid: string }, b: { instanceUuid: string }): number =>
  a.instanceUuid < b.instanceUuid ? -1 : 1;

const wanted = (stage: HypervStage) =>
  stage.estate
    .machines()
    .filter(({ template }) => !template)
    .map((machine) => truth(stage, machine))
    .sort(byUuid);

async function everything(sources: readonly LiveSource[]): Promise<HypervMachine[]> {
  const answers = await Promise.all(sources.map((source) => source.changes(0, signal)));
  expect(answers.map(({ full, unreached }) => [full, unreached])).toEqual(sources.map(() => [true, []]));
  return answers.flatMap(({ machines }) => machines as HypervMachine[]);
}

test.each([
  { https: false, tier: 'memory', release: '2019' },
  { https: true, tier: 'memory', release: '2012 R2' },
  { https: true, tier: 'loopback', release: '2025' },
] as const)('every machine with every attribute, of a cluster and of a host that stands alone: %j', async ({
  https,
  tier,
  release,
}) => {
  await using stage = await hypervStage('hyperv follows', { tier, release });
  const sources = stage.targets.map((target) => stage.source(target, { https }));
  await stage.clock.run(
    (async () => {
      const machines = await everything(sources);
      expect(machines.map(picture).sort(byUuid)).toEqual(wanted(stage));
      const guests = guestsOf(stage.estate);
      for (const machine of machines) {
        if (machine.power !== 'on' || machine.integrationServicesState !== 'OK') continue;
        const { id, dnsName } = stage.estate
          .machines()
          .find(({ instanceUuid }) => instanceUuid === machine.instanceUuid)!;
        expect(machine.os.family).toBe(guests.guest(id)!.os.family);
        expect(machine.guestHostName).toBe(dnsName);
      }
      const abouts = await Promise.all(sources.map((source) => source.about(signal)));
      expect(abouts).toMatchObject([
        {
          type: 'Cluster',
          fqdn: 'hvc1.example',
          version: RELEASES[release].version,
          credential: 'admin',
        },
        { type: 'Host', fqdn: 'hv-s1.example', hosts: ['hv-s1.example'] },
      ]);
    })(),
  );
  for (const source of sources) await source.close();
});

test('a sample is what the estate does at that instant, per disk and adapter; memory only where it is dynamic', async () => {
  await using stage = await hypervStage('hyperv samples');
  const { estate, clock } = stage;
  const sources = stage.targets.map((target) => stage.source(target));
  await clock.run(
    (async () => {
      const machines = await everything(sources);
      const told = new Map<string, number>();
      for (const source of sources)
        await source.sample(
          machines,
          (handle, counter, instance, value) => told.set(`${handle} ${counter} ${instance}`, value),
          signal,
        );
      const right = new Map<string, number>();
      for (const machine of machines) {
        if (machine.power !== 'on') continue;
        const of = estate.machines().find(({ instanceUuid }) => instanceUuid === machine.instanceUuid)!;
        const at = (counter: Counter, index: number): number =>
          curveAt(curveOf(estate.facts, of, counter, index), sampleAt(clock.wall()));
        const say = (counter: string, instance: string, value: number): unknown =>
          right.set(`${machine.handle} ${counter} ${instance}`, value);
        say('cpu.usage', '', Math.round(at('cpu.usage', 0) / 100) * 100);
        for (const [i, { instance }] of machine.disks.entries()) {
          say('disk.readBytes', instance, at('virtualDisk.read', i) * 1024);
          say('disk.writeBytes', instance, at('virtualDisk.write', i) * 1024);
          say('disk.reads', instance, at('virtualDisk.numberReadAveraged', i));
          say('disk.writes', instance, at('virtualDisk.numberWriteAveraged', i));
        }
        for (const [i, { id }] of machine.nics.entries()) {
          if (!of.nics[i]!.connected) continue;
          say('net.receivedBytes', id, at('net.received', i) * 1024);
          say('net.sentBytes', id, at('net.transmitted', i) * 1024);
        }
        const memory = told.get(`${machine.handle} mem.usage `);
        expect(memory !== undefined).toBe(machine.dynamicMemory !== undefined);
        if (memory !== undefined) say('mem.usage', '', Math.min(Math.max(memory, 1), 10_000));
      }
      expect(Object.fromEntries([...told].sort())).toEqual(Object.fromEntries([...right].sort()));
    })(),
  );
  for (const source of sources) await source.close();
});

type Change = { readonly what: string; readonly which: number; readonly n: number };

/** Carries a change out on the estate. @param serial tells what is new apart from what was */
function change({ estate }: HypervStage, { what, which, n }: Change, serial: number): void {
  const machines = estate.machines().filter(({ template }) => !template);
  const machine = machines[which % machines.length]!;
  const { hosts } = estate.facts;
  switch (what) {
    case 'power':
    case 'rename':
    case 'resize':
    case 'grow':
      return changeMachine(estate, machine, what, n, serial);
    case 'move': {
      const { clusterId: _, ...rest } = machine as Machine & { clusterId?: string };
      return estate.replace({ ...rest, hostId: hosts[n % hosts.length]!.id });
    }
    case 'remove':
      return machines.length < 2 ? undefined : estate.remove(machine.id);
    default: {
      const id = `new-${serial}`;
      const uuid = (kind: number) => `${kind}0000000-0000-4000-8000-${String(serial).padStart(12, '0')}`;
      return estate.add({
        ...machine,
        id,
        name: id,
        dnsName: `${id}.example`,
        instanceUuid: uuid(5),
        biosUuid: uuid(4),
        disks: machine.disks.map((disk) => ({
          ...disk,
          id: `${id}/${disk.index}`,
          uuid: `60000000-0000-4000-8000-${String(serial * 100 + disk.index).padStart(12, '0')}`,
        })),
        nics: machine.nics.map((nic) => ({
          ...nic,
          macAddress: `00:15:5d:ff:${String(serial).padStart(2, '0')}:0${nic.index}`,
        })),
      });
    }
  }
}

test('machines that appear, change, move between hosts and disappear are followed, each under its identity', async () => {
  const changes = fc.array(
    fc.record({
      what: fc.constantFrom('power', 'rename', 'resize', 'grow', 'move', 'move', 'remove', 'add'),
      which: fc.nat(100),
      n: fc.nat(100),
    }),
    { minLength: 1, maxLength: 10 },
  );
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(3), async (list, together) => {
      await using stage = await hypervStage('hyperv changes', { machines: 6 });
      const sources = stage.targets.map((target) => stage.source(target));
      await stage.clock.run(
        (async () => {
          const known = new Map(sources.map((source) => [source, new Map<string, HypervMachine>()]));
          const follow = async (): Promise<void> => {
            for (const [source, mine] of known) {
              const { full, machines, removed } = await source.changes(0, signal);
              if (full) mine.clear();
              for (const machine of machines) mine.set(machine.instanceUuid, machine as HypervMachine);
              for (const uuid of removed) expect(mine.delete(uuid)).toBe(true);
            }
            const all = [...known.values()].flatMap((mine) => [...mine.values()]);
            expect(all.map(picture).sort(byUuid)).toEqual(wanted(stage));
          };
          await follow();
          for (const [i, each] of list.entries()) {
            change(stage, each, i + 1);
            if (i % (together + 1) === 0) await follow();
          }
          await follow();
        })(),
      );
      for (const source of sources) await source.close();
    }),
    { numRuns: 6 },
  );
});

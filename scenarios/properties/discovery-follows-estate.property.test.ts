/**
 * Whatever happens to the machines of a datacentre, the appliance's picture of it is the datacentre: compared with the
 * estate itself, attribute by attribute, after every change, over the real protocol.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { VmwareMachine } from '#appliance/app/source-machines.ts';
import { createLog } from '#appliance/log.ts';
import { vsphereSource } from '#appliance/sources/vsphere/vsphere-source.ts';
import { tierWorld } from '#core/testing/tier-world.ts';
import { Counters } from '#core/trace/recorder.ts';
import { Estate } from '#simulators/estate/estate.ts';
import { generateEstate } from '#simulators/estate/generate.ts';
import type { Machine } from '#simulators/estate/model.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';
import { startVcenter } from '#simulators/vcenter/server.ts';
import { changeMachine } from './machine-changes.ts';

const HOST = 'vc.example';
const USERS = [
  { name: 'administrator@vsphere.local', password: 'p', role: 'administrator' },
  { name: 'reader@vsphere.local', password: 'p', role: 'readOnly' },
] as const;
const signal = new AbortController().signal;

async function worldOf(machines: number) {
  const tier = await tierWorld('memory');
  const { clock, entropy } = tier;
  const recorder = { record: () => {} };
  const estate = new Estate(generateEstate({ seed: 'discovery', machines }), { clock, entropy });
  const vcenter = await startVcenter({
    context: {
      clock,
      entropy,
      transport: tier.network.as('vcenter'),
      recorder,
      counters: new Counters(),
      faults: new FaultPoints({ clock, recorder }),
      identityFor: (names) => tier.authority.issue(names),
    },
    estate,
    at: { host: HOST, port: 443 },
    names: [HOST],
    users: [...USERS],
  });
  const sourceAs = (user: string) =>
    vsphereSource({
      host: HOST,
      port: 443,
      user,
      password: 'p',
      tls: { trust: [tier.authority.certificatePem] },
      scope: undefined,
      transport: tier.network.as('appliance'),
      clock,
      life: signal,
      log: createLog({ clock, level: 'silent', write: () => {} }),
      counters: new Counters(),
    });
  return {
    clock,
    estate,
    sourceAs,
    async [Symbol.asyncDispose]() {
      await vcenter.stop();
      await tier[Symbol.asyncDispose]();
    },
  };
}

/** What the estate says of a machine, in the appliance's words. */
function truth(estate: Estate, machine: Machine) {
  const { facts } = estate;
  const named = <T extends { id: string }>(list: readonly T[], id: string | undefined): T | undefined =>
    list.find((each) => each.id === id);
  const host = named(facts.hosts, machine.hostId)!;
  const datacenter = named(facts.datacenters, machine.datacenterId)!;
  return {
    instanceUuid: machine.instanceUuid,
    biosUuid: machine.biosUuid,
    name: machine.name,
    isTemplate: machine.template,
    power: estate.power(machine.id),
    cores: machine.cores,
    coresPerSocket: machine.cores / machine.sockets,
    memoryMiB: machine.memoryMiB,
    firmware: machine.firmware.toUpperCase(),
    description: machine.annotation,
    datacenter: datacenter.name,
    folder: [...(datacenter.folder ?? []), datacenter.name, 'vm', ...machine.folder].join('/'),
    cluster: named(facts.clusters, host.clusterId)?.name ?? '',
    host: host.name,
    processorModel: host.cpuModel,
    processorSockets: host.cpuPackages,
    disks: machine.disks.map(({ uuid, label, sizeBytes, path, unit }) => ({
      uuid,
      label,
      sizeBytes,
      path,
      unit,
    })),
    nics: machine.nics.map(({ macAddress }) => macAddress),
  };
}

function picture(machine: VmwareMachine): ReturnType<typeof truth> {
  const { instanceUuid, biosUuid, name, isTemplate, power, cores, coresPerSocket, memoryMiB } = machine;
  const { firmware, description, datacenter, folder, cluster, host, processorModel, processorSockets } =
    machine;
  return {
    ...{ instanceUuid, biosUuid, name, isTemplate, power, cores, coresPerSocket, memoryMiB },
    ...{ firmware, description, datacenter, folder, cluster, host, processorModel, processorSockets },
    disks: machine.disks.map(({ uuid, label, sizeBytes, path, unit }) => ({
      uuid,
      label,
      sizeBytes,
      path,
      unit,
    })),
    nics: machine.nics.map(({ macAddress }) => macAddress),
  };
}

const byUuid = (a: { instanceUuid: string }, b: { instanceUuid: string }) =>
  a.instanceUuid < b.instanceUuid ? -1 : 1;

type Change = { readonly what: string; readonly which: number; readonly n: number };

/** Carries a change out on the estate. @param serial tells what is new apart from what was */
function change(estate: Estate, { what, which, n }: Change, serial: number): void {
  const machines = estate.machines();
  const machine = machines[which % Math.max(machines.length, 1)];
  if (!machine) return;
  const { hosts } = estate.facts;
  const elsewhere = hosts[n % hosts.length]!;
  switch (what) {
    case 'power':
    case 'rename':
    case 'resize':
    case 'grow':
      return changeMachine(estate, machine, what, n, serial);
    case 'move host':
      if (elsewhere.datacenterId !== machine.datacenterId) return;
      return estate.replace({
        ...machine,
        hostId: elsewhere.id,
        ...(elsewhere.clusterId === undefined ? {} : { clusterId: elsewhere.clusterId }),
      });
    case 'move folder':
      return estate.replace({ ...machine, folder: n % 3 === 0 ? [] : [`Folder ${n % 3}`] });
    case 'remove':
      return estate.remove(machine.id);
    case 'register again': {
      // another object, the same machine
      const power = estate.power(machine.id);
      estate.remove(machine.id);
      const id = `again-${serial}`;
      const disks = machine.disks.map((disk) => ({ ...disk, id: `${id}/${disk.index}` }));
      return estate.add({ ...machine, id, power, disks });
    }
    default: {
      const id = `new-${serial}`;
      const uuid = (kind: number) => `${kind}0000000-0000-4000-8000-${String(serial).padStart(12, '0')}`;
      return estate.add({
        ...machine,
        id,
        name: id,
        instanceUuid: uuid(5),
        biosUuid: uuid(4),
        disks: machine.disks.map((disk) => ({
          ...disk,
          id: `${id}/${disk.index}`,
          uuid: `6000C29a-0000-4000-8000-${String(serial * 100 + disk.index).padStart(12, '0')}`,
          path: disk.path.replace(/\] .*\//, `] ${id}/`),
        })),
        nics: machine.nics.map((nic) => ({
          ...nic,
          macAddress: `00:50:56:00:${String(serial).padStart(2, '0')}:0${nic.index}`,
        })),
      });
    }
  }
}

test('machines that appear, change, move, disappear and come back are followed, each under its identity', async () => {
  const changes = fc.array(
    fc.record({
      what: fc.constantFrom(
        ...['power', 'rename', 'resize', 'grow', 'move host', 'move folder'],
        ...['remove', 'register again', 'add'],
      ),
      which: fc.nat(100),
      n: fc.nat(100),
    }),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(3), async (list, together) => {
      await using it = await worldOf(6);
      const source = it.sourceAs('reader@vsphere.local');
      await it.clock.run(
        (async () => {
          const known = new Map<string, VmwareMachine>();
          const follow = async (): Promise<void> => {
            const { full, machines, removed } = await source.changes(0, signal);
            expect(full).toBe(known.size === 0 && removed.length === 0);
            for (const machine of machines) known.set(machine.instanceUuid, machine);
            for (const uuid of removed) expect(known.delete(uuid)).toBe(true);
            expect([...known.values()].map(picture).sort(byUuid)).toEqual(
              it.estate
                .machines()
                .map((machine) => truth(it.estate, machine))
                .sort(byUuid),
            );
          };
          await follow();
          for (const [i, each] of list.entries()) {
            if (it.estate.machines().length < 2 && each.what === 'remove') continue;
            change(it.estate, each, i + 1);
            if (i % (together + 1) === 0) await follow();
          }
          await follow();
        })(),
      );
    }),
    { numRuns: 20 },
  );
});

test('an account that may only read is told, before it is needed, what will not work', async () => {
  await using it = await worldOf(3);
  await it.clock.run(
    (async () => {
      for (const { name, role } of USERS) {
        const source = it.sourceAs(name);
        for (const looked of [false, true]) {
          if (looked) await source.changes(0, signal);
          const missing = await source.prerequisites(signal);
          if (role === 'administrator') expect([...missing.keys()]).toEqual([]);
          else {
            expect(missing.has('System.Read')).toBe(false);
            expect([...missing.keys()]).toContain('VirtualMachine.State.CreateSnapshot');
            expect(missing.get('Datastore.Browse')?.message).toMatch(
              looked ? /^Datastore\.Browse is missing on datastore / : /is missing on the root folder/,
            );
          }
        }
      }
    })(),
  );
});

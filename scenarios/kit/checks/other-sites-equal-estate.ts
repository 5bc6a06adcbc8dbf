/**
 * What Azure shows of machines on Hyper-V and of servers is what there is, through ARM; and who cannot be looked at is
 * explained. Compared with the estate property by property.
 */
import { guestsOf } from '#simulators/estate/guest/guests.ts';
import type { Machine } from '#simulators/estate/model.ts';
import { itemsOf, type Json, numberOf, textOf } from '../arm-client.ts';
import type { World } from '../world.ts';
import { type Check, type Judgement, someOf } from './check.ts';

/** What an operating system sees of the memory: firmware and kernel keep some. */
const MEMORY_SEEN = 0.93;

/** "00155D000001", "00:15:5d:00:00:01" and "00-15-5D-00-00-01" are one. */
const plainMac = (mac: string | undefined): string => (mac ?? '').replace(/[^\da-f]/gi, '').toLowerCase();

/** Windows counts whole cylinders of 255 heads and 63 sectors only. */
const CYLINDER = 255 * 63 * 512;
const isSize = (truth: number, told: number): boolean =>
  told === truth || (told < truth && told > truth - CYLINDER);

const memoryOf = (view: Json): number | undefined =>
  numberOf(view['allocatedMemoryInMB'] ?? view['allocatedMemoryInMb']);

type Same = (what: string, truth: unknown, told: unknown) => void;

function differences(machine: Machine, view: Json, compare: (same: Same, view: Json) => void): string[] {
  const wrong: string[] = [];
  const same: Same = (what, truth, told) => {
    if (truth !== told)
      wrong.push(`${machine.name}: ${what} is ${String(truth)}, Azure says ${String(told)}`);
  };
  same('cores', machine.cores, numberOf(view['numberOfProcessorCore']));
  same('firmware', machine.firmware.toUpperCase(), textOf(view['firmware']));
  const disks = itemsOf(view['disks']);
  const ordered = (list: readonly number[]) => [...list].sort((a, b) => a - b);
  const truth = ordered(machine.disks.map(({ sizeBytes }) => sizeBytes));
  const told = ordered(disks.map((disk) => numberOf(disk['maxSizeInBytes']) ?? 0));
  if (truth.length !== told.length || truth.some((size, i) => !isSize(size, told[i]!)))
    same('sizes of disks', truth.join(' '), told.join(' '));
  const system = numberOf(disks.find((disk) => textOf(disk['isOSDisk']) === 'true')?.['maxSizeInBytes']);
  if (!isSize(machine.disks[0]!.sizeBytes, system ?? 0))
    same('the disk of the system', machine.disks[0]!.sizeBytes, system);
  const macs = (list: readonly (string | undefined)[]) => list.map(plainMac).sort().join(' ');
  same(
    'adapters',
    macs(machine.nics.map(({ macAddress }) => macAddress)),
    macs(itemsOf(view['networkAdapters']).map((nic) => textOf(nic['macAddress']))),
  );
  compare(same, view);
  return wrong;
}

function judgementOf(expected: number, shown: number, wrong: readonly string[]): Judgement {
  return {
    holds: wrong.length === 0,
    limit: `${expected} machines, no difference`,
    actual: wrong.length === 0 ? `${shown} machines, no difference` : `${wrong.length} differences`,
    ...(wrong.length > 0 ? { detail: someOf(wrong, 6) } : {}),
  };
}

export const hypervEqualsEstate: Check = {
  id: 'hyperv-equals-estate',
  says: 'the machines of the Hyper-V site are those on the hosts, with their place, size, disks, adapters and power',
  async judge({ world }) {
    const { facts } = world.hyperv;
    if (facts.hosts.length === 0) return undefined;
    const shown = await world.operator.discovered('hyperv');
    const machines = world.hyperv.machines();
    const wrong: string[] = [];
    for (const machine of machines) {
      const view = shown.get(machine.name)?.['properties'];
      if (!view) {
        wrong.push(`${machine.name} is missing`);
        continue;
      }
      const host = facts.hosts.find(({ id }) => id === machine.hostId)!;
      wrong.push(
        ...differences(machine, view, (same) => {
          same('memory in MiB', machine.memoryMiB, memoryOf(view));
          same(
            'power',
            world.hyperv.power(machine.id) === 'on' ? 'Running' : 'PowerOff',
            textOf(view['powerStatus']),
          );
          same('id', machine.instanceUuid.toLowerCase(), textOf(view['instanceUuid'])?.toLowerCase());
          same('host', host.name.toLowerCase(), textOf(view['hostFqdn'])?.toLowerCase());
          same('generation', machine.firmware === 'efi' ? 2 : 1, numberOf(view['generation']));
        }),
      );
    }
    const known = new Set(machines.map(({ name }) => name));
    for (const name of shown.keys()) if (!known.has(name)) wrong.push(`${name} does not exist`);
    return judgementOf(machines.length, shown.size, wrong);
  },
};

export const serversEqualEstate: Check = {
  id: 'servers-equal-estate',
  says: 'the servers of the server site are those that answer, with their size, disks and adapters; the others are explained',
  async judge({ world }) {
    const listed = world.listedServers();
    if (listed.length === 0) return undefined;
    const shown = new Map(
      [...(await world.operator.discovered('server'))].map(([name, view]) => [name.toLowerCase(), view]),
    );
    const explained = new Set(world.appliance?.status().unreached.map(({ name }) => name));
    const wrong: string[] = [];
    let expected = 0;
    for (const { machine, estate } of listed) {
      const view = shown.get(machine.name.toLowerCase())?.['properties'];
      const guest = guestsOf(estate).guest(machine.id)!;
      const answers = estate.power(machine.id) === 'on' && world.opensServer(machine.id);
      if (!answers && !explained.has(guest.addresses()[0] ?? ''))
        wrong.push(`${machine.name} does not answer, and nobody says why`);
      if (!answers) continue;
      expected++;
      if (!view) {
        wrong.push(`${machine.name} is missing`);
        continue;
      }
      wrong.push(
        ...differences(machine, view, (same) => {
          const memory = memoryOf(view) ?? 0;
          if (memory > machine.memoryMiB || memory < machine.memoryMiB * MEMORY_SEEN)
            same('memory in MiB', machine.memoryMiB, memory);
          same('BIOS UUID', guest.hardware.uuid, textOf(view['biosGuid'])?.toLowerCase());
          same('serial number', guest.serialNumber(), textOf(view['biosSerialNumber']));
          same('name', machine.dnsName.toLowerCase(), textOf(view['fqdn'])?.toLowerCase());
          same(
            'sockets',
            machine.sockets,
            numberOf((view['processorInfo'] as Json | undefined)?.['numberOfSockets']),
          );
        }),
      );
    }
    const known = new Set(listed.map(({ machine }) => machine.name.toLowerCase()));
    for (const name of shown.keys()) if (!known.has(name)) wrong.push(`${name} does not exist`);
    return judgementOf(expected, shown.size, wrong);
  },
};

/** A machine that is listed as a server and that vCenter or Hyper-V shows as well. */
function seenTwice(world: World): Machine[] {
  return world
    .listedServers()
    .filter(
      ({ machine, estate }) =>
        estate !== world.servers && estate.power(machine.id) === 'on' && world.opensServer(machine.id),
    )
    .map(({ machine }) => machine);
}

export const twinsAreRecognised: Check = {
  id: 'twins-are-recognised',
  says: 'a machine that two sources show is told as one, and no two machines are',
  judge({ world }) {
    if (world.listedServers().length === 0 || !world.appliance) return undefined;
    const expected = seenTwice(world).map(({ name }) => name.toLowerCase());
    const told = world.appliance.status().twins.map(({ first }) => first.name.toLowerCase());
    const wrong = [
      ...expected.filter((name) => !told.includes(name)).map((name) => `${name} is taken for two machines`),
      ...told.filter((name) => !expected.includes(name)).map((name) => `${name} is told as seen twice`),
    ];
    return {
      holds: wrong.length === 0,
      limit: `${expected.length} machines that two sources show`,
      actual: `${told.length} told`,
      ...(wrong.length > 0 ? { detail: someOf(wrong) } : {}),
    };
  },
};

/**
 * Points of machines on Hyper-V and of servers: nobody keeps their samples, so a point is the peak of what the appliance
 * saw of the window. That lies between the least and the most that the estate did in it, and in the sample before.
 */
import { matchesHost } from '#core/net/transport.ts';
import { MINUTE, SECOND } from '#core/units.ts';
import type { Estate } from '#simulators/estate/estate.ts';
import type { Machine } from '#simulators/estate/model.ts';
import { type Counter, curveAt } from '#simulators/estate/workload-curve.ts';
import { curveFor } from '../oracle.ts';
import type { Fault } from '../scenario-faults.ts';
import type { World } from '../world.ts';
import { type Check, someOf } from './check.ts';

const WINDOW_SECONDS = 600;
const WINDOW_MS = WINDOW_SECONDS * SECOND;
const SAMPLE_SECONDS = 20;
/** After a fault everything is as before within so long. */
const RECOVERY_MS = 15 * MINUTE;
/** Whole per cents, and single precision. */
const SLACK = { percent: 100, ratio: 0.002 };

interface Kind {
  readonly site: 'HyperV' | 'Server';
  /** A sample may speak of the time since the one before. */
  readonly periodSeconds: number;
}

const HYPERV: Kind = { site: 'HyperV', periodSeconds: 60 };
const SERVER: Kind = { site: 'Server', periodSeconds: 320 };

/** Least and most of a counter in the window and in the time before it that its first sample may speak of. */
function span(
  estate: Estate,
  machine: Machine,
  counter: Counter,
  instance: number,
  window: number,
  before: number,
): { least: number; most: number } {
  const curve = curveFor(estate, { machine, counter, instance });
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (
    let second = window * WINDOW_SECONDS - before;
    second <= (window + 1) * WINDOW_SECONDS + SAMPLE_SECONDS;
    second += SAMPLE_SECONDS
  ) {
    const value = curveAt(curve, Math.floor(second / SAMPLE_SECONDS) + 1);
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { least, most };
}

/**
 * Windows in which a fault may have kept a sample of the machine away, or has made one speak of a longer time.
 * @param names by which faults call the machine and what it stands on
 */
function disturbed(world: World, names: readonly string[]): (window: number) => boolean {
  const concerns = (fault: Fault): boolean => {
    if (fault.kind === 'crash') return true;
    if (fault.kind === 'link') return names.some((name) => matchesHost(fault.link.to, name));
    const { subject } = fault;
    return subject === undefined || names.some((name) => name.includes(subject));
  };
  const spans = world.faults
    .spans()
    .filter(({ fault }) => concerns(fault))
    .map(({ from, until }) => ({
      from: Math.floor(from / WINDOW_MS) - 1,
      to: Math.floor((until + RECOVERY_MS) / WINDOW_MS),
    }));
  return (window) => spans.some(({ from, to }) => window >= from && window <= to);
}

/** Of a machine: its own names and addresses, and the hosts that it may be on. */
function namesOf(machine: Machine, { facts }: Estate): string[] {
  const hosts = facts.hosts.filter(
    ({ id, clusterId }) =>
      facts.platform === 'hyperv' &&
      (id === machine.hostId || (clusterId !== undefined && clusterId === machine.clusterId)),
  );
  return [
    machine.name,
    machine.dnsName,
    ...machine.nics.flatMap(({ ipAddresses }) => ipAddresses),
    ...hosts.map(({ name }) => name),
  ];
}

interface Series {
  readonly counter: Counter;
  /** As the service calls it. */
  readonly kept: string;
  readonly key: string;
  readonly instance: number;
  readonly factor: number;
}

function judgeKind(world: World, kind: Kind, machines: ReadonlyArray<{ machine: Machine; estate: Estate }>) {
  const inventory = world.azure.sites().find(({ kind: each }) => each === kind.site)?.inventory;
  const wrong: string[] = [];
  let compared = 0;
  let expected = 0;
  for (const { machine, estate } of machines) {
    const stored = [...(inventory?.machines().values() ?? [])].find(
      ({ facts }) => facts.displayName.toLowerCase() === machine.name.toLowerCase(),
    );
    if (!stored || !inventory || estate.power(machine.id) !== 'on') continue;
    const { facts, createdAt } = stored;
    const isDisturbed = disturbed(world, namesOf(machine, estate));
    const series: Series[] = [
      { counter: 'cpu.usage', kept: 'cpu', key: '', instance: 0, factor: 1 },
      ...facts.disks.flatMap((disk, i): Series[] => {
        // disks are told in the order of the machine's, sizes and all
        const instance = machine.disks[i]?.index ?? -1;
        return (
          [
            ['virtualDisk.read', 'readBps', 1024],
            ['virtualDisk.write', 'writeBps', 1024],
            ['virtualDisk.numberReadAveraged', 'readIops', 1],
            ['virtualDisk.numberWriteAveraged', 'writeIops', 1],
          ] as const
        ).map(([counter, kept, factor]) => ({ counter, kept, key: disk.instance, instance, factor }));
      }),
      ...facts.networkAdapters.flatMap((nic): Series[] => {
        const mac = (nic.macAddress ?? '').replace(/[^\da-f]/gi, '').toLowerCase();
        const own = machine.nics.find(({ macAddress }) => macAddress.replaceAll(':', '') === mac);
        if (!own?.connected) return [];
        return (
          [
            ['net.received', 'inBps'],
            ['net.transmitted', 'outBps'],
          ] as const
        ).map(([counter, kept]) => ({
          counter,
          kept,
          key: nic.nicId,
          instance: own.index,
          factor: 1024,
        }));
      }),
    ];
    const cpu = inventory.points(facts.instanceUuid, 'cpu', '');
    const first = Math.ceil(createdAt / WINDOW_MS) + 1;
    const last = Math.floor(world.clock.wall() / WINDOW_MS) - 2;
    for (let window = first; window <= last; window++) {
      // on all the time that matters to it
      if (isDisturbed(window) || !estate.wasOn(machine.id, (window - 1) * WINDOW_MS)) continue;
      expected++;
      if (cpu?.at(window) === undefined)
        wrong.push(`${machine.name} has no point at ${new Date(window * 600_000).toISOString()}`);
    }
    for (const each of series) {
      const points = inventory.points(facts.instanceUuid, each.kept as 'cpu', each.key);
      for (let window = first; window <= last; window++) {
        const kept = points?.at(window);
        if (kept === undefined || isDisturbed(window)) continue;
        compared++;
        const { least, most } = span(
          estate,
          machine,
          each.counter,
          each.instance,
          window,
          kind.periodSeconds,
        );
        const slack = each.counter === 'cpu.usage' ? SLACK.percent : 1 + most * each.factor * SLACK.ratio;
        if (kept < least * each.factor - slack || kept > most * each.factor + slack)
          wrong.push(
            `${machine.name} ${each.counter}[${each.instance}] at ${new Date(window * 600_000).toISOString()}: ${kept} is kept, it was ${least * each.factor} to ${most * each.factor}`,
          );
      }
    }
  }
  return { wrong, compared, expected };
}

export const livePointsEqualEstate: Check = {
  id: 'live-points-equal-estate',
  says: 'every machine on Hyper-V and every server that was on has a point for every ten minutes, and it is what the machine did',
  judge({ world }) {
    const hyperv = world.hyperv.machines().map((machine) => ({ machine, estate: world.hyperv }));
    const servers = world.listedServers();
    if (hyperv.length + servers.length === 0) return undefined;
    const judged = [judgeKind(world, HYPERV, hyperv), judgeKind(world, SERVER, servers)];
    const wrong = judged.flatMap((each) => each.wrong);
    const total = (of: 'compared' | 'expected') => judged.reduce((sum, each) => sum + each[of], 0);
    return {
      holds: wrong.length === 0 && total('compared') > 0,
      limit: `${total('expected').toLocaleString('en-US')} windows, no difference`,
      actual: `${wrong.length} of ${total('compared').toLocaleString('en-US')} compared points differ`,
      ...(wrong.length > 0 ? { detail: someOf(wrong, 6) } : {}),
    };
  },
};

/**
 * One stand-alone Hyper-V host, or one failover cluster, as a source. Each host is read by itself: one that fails keeps what
 * was last known of its machines, is told with code, cause and remedy, and delays no other. In a cluster a machine keeps
 * its identity wherever it runs; one that is between two nodes while they are read is looked for once more.
 */
import { DryliftError } from '#core/errors.ts';
import { type Millis, SECOND } from '#core/units.ts';
import { errors as guestErrors } from '../../app/guest-errors.ts';
import type { LiveSource, Warning } from '../../app/ports.ts';
import type {
  HypervAbout,
  HypervMachine,
  SourceChanges,
  SourceMachine,
  Unreached,
} from '../../app/source-machines.ts';
import type { Machines } from '../servers/run-on-machine.ts';
import type { WinrmOptions } from '../winrm/types.ts';
import { type ClusterReading, type Roles, readCluster, readRoles } from './cluster-reader.ts';
import { errors } from './errors.ts';
import { type HostMachine, warningsOf } from './host-reader.ts';
import { HypervNode } from './node.ts';
import { CounterNames, HostCounters } from './performance.ts';

export interface HypervOptions extends Omit<WinrmOptions, 'purpose'> {
  readonly type: 'host' | 'cluster';
  /** Runs scripts in guests, at their own addresses. */
  readonly machines: Pick<Machines, 'runScript'>;
}

/** [facts: collected-data §4] */
const SAMPLE_MS: Millis = 30 * SECOND;
const NO_ROLES: Roles = { guids: new Set(), names: new Set() };

interface Known {
  readonly machine: HypervMachine;
  /** The same as JSON, to see what changed. */
  readonly words: string;
}

interface SampleIndex {
  readonly machines: readonly SourceMachine[];
  readonly counters: ReadonlyMap<HypervNode, HostCounters>;
}

export function hypervSource(options: HypervOptions): LiveSource {
  const { host: name, type, counters: counts } = options;
  const entry = new HypervNode(name, options);
  /** Hosts with machines, by the name that is dialled; of a stand-alone host itself alone. */
  const nodes = new Map<string, HypervNode>(type === 'host' ? [[name, entry]] : []);
  let cluster: ClusterReading | undefined;
  let roles: Roles | undefined;
  /** By GUID (of a replica with its mark): as it was told last. */
  let known = new Map<string, Known>();
  let isFirst = true;
  let index: SampleIndex | undefined;

  // ------------------------------------------------------------- inventory

  /** Asks the cluster's name, or any node when that does not answer. @throws what the name answered */
  async function throughCluster<T>(ask: (node: HypervNode) => Promise<T>, signal: AbortSignal): Promise<T> {
    let failure: unknown;
    for (const node of [entry, ...nodes.values()]) {
      try {
        return await ask(node);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof DryliftError)) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }

  async function readMembers(signal: AbortSignal): Promise<ClusterReading> {
    const reading = await throughCluster(async (node) => {
      const { domain } = await node.host(signal);
      return readCluster(node.inventory, domain, signal);
    }, signal);
    cluster = reading;
    const current = new Set(reading.nodes.map(({ fqdn }) => fqdn));
    for (const [address, node] of nodes)
      if (!current.has(address)) {
        nodes.delete(address);
        node.close();
      }
    for (const address of current)
      if (!nodes.has(address)) nodes.set(address, new HypervNode(address, { ...options }));
    return reading;
  }

  async function readNodes(which: Iterable<HypervNode>, signal: AbortSignal): Promise<void> {
    await Promise.all(
      [...which].map(async (node) => {
        const member = cluster?.nodes.find(({ fqdn }) => fqdn === node.address);
        if (member && !member.isUp)
          node.miss(errors.make('hyperv.node.down', { what: `${node.name} is down, says its cluster.` }));
        else if (await node.read(signal)) counts.add('appliance.hyperv.reads');
        if (node.unreached) counts.add('appliance.hyperv.unreached');
      }),
    );
  }

  /** Reads who is in the cluster, then these nodes, then which machines are roles; and once more where one slipped through. */
  async function look(choose: () => Iterable<HypervNode>, signal: AbortSignal): Promise<void> {
    if (type === 'host') return readNodes(choose(), signal);
    await readMembers(signal);
    await readNodes(choose(), signal);
    roles = await throughCluster((node) => readRoles(node.inventory, signal), signal).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof DryliftError) return undefined; // the machines themselves are known
        throw error;
      },
    );
    const found = new Set(readMachines().map(({ instanceUuid }) => instanceUuid));
    const slipped = [...known.values()].some(
      ({ machine: { instanceUuid, host } }) =>
        !found.has(instanceUuid) && (roles?.guids.has(instanceUuid) ?? false) && !isUnreached(host),
    );
    if (slipped)
      await readNodes(
        [...nodes.values()].filter(({ unreached }) => !unreached),
        signal,
      );
  }

  const isUnreached = (host: string): boolean => unreached().some(({ name: lost }) => lost === host);

  function unreached(): Unreached[] {
    return [...nodes.values()].flatMap(({ unreached: each }) => each ?? []);
  }

  /** Of all hosts that answered; a machine that two of them have is where it runs. */
  function readMachines(): HostMachine[] {
    const machines = new Map<string, HostMachine>();
    for (const { reading, unreached: lost } of nodes.values()) {
      if (lost) continue;
      for (const machine of reading?.machines ?? []) {
        const other = machines.get(machine.instanceUuid);
        if (!other || (other.power !== 'on' && machine.power === 'on'))
          machines.set(machine.instanceUuid, machine);
      }
    }
    return [...machines.values()];
  }

  function complete(machine: HostMachine): HypervMachine {
    const { guids, names } = roles ?? NO_ROLES;
    const isRole = guids.has(machine.instanceUuid) || names.has(machine.name.toLowerCase());
    const before = known.get(machine.instanceUuid)?.machine;
    return {
      ...machine,
      cluster: cluster?.fqdn ?? '',
      highAvailability: type === 'host' ? 'No' : roles === undefined ? 'Unknown' : isRole ? 'Yes' : 'No',
      // what a guest said while it ran is true when it does not
      ...(machine.os.name === '' && before !== undefined && before.os.name !== ''
        ? { os: before.os, guestHostName: before.guestHostName }
        : {}),
    };
  }

  function changesSince(): SourceChanges<HypervMachine> {
    const lost = unreached();
    const isLost = new Set(lost.map(({ name: host }) => host));
    const now = new Map<string, Known>();
    const machines: HypervMachine[] = [];
    for (const read of readMachines()) {
      const machine = complete(read);
      const words = JSON.stringify(machine);
      const before = known.get(read.instanceUuid);
      const next = before?.words === words ? before : { words, machine };
      now.set(read.instanceUuid, next);
      if (next !== before) machines.push(next.machine);
    }
    const removed: string[] = [];
    for (const [uuid, before] of known) {
      if (now.has(uuid)) continue;
      // the host that has it does not answer, or the cluster still has it and no node shows it: it stays as it was
      if (isLost.has(before.machine.host) || (roles?.guids.has(uuid) ?? false)) now.set(uuid, before);
      else removed.push(uuid);
    }
    const full = isFirst;
    isFirst = false;
    known = now;
    index = undefined;
    return {
      full,
      machines: full ? [...now.values()].map(({ machine }) => machine) : machines,
      removed: full ? [] : removed,
      unreached: lost,
    };
  }

  function nothingThrown(): void {
    const all = [...nodes.values()];
    if (all.length > 0 && all.every(({ unreached: lost }) => lost)) throw all[0]!.failure;
  }

  // ---------------------------------------------------------------- samples

  function indexOf(machines: readonly SourceMachine[]): SampleIndex {
    if (index?.machines === machines) return index;
    const all = new CounterNames();
    const byHost = new Map<string, CounterNames>();
    for (const machine of machines) {
      if (machine.kind !== 'hyperv' || machine.power !== 'on') continue;
      all.add(machine);
      const own = byHost.get(machine.host) ?? new CounterNames();
      byHost.set(machine.host, own);
      own.add(machine);
    }
    const nobody = new CounterNames();
    index = {
      machines,
      counters: new Map(
        [...nodes.values()].map((node) => [node, new HostCounters(byHost.get(node.name) ?? nobody, all)]),
      ),
    };
    return index;
  }

  async function about(signal: AbortSignal): Promise<HypervAbout> {
    if (type === 'host') {
      const { fqdn, version } = entry.reading?.host ?? (await entry.host(signal));
      return { kind: 'hyperv', type: 'Host', fqdn, version, hosts: [fqdn], credential: credentialOf(entry) };
    }
    const reading = cluster ?? (await readMembers(signal));
    const version =
      [...nodes.values()].find((node) => node.reading)?.reading?.host.version ??
      (await throughCluster((node) => node.host(signal), signal)).version;
    return {
      kind: 'hyperv',
      type: 'Cluster',
      fqdn: reading.fqdn,
      version,
      hosts: [...nodes.values()].map((node) => node.name),
      credential: credentialOf(entry) || [...nodes.values()].map(credentialOf).find(Boolean) || '',
    };
  }

  return {
    name,
    kind: 'hyperv',
    sampleMs: SAMPLE_MS,
    about,
    async changes(_waitMs, signal) {
      await look(() => nodes.values(), signal);
      nothingThrown();
      return changesSince();
    },
    async retryUnreached(signal) {
      const lost = new Set([...nodes.values()].filter(({ unreached: each }) => each));
      if (lost.size > 0 || nodes.size === 0)
        await look(() => [...nodes.values()].filter((node) => lost.has(node) || !node.reading), signal);
      return changesSince();
    },
    async prerequisites(signal) {
      const warnings = new Map<string, Warning>();
      if (type === 'cluster' && roles === undefined && cluster !== undefined)
        warnings.set('hyperv.roles', {
          code: 'hyperv.roles',
          message: `The roles of ${cluster.fqdn} cannot be read: make the account a local administrator of the nodes.`,
        });
      if ([...nodes.values()].every((node) => !node.reading)) await look(() => nodes.values(), signal);
      for (const node of nodes.values()) {
        if (!node.reading || node.unreached) continue;
        for (const [key, warning] of warningsOf(node.reading)) warnings.set(key, warning);
        const warning = await node.counterWarning(signal);
        if (warning) warnings.set(`${warning.code} ${node.name}`, warning);
      }
      return warnings;
    },
    async sample(machines, sink, signal) {
      const { counters } = indexOf(machines);
      let failure: unknown;
      let answered = 0;
      await Promise.all(
        [...counters].map(async ([node, hostCounters]) => {
          try {
            await node.sample(hostCounters, sink, signal);
            answered++;
          } catch (error) {
            signal.throwIfAborted();
            if (!(error instanceof DryliftError)) throw error;
            failure ??= error;
            counts.add('appliance.hyperv.samples.missed');
          }
        }),
      );
      if (answered === 0 && failure !== undefined) throw failure;
    },
    async runInGuest(machine, credential, script, signal) {
      if (machine.power !== 'on')
        throw guestErrors.make('guest.off', { what: `${machine.name} is not running.` });
      const address = addressOf(machine);
      if (address === undefined)
        throw errors.make('guest.address.unknown', { what: `No address of ${machine.name} is known.` });
      return options.machines.runScript(
        {
          address,
          os: credential.family,
          port: undefined,
          credential: credential.name,
          name: machine.name,
          hostKey: undefined,
          tls: options.tls,
        },
        credential,
        script,
        signal,
      );
    },
    async close() {
      entry.close();
      for (const node of nodes.values()) node.close();
    },
  };
}

function credentialOf({ inventory }: HypervNode): string {
  return inventory.credential?.name ?? '';
}

/** By the address that the host knows; link-local ones lead nowhere. */
function addressOf({ nics }: SourceMachine): string | undefined {
  const usable = nics
    .flatMap(({ addresses }) => addresses)
    .filter((address) => !/^(?:fe80:|169\.254\.|127\.|::1$)/i.test(address));
  return usable.find((address) => !address.includes(':')) ?? usable[0];
}

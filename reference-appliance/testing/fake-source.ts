/**
 * A Source without a protocol, for tests of the domain: machines in memory, counters that are a function of the
 * instant, disks with snapshots and tracking of 64 KiB blocks as vSphere has them. Every call can be made to fail.
 */
import { DryliftError } from '#core/errors.ts';
import { type Clock, sleep } from '#core/time/clock.ts';
import { HOUR, KIB } from '#core/units.ts';
import type {
  ByteRange,
  CounterName,
  GuestCredential,
  GuestScript,
  ReplicationSource,
  SampleSink,
} from '../app/ports.ts';
import type { VmwareMachine } from '../app/source-machines.ts';

const TRACKED: number = 64 * KIB;

export interface FakeDisk {
  content: Buffer;
  /** Sequence of the last change of each tracked block. */
  readonly changedAt: number[];
  sequence: number;
  /** Tracking begins anew: earlier marks cannot be compared with. */
  epoch: number;
}

interface FakeSnapshot {
  readonly id: string;
  readonly name: string;
  readonly handle: string;
  readonly frozen: Map<string, { content: Buffer; changeId: string }>;
}

export interface FakeSource extends ReplicationSource {
  readonly machinesByHandle: Map<string, VmwareMachine>;
  readonly disks: Map<string, FakeDisk>;
  readonly snapshotsById: Map<string, FakeSnapshot>;
  readonly calls: string[];
  /** What scripts in guests write. */
  inside: (handle: string, credential: GuestCredential, script: GuestScript) => string;
  /** Called before each call with its name; throws to make it fail. */
  trouble: (call: string) => void;
  write(diskUuid: string, offset: number, bytes: Buffer): void;
  resetTracking(diskUuid: string): void;
  /** A new session begins: it is told everything. */
  beginSession(): void;
  /** Of the parts in which it answers questions for samples. */
  machinesPerPart: number;
  /** How old a machine's newest sample is. */
  lateMs: (handle: string) => number;
  /** Is there no sample of a machine at an instant at which it runs? */
  isAbsent: (handle: string, at: number) => boolean;
  /** The order in which samples come; some may come more than once. */
  disorder: (instants: readonly number[]) => readonly number[];
  put(machine: VmwareMachine): void;
  remove(handle: string): void;
}

/** The sample that stands at an instant: any function will do. */
export function sampleAt(handle: string, counter: CounterName, at: number): number {
  let h = at / 20_000;
  for (const c of `${handle}${counter}`) h = (Math.imul(h, 31) + c.charCodeAt(0)) | 0;
  return Math.abs(h % 9_000);
}

export function machine(n: number, more: Partial<VmwareMachine> = {}): VmwareMachine {
  const uuid = (kind: string) => `${kind}0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  return {
    kind: 'vmware',
    handle: `vm-${n}`,
    instanceUuid: uuid('5'),
    biosUuid: uuid('4'),
    name: `web-${n}`,
    isTemplate: false,
    power: 'on',
    cores: 2,
    coresPerSocket: 1,
    memoryMiB: 4096,
    firmware: 'BIOS',
    os: { family: 'linux', name: 'Debian GNU/Linux 12 (64-bit)' },
    description: '',
    datacenter: 'DC',
    folder: 'DC/vm',
    path: [
      { type: 'Datacenter', id: 'datacenter-1', name: 'DC' },
      { type: 'Folder', id: 'group-v1', name: 'vm' },
    ],
    cluster: 'C',
    resourcePool: 'C/Resources',
    host: 'esx-1',
    hostVersion: '8.0.3',
    processorModel: 'Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz',
    processorSockets: 2,
    guestHostName: `web-${n}.example`,
    toolsRunning: true,
    toolsStatus: 'guestToolsCurrent',
    toolsVersion: '12389',
    changeTrackingSupported: true,
    changeTrackingEnabled: false,
    snapshots: 0,
    diskUuidEnabled: 'true',
    disks: [
      {
        uuid: uuid('6'),
        label: 'Hard disk 1',
        provisioning: 'Thin',
        mode: 'persistent',
        controllerType: 'ParaVirtualSCSIController',
        sizeText: '3,072.5 KB',
        controllerKey: 1000,
        sizeBytes: 3 * 1024 * KIB + 512,
        instance: 'scsi0:0',
        unit: 0,
        path: `[ds] web-${n}/web-${n}.vmdk`,
        isOsDisk: true,
        key: 2000,
        datastore: 'datastore-1',
      },
    ],
    nics: [
      {
        id: '4000',
        label: 'n',
        adapterType: 'VirtualVmxnet3',
        macAddress: '',
        addresses: [],
        networkName: '',
      },
    ],
    ...more,
  };
}

export function fakeSource(clock: Clock, name = 'vc1'): FakeSource {
  const machines = new Map<string, VmwareMachine>();
  const disks = new Map<string, FakeDisk>();
  const snapshots = new Map<string, FakeSnapshot>();
  const changed = new Set<string>();
  const removed: string[] = [];
  const calls: string[] = [];
  let isFollowed = false;
  /** Somebody waits for changes. */
  let waiting: AbortController | undefined;
  let numbered = 0;
  const failure = (code: string, what: string) =>
    new DryliftError(code, { blame: 'peer', retry: 'never', why: '', next: '' }, { what });
  const enter = (call: string): void => {
    calls.push(call);
    source.trouble(call);
  };
  const machineOf = (handle: string): VmwareMachine => {
    const found = machines.get(handle);
    if (!found) throw failure('vcenter.machine.gone', `${handle} is gone`);
    return found;
  };
  const change = (handle: string, change: Partial<VmwareMachine>): void => {
    machines.set(handle, { ...machineOf(handle), ...change });
    changed.add(handle);
    waiting?.abort();
  };

  /** Samples come in disorder and more than once, as the source pleases. */
  const tellSamples = (told: VmwareMachine, after: number, through: number, sink: SampleSink): void => {
    const { handle, power, disks: ofMachine, nics } = told;
    const newest = clock.wall() - source.lateMs(handle);
    const oldest = clock.wall() - HOUR;
    const instants: number[] = [];
    for (let at = after + 20_000; at <= through && power === 'on'; at += 20_000)
      if (at > oldest && at <= newest && !source.isAbsent(handle, at)) instants.push(at);
    const shuffled = source.disorder(instants);
    sink.machine(
      handle,
      shuffled.map((at, offset) => ({ first: at / 20_000, offset, count: 1 })),
    );
    if (shuffled.length === 0) return;
    const tell = (counter: CounterName, instance: string): void =>
      sink.series(
        counter,
        instance,
        Int32Array.from(shuffled, (at) => sampleAt(handle, counter, at)),
        shuffled.length,
      );
    tell('cpu.usage', '');
    tell('mem.usage', '');
    for (const { instance } of ofMachine) tell('virtualDisk.read', instance);
    for (const { id } of nics) tell('net.transmitted', id);
  };

  const source: FakeSource = {
    name,
    kind: 'vmware',
    machinesPerPart: 1_000,
    inside: () => '@@end\n',
    lateMs: () => 0,
    isAbsent: () => false,
    disorder: (instants) => instants,
    machinesByHandle: machines,
    disks,
    snapshotsById: snapshots,
    calls,
    trouble: () => {},
    write(uuid, offset, bytes) {
      const disk = disks.get(uuid)!;
      bytes.copy(disk.content, offset);
      for (let block = Math.floor(offset / TRACKED); block * TRACKED < offset + bytes.length; block++)
        disk.changedAt[block] = disk.sequence;
    },
    beginSession() {
      isFollowed = false;
    },
    resetTracking(uuid) {
      disks.get(uuid)!.epoch++;
    },
    put(added) {
      machines.set(added.handle, added);
      changed.add(added.handle);
      waiting?.abort();
      for (const { uuid, sizeBytes } of added.disks)
        if (!disks.has(uuid))
          disks.set(uuid, { content: Buffer.alloc(sizeBytes), changedAt: [], sequence: 1, epoch: 1 });
    },
    remove(handle) {
      removed.push(machineOf(handle).instanceUuid);
      machines.delete(handle);
      waiting?.abort();
    },
    async about() {
      enter('about');
      return {
        kind: 'vmware',
        fqdn: name,
        instanceUuid: 'aaaaaaaa-0000-4000-8000-000000000001',
        version: '8.0.3',
        licenseProductName: 'VMware VirtualCenter Server',
      };
    },
    async changes(waitMs, signal) {
      enter('changes');
      const full = !isFollowed;
      if (!full && changed.size === 0 && removed.length === 0 && waitMs > 0) {
        waiting = new AbortController();
        await sleep(clock, waitMs, 'fake.changes', AbortSignal.any([signal, waiting.signal])).catch(() => {});
        signal.throwIfAborted();
        enter('changes answered');
      }
      isFollowed = true;
      const told = full
        ? [...machines.values()]
        : [...changed].flatMap((handle) => machines.get(handle) ?? []);
      const gone = full ? [] : removed.splice(0);
      changed.clear();
      return { full, machines: told, removed: gone, unreached: [] };
    },
    async prerequisites() {
      enter('prerequisites');
      return new Map();
    },
    async samples({ handles, after, through }, makeSink) {
      enter('samples');
      const sinks = [];
      for (let i = 0; i < handles.length; i += source.machinesPerPart) {
        const sink = makeSink();
        for (const handle of handles.slice(i, i + source.machinesPerPart))
          tellSamples(machineOf(handle), after, through, sink);
        sinks.push(sink);
      }
      return sinks;
    },
    async enableChangeTracking(handle) {
      enter('enableChangeTracking');
      change(handle, { changeTrackingEnabled: true });
    },
    async snapshots(handle) {
      enter('snapshots');
      machineOf(handle);
      return [...snapshots.values()]
        .filter((snapshot) => snapshot.handle === handle)
        .map((snapshot) => ({ name: snapshot.name, snapshot: snapshot.id }));
    },
    async createSnapshot(handle, snapshotName) {
      enter('createSnapshot');
      const id = `snapshot-${++numbered}`;
      const frozen = new Map(
        machineOf(handle).disks.map(({ uuid }) => {
          const disk = disks.get(uuid)!;
          const mark = disk.sequence++;
          return [
            uuid,
            { content: Buffer.from(disk.content), changeId: `epoch ${disk.epoch}/${mark}` },
          ] as const;
        }),
      );
      snapshots.set(id, { id, name: snapshotName, handle, frozen });
      enter('createSnapshot answered');
      return id;
    },
    async removeSnapshot(snapshot) {
      enter('removeSnapshot');
      snapshots.delete(snapshot);
    },
    async frozen(snapshot) {
      enter('frozen');
      const { handle, frozen } = snapshots.get(snapshot)!;
      return {
        snapshot,
        disks: machineOf(handle).disks.map(({ uuid, key, sizeBytes }) => ({
          uuid,
          key,
          sizeBytes,
          changeId: frozen.get(uuid)!.changeId,
          location: snapshot,
        })),
      };
    },
    async changedRanges(_handle, snapshot, { uuid, sizeBytes }, since) {
      enter('changedRanges');
      const frozen = snapshots.get(snapshot)!.frozen.get(uuid)!;
      const disk = disks.get(uuid)!;
      const split = (id: string) => ({ epoch: id.split('/')[0], mark: Number(id.split('/')[1]) });
      const until = split(frozen.changeId);
      const from = since === undefined ? undefined : split(since);
      if (from && from.epoch !== until.epoch) throw failure('vcenter.cbt.reset', 'another epoch');
      const ranges: ByteRange[] = [];
      for (let block = 0; block * TRACKED < sizeBytes; block++) {
        const changedAt = disk.changedAt[block];
        // changed later than the older mark; what changed after the snapshot may be told as well
        if (changedAt === undefined || (from && changedAt <= from.mark)) continue;
        const start = block * TRACKED;
        ranges.push({ start, length: Math.min(TRACKED, sizeBytes - start) });
      }
      return ranges;
    },
    async read(_handle, { uuid, location }, { start, length }) {
      enter('read');
      return Buffer.from(
        snapshots
          .get(location)!
          .frozen.get(uuid)!
          .content.subarray(start, start + length),
      );
    },
    async powerState(handle) {
      enter('powerState');
      return machineOf(handle).power;
    },
    async runInGuest({ handle }, credential, script) {
      enter('runInGuest');
      return source.inside(handle, credential, script);
    },
    async shutDownGuest(handle) {
      enter('shutDownGuest');
      change(handle, { power: 'off' });
      return true;
    },
    async powerOff(handle) {
      enter('powerOff');
      change(handle, { power: 'off' });
    },
    async close() {},
  };
  return source;
}

/**
 * A Cloud without a protocol, for tests of the domain: counts sequences as the service does, applies cycles to seed
 * disks as docs/protocols/appliance-data-planes.md says, and refuses what that page does not allow.
 */
import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { DryliftError } from '#core/errors.ts';
import type { Clock } from '#core/time/clock.ts';
import { SECOND } from '#core/units.ts';
import type {
  BatchKind,
  Block,
  Cloud,
  CycleKind,
  Heartbeat,
  Progress,
  Sequences,
  SiteCloud,
  Work,
} from '../app/cloud-ports.ts';
import type { ByteRange } from '../app/ports.ts';
import type { SourceKind } from '../app/source-machines.ts';
import { discoveryMessages } from '../targets/azure/discovery-messages.ts';

interface FakeCycle {
  readonly id: string;
  readonly kind: CycleKind;
  state: 'Open' | 'Applying' | 'Applied' | 'Failed';
  readonly manifests: Map<string, Map<number, readonly Block[]>>;
  error?: { code: string; message: string };
}

interface FakeItem {
  work: Work;
  readonly cycles: FakeCycle[];
  readonly seeds: Map<string, Buffer>;
  readonly blobs: Map<string, Buffer>;
  progress: Progress | undefined;
  isSourceOff: boolean;
}

export interface FakeCloud extends Cloud, SiteCloud {
  /** Bodies stored, by kind and sequence. */
  readonly stored: Record<BatchKind, Map<number, string>>;
  readonly items: Map<string, FakeItem>;
  readonly calls: string[];
  readonly beats: Heartbeat[];
  trouble: (call: string) => void;
  /** Orders the replication of a machine with these disks. */
  order(
    itemId: string,
    machine: { instanceUuid: string; name: string },
    disks: ReadonlyArray<{ uuid: string; sizeBytes: number }>,
  ): void;
  command(itemId: string, command: Work['command'], performShutdown?: boolean): void;
  /** The next cycle to be applied fails so. */
  refuseNext: { code: string; message: string } | undefined;
}

export function fakeCloud(clock: Clock, kind: SourceKind = 'vmware'): FakeCloud {
  const stored: FakeCloud['stored'] = {
    inventory: new Map(),
    points: new Map(),
    applications: new Map(),
    dependencies: new Map(),
  };
  const items = new Map<string, FakeItem>();
  const calls: string[] = [];
  const beats: Heartbeat[] = [];
  const refusal = (code: string, retry: 'never' | 'safe' | 'after-change' = 'never') =>
    new DryliftError(code, { blame: 'peer', retry, why: '', next: '' }, { what: code });
  const enter = (call: string): void => {
    calls.push(call);
    cloud.trouble(call);
  };
  const itemOf = (itemId: string): FakeItem => {
    const item = items.get(itemId);
    if (!item) throw refusal('azure.notFound');
    return item;
  };
  const cycleOf = (itemId: string, cycleId: string): FakeCycle => {
    const cycle = itemOf(itemId).cycles.find(({ id }) => id === cycleId);
    if (!cycle) throw refusal('azure.notFound');
    return cycle;
  };
  const sequences = (): Sequences => ({
    inventory: stored.inventory.size,
    points: stored.points.size,
    applications: stored.applications.size,
    dependencies: stored.dependencies.size,
  });

  const cloud: FakeCloud = {
    kind,
    site: () => cloud,
    forms: discoveryMessages,
    stored,
    items,
    calls,
    beats,
    trouble: () => {},
    refuseNext: undefined,
    order(itemId, machine, disks) {
      items.set(itemId, {
        work: {
          itemId,
          instanceUuid: machine.instanceUuid,
          machineName: machine.name,
          command: 'replicate',
          performShutdown: true,
          migration: 0,
          disks: disks.map(({ uuid }, i) => ({
            diskId: uuid,
            logContainerUrl: `https://log.blob.test/${itemId}-${i}?sig=1`,
            isOsDisk: i === 0,
            lastAppliedCycleId: undefined,
          })),
        },
        cycles: [],
        seeds: new Map(disks.map(({ uuid, sizeBytes }) => [uuid, Buffer.alloc(sizeBytes)])),
        blobs: new Map(),
        progress: undefined,
        isSourceOff: false,
      });
    },
    command(itemId, command, performShutdown = true) {
      const item = itemOf(itemId);
      const migration = item.work.migration + (command === 'cutover' ? 1 : 0);
      item.work = { ...item.work, command, performShutdown, migration };
    },
    async register() {
      enter('register');
      return { siteId: '/site', serviceEndpoint: 'https://d.test' };
    },
    async heartbeat(beat) {
      enter('heartbeat');
      beats.push(beat);
      return clock.wall();
    },
    async sequences() {
      enter('sequences');
      return sequences();
    },
    async send(kind, sequence, body) {
      enter(`send ${kind}`);
      const have = sequences()[kind];
      if (sequence > have + 1) return { ok: false, expected: have + 1 };
      if (sequence === have + 1) stored[kind].set(sequence, body.toString('utf8'));
      enter(`send ${kind} answered`);
      return { ok: true };
    },
    replication: {
      async work() {
        enter('work');
        return [...items.values()].map(({ work, cycles }) => {
          const lastAppliedCycleId = cycles.findLast(({ state }) => state === 'Applied')?.id;
          return { ...work, disks: work.disks.map((disk) => ({ ...disk, lastAppliedCycleId })) };
        });
      },
      async openCycle(itemId, cycleId, { kind }) {
        enter('openCycle');
        const item = itemOf(itemId);
        if (item.cycles.some(({ id }) => id === cycleId)) return;
        if (item.cycles.some(({ state }) => state === 'Applying')) throw refusal('azure.refused');
        if ((kind === 'delta' || kind === 'final') && !item.cycles.some(({ state }) => state === 'Applied'))
          throw refusal('azure.refused');
        for (const cycle of item.cycles) if (cycle.state === 'Open') cycle.state = 'Failed';
        item.cycles.push({ id: cycleId, kind, state: 'Open', manifests: new Map() });
      },
      async putManifest(itemId, cycleId, diskId, n, blocks) {
        enter('putManifest');
        const cycle = cycleOf(itemId, cycleId);
        if (cycle.state !== 'Open') throw refusal('azure.refused');
        const manifests = cycle.manifests.get(diskId) ?? new Map<number, readonly Block[]>();
        manifests.set(n, blocks);
        cycle.manifests.set(diskId, manifests);
      },
      async commit(itemId, cycleId, disks) {
        enter('commit');
        const item = itemOf(itemId);
        const cycle = cycleOf(itemId, cycleId);
        if (cycle.state !== 'Open') return;
        for (const { diskId, manifests } of disks)
          if ((cycle.manifests.get(diskId)?.size ?? 0) !== manifests) throw refusal('azure.refused');
        cycle.state = 'Applying';
        const dirty = new Map(disks.map((disk) => [disk.diskId, disk.dirty]));
        clock.schedule(clock.wall() + 2 * SECOND, 'fake.apply', () => {
          const error = cloud.refuseNext ?? apply(item, cycle, dirty);
          cloud.refuseNext = undefined;
          cycle.state = error ? 'Failed' : 'Applied';
          if (error) cycle.error = error;
        });
        enter('commit answered');
      },
      async cycle(itemId, cycleId) {
        enter('cycle');
        const cycle = itemOf(itemId).cycles.find(({ id }) => id === cycleId);
        return cycle && { state: cycle.state, appliedBytes: 0, error: cycle.error };
      },
      async progress(itemId, progress) {
        enter('progress');
        itemOf(itemId).progress = progress;
      },
      async sourceState(itemId, poweredOff) {
        enter('sourceState');
        itemOf(itemId).isSourceOff = poweredOff;
      },
      async renewLogContainer(itemId, diskId) {
        enter('sas');
        const url = itemOf(itemId).work.disks.find((disk) => disk.diskId === diskId)!.logContainerUrl;
        return url.replace(/sig=.*/, `sig=${calls.length}`);
      },
      async putBlob(containerUrl, name, content, sha256) {
        enter('putBlob');
        const item = [...items.values()].find(({ work }) =>
          work.disks.some(
            ({ logContainerUrl }) => logContainerUrl.split('?')[0] === containerUrl.split('?')[0],
          ),
        )!;
        // one name, one content: an attempt that is repeated must repeat its bytes
        const key = `${containerUrl.split('?')[0]}/${name}`;
        const before = item.blobs.get(key);
        if (before && !before.equals(content))
          throw new Error(`${name} was stored with other bytes: ${sha256}`);
        item.blobs.set(key, Buffer.from(content));
        enter('putBlob answered');
      },
    },
  };
  return cloud;
}

/** @returns why the cycle cannot be applied */
function apply(
  item: FakeItem,
  cycle: FakeCycle,
  dirty: ReadonlyMap<string, readonly ByteRange[]>,
): { code: string; message: string } | undefined {
  for (const [index, { diskId, logContainerUrl }] of item.work.disks.entries()) {
    const seed = item.seeds.get(diskId)!;
    const draft =
      cycle.kind === 'initial' || cycle.kind === 'resync' ? Buffer.alloc(seed.length) : Buffer.from(seed);
    const applied = new Uint8Array(Math.ceil(seed.length / 512));
    for (const [, blocks] of [...(cycle.manifests.get(diskId) ?? [])].sort(([a], [b]) => a - b))
      for (const { offset, extents, content } of blocks) {
        const stored =
          content.encoding === 'zero'
            ? undefined
            : item.blobs.get(`${logContainerUrl.split('?')[0]}/${content.blob}`);
        if (content.encoding !== 'zero' && stored?.length !== content.storedBytes)
          return { code: 'BlobMissing', message: `${index} ${offset}` };
        const payload = content.encoding === 'zstd' ? zstdDecompressSync(stored!) : stored;
        if (
          content.encoding !== 'zero' &&
          createHash('sha256').update(payload!).digest('hex') !== content.sha256
        )
          return { code: 'ChecksumMismatch', message: `${index} ${offset}` };
        let at = 0;
        for (const [start, length] of extents) {
          if (payload) payload.copy(draft, offset + start, at, at + length);
          else draft.fill(0, offset + start, offset + start + length);
          at += length;
          applied.fill(1, (offset + start) / 512, Math.ceil((offset + start + length) / 512));
        }
      }
    const wanted = new Uint8Array(applied.length);
    for (const { start, length } of dirty.get(diskId) ?? [])
      wanted.fill(1, start / 512, Math.ceil((start + length) / 512));
    if (Buffer.compare(applied, wanted) !== 0) return { code: 'BitmapMismatch', message: String(index) };
    item.seeds.set(diskId, draft);
  }
  return undefined;
}

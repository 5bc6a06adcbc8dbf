import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sleep } from '#core/time/clock.ts';
import { DAY, KIB, MIB, SECOND } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { Authorization } from '../arm/authorization.ts';
import { ArmError } from '../arm/provider.ts';
import { ExtentStore } from '../storage/extent-store.ts';
import { testWorld } from '../testing/test-world.ts';
import type { MigrationItem } from './replicated-item.ts';
import { replicationRoutes } from './service.ts';
import type { LogBlob, ReplicationStorage } from './storage-port.ts';
import { ReplicationStore, vaultToken } from './store.ts';

/*
 * The promise: whatever a guest writes and whatever goes wrong on the way, after each applied cycle the replica is
 * the source as it was when that cycle was taken; and what failed changed nothing. The source is a plain array of
 * sectors, each with its content and the step in which it was last written.
 */

const SECTOR = 512;
const WINDOW = MIB / SECTOR;
/** The last window is three sectors. */
const DISK_SECTORS = [2 * WINDOW + 3, 9];
const VAULT = '/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v';
const PRINCIPAL = { objectId: 'appliance', appId: 'appliance' };

const TROUBLES = [
  'none',
  'blobMissing',
  'blobCut',
  'contentChanged',
  'metadataChanged',
  'sectorForgotten',
  'sectorTooMany',
  'abandoned',
] as const;

interface Write {
  readonly does: 'write';
  readonly disk: number;
  /** As part of the disk. */
  readonly at: number;
  readonly sectors: number;
  /** 0: zeros. */
  readonly fill: number;
}

interface CycleStep {
  readonly does: 'cycle';
  readonly kind: 'delta' | 'initial' | 'resync';
  readonly trouble: (typeof TROUBLES)[number];
  /** Which block it hits. */
  readonly victim: number;
  readonly blocksPerManifest: number;
  /** Zeros of a window go into a block of their own. */
  readonly splitsZeros: boolean;
  readonly sendsUsedOnly: boolean;
  /** What the guest writes while the cycle is under way. */
  readonly meanwhile: readonly Write[];
}

const write: fc.Arbitrary<Write> = fc.record({
  does: fc.constant('write'),
  disk: fc.nat(DISK_SECTORS.length - 1),
  // often the same places, so that writes meet
  at: fc.oneof(fc.double({ min: 0, max: 0.9999, noNaN: true }), {
    weight: 3,
    arbitrary: fc.constantFrom(0, 0.4995, 0.9999),
  }),
  sectors: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 16 }) },
    fc.constantFrom(128, WINDOW, 2 * WINDOW + 3),
  ),
  fill: fc.constantFrom(0, 0, 1, 2, 3),
});
const cycle: fc.Arbitrary<CycleStep> = fc.record({
  does: fc.constant('cycle'),
  kind: fc.constantFrom('delta', 'delta', 'delta', 'initial', 'resync'),
  trouble: fc.oneof(
    { weight: 3, arbitrary: fc.constant('none' as const) },
    { weight: 2, arbitrary: fc.constantFrom(...TROUBLES) },
  ),
  victim: fc.nat(5),
  blocksPerManifest: fc.integer({ min: 1, max: 4 }),
  splitsZeros: fc.boolean(),
  sendsUsedOnly: fc.boolean(),
  meanwhile: fc.array(write, { maxLength: 2 }),
});
const story = fc.array(fc.oneof(write, cycle), { minLength: 4, maxLength: 16 });

interface Sector {
  readonly fill: number;
  readonly step: number;
}

class Source {
  step = 0;
  readonly disks: Sector[][] = DISK_SECTORS.map((count) =>
    new Array<Sector>(count).fill({ fill: 0, step: -1 }),
  );

  write({ disk, at, sectors, fill }: Write): void {
    const start = Math.floor(at * DISK_SECTORS[disk]!);
    const end = Math.min(start + sectors, DISK_SECTORS[disk]!);
    this.step++;
    for (let i = start; i < end; i++) this.disks[disk]![i] = { fill, step: this.step };
  }

  frozen(): Sector[][] {
    return this.disks.map((sectors) => [...sectors]);
  }
}

function imageOf(sectors: readonly Sector[]): Buffer {
  const image = Buffer.alloc(sectors.length * SECTOR);
  for (const [i, { fill }] of sectors.entries()) if (fill > 0) image.fill(fill, i * SECTOR, (i + 1) * SECTOR);
  return image;
}

/** Runs of sector numbers, as [start, length] in bytes from `base`. */
function rangesOf(sectors: readonly number[], base = 0): Array<[number, number]> {
  const ranges: Array<[number, number]> = [];
  for (const sector of sectors) {
    const start = (sector - base) * SECTOR;
    const last = ranges.at(-1);
    if (last && last[0] + last[1] === start) last[1] += SECTOR;
    else ranges.push([start, SECTOR]);
  }
  return ranges;
}

interface LogStorage extends ReplicationStorage {
  readonly containers: Map<string, Map<string, LogBlob>>;
  readonly extents: ExtentStore;
}

function logStorage(): LogStorage {
  const containers = new Map<string, Map<string, LogBlob>>();
  const extents = new ExtentStore();
  return {
    account: 'log',
    containers,
    extents,
    createLogContainer: (name) => void containers.set(name, new Map()),
    emptyLogContainer: (name) => containers.get(name)!.clear(),
    deleteLogContainer: (name) => void containers.delete(name),
    issueLogSas: (container) => `https://log/${container}?sig`,
    readLogBlob: (container, name) => containers.get(container)!.get(name),
    createSeedDisk: (sizeBytes) => extents.create(sizeBytes),
  };
}

/** The control plane below its HTTP shell; bodies are JSON. */
function planeOf(store: ReplicationStore, { clock }: SimulatorContext) {
  const authorization = new Authorization([
    { principalId: PRINCIPAL.objectId, role: 'Contributor', scope: VAULT },
  ]);
  const routes = new Map(
    replicationRoutes({ store, authorization }).map((route) => [route.operation, route]),
  );
  return (operation: string, params: Record<string, string>, body?: unknown) => {
    try {
      return routes.get(operation)!.handle({
        params: { vault: vaultToken(VAULT), ...params },
        query: new URLSearchParams('appliance=a'),
        body: body === undefined ? undefined : JSON.parse(JSON.stringify(body)),
        principal: PRINCIPAL,
        now: clock.wall(),
      });
    } catch (error) {
      if (error instanceof ArmError) return { status: error.status, body: error.code };
      throw error;
    }
  };
}

interface Told {
  readonly disk: number;
  readonly entry: Record<string, unknown>;
}

/** An appliance in the fewest words; it knows nothing of the service but the protocol page. */
class PlainAppliance {
  readonly #plane: ReturnType<typeof planeOf>;
  readonly #storage: LogStorage;
  readonly #item: MigrationItem;
  readonly #source: Source;
  #cycles = 0;
  /** Step of the source that the last applied cycle was taken after. */
  #base: number | undefined;
  /** The source then. */
  #target: Sector[][] = DISK_SECTORS.map((count) => new Array<Sector>(count).fill({ fill: 0, step: -1 }));

  constructor(plane: ReturnType<typeof planeOf>, storage: LogStorage, item: MigrationItem, source: Source) {
    this.#plane = plane;
    this.#storage = storage;
    this.#item = item;
    this.#source = source;
  }

  async cycle(step: CycleStep, clock: SimulatorContext['clock']): Promise<void> {
    const item = this.#item;
    const kind = this.#base === undefined ? 'initial' : step.kind;
    const id = `c${this.#cycles++}`;
    const at = { item: item.itemId, cycle: id };
    const frozen = this.#source.frozen();
    const takenAfter = this.#source.step;
    const opened = this.#plane('PutCycle', at, {
      kind,
      takenAt: new Date(clock.wall()).toISOString(),
      disks: item.disks.map(({ diskId, capacityBytes }) => ({ diskId, capacityInBytes: capacityBytes })),
    });
    expect(opened.status).toBe(201);
    for (const later of step.meanwhile) this.#source.write(later);
    const since = kind === 'delta' ? this.#base! : -1;
    const changed = frozen.map((sectors) => [...sectors.keys()].filter((i) => sectors[i]!.step > since));
    // a whole copy may leave out what holds nothing, although it once did
    if (kind !== 'delta' && step.sendsUsedOnly)
      for (const [disk, sectors] of changed.entries())
        changed[disk] = sectors.filter((i) => frozen[disk]![i]!.fill > 0);
    const told = changed.flatMap((sectors, disk) => this.#upload(frozen[disk]!, sectors, disk, id, step));
    const isSpoilt = this.#spoil(step, told, changed);
    const half = step.trouble === 'abandoned' ? Math.floor(told.length / 2) : told.length;
    const manifests = item.disks.map(({ diskId }, disk) => {
      const blocks = told.slice(0, half).filter((block) => block.disk === disk);
      let n = 0;
      for (; n * step.blocksPerManifest < blocks.length; n++) {
        const from = n * step.blocksPerManifest;
        const part = blocks.slice(from, from + step.blocksPerManifest).map(({ entry }) => entry);
        const answer = this.#plane(
          'PutManifest',
          { ...at, disk: diskId, number: String(n) },
          { blocks: part },
        );
        expect(answer).toEqual({ status: 200, body: { blocks: part.length } });
      }
      return n;
    });
    if (step.trouble === 'abandoned') return this.#check();
    const committed = this.#plane('CommitCycle', at, {
      disks: item.disks.map(({ diskId }, disk) => ({
        diskId,
        manifests: manifests[disk],
        dirty: rangesOf(changed[disk]!),
      })),
    });
    expect(committed.status).toBe(202);
    await sleep(clock, 3 * SECOND, 'test.apply');
    expect(this.#plane('GetCycle', at).body).toMatchObject({ state: isSpoilt ? 'Failed' : 'Applied' });
    if (!isSpoilt) {
      this.#base = takenAfter;
      this.#target = frozen;
    }
    expect([...this.#storage.containers.values()].map(({ size }) => size)).toEqual(item.disks.map(() => 0));
    this.#check();
  }

  #check(): void {
    for (const [disk, { seed }] of this.#item.disks.entries())
      expect(seed.read(0, seed.sizeBytes).equals(imageOf(this.#target[disk]!))).toBe(true);
  }

  #upload(
    frozen: readonly Sector[],
    changed: readonly number[],
    disk: number,
    id: string,
    { splitsZeros }: CycleStep,
  ): Told[] {
    const told: Told[] = [];
    for (let first = 0; first < frozen.length; first += WINDOW) {
      const inWindow = changed.filter((sector) => sector >= first && sector < first + WINDOW);
      const isZero = (sector: number) => frozen[sector]!.fill === 0;
      const groups = splitsZeros
        ? [inWindow.filter(isZero), inWindow.filter((sector) => !isZero(sector))]
        : [inWindow];
      for (const sectors of groups) {
        if (sectors.length === 0) continue;
        const block = { offset: first * SECTOR, extents: rangesOf(sectors, first) };
        if (sectors.every(isZero)) told.push({ disk, entry: { ...block, encoding: 'zero' } });
        else told.push({ disk, entry: { ...block, ...this.#put(frozen, sectors, disk, `${id}/${first}`) } });
      }
    }
    return told;
  }

  #put(frozen: readonly Sector[], sectors: readonly number[], disk: number, blob: string) {
    const payload = imageOf(sectors.map((sector) => frozen[sector]!));
    const sha256 = createHash('sha256').update(payload).digest('hex');
    const encoding = payload.length > 4 * KIB ? 'zstd' : 'none';
    const content = encoding === 'zstd' ? zstdCompressSync(payload) : payload;
    this.#storage.containers.get(this.#item.disks[disk]!.container)!.set(blob, { content, sha256 });
    return { encoding, blob, storedBytes: content.length, sha256 };
  }

  /** Makes the trouble of the step. @returns whether there was anything to spoil */
  #spoil({ trouble, victim }: CycleStep, told: readonly Told[], changed: number[][]): boolean {
    if (trouble === 'none' || trouble === 'abandoned') return false;
    if (trouble === 'sectorForgotten' || trouble === 'sectorTooMany') {
      const disk = victim % changed.length;
      const sectors = changed[disk]!;
      const missing = Array.from({ length: DISK_SECTORS[disk]! }, (_, i) => i).find((i) => sectors[i] !== i);
      if (trouble === 'sectorForgotten') return sectors.splice(victim, 1).length > 0;
      if (missing === undefined) return false;
      sectors.push(missing);
      sectors.sort((a, b) => a - b);
      return true;
    }
    const stored = told.filter(({ entry }) => entry['blob'] !== undefined);
    const chosen = stored[victim % Math.max(1, stored.length)];
    if (!chosen) return false;
    const container = this.#storage.containers.get(this.#item.disks[chosen.disk]!.container)!;
    const name = String(chosen.entry['blob']);
    const { content, sha256 } = container.get(name)!;
    if (trouble === 'blobMissing') container.delete(name);
    else if (trouble === 'blobCut') container.set(name, { content: content.subarray(1), sha256 });
    else if (trouble === 'metadataChanged') container.set(name, { content, sha256: undefined });
    else {
      const other = Buffer.from(content);
      const middle = other.length >> 1;
      other[middle] = other[middle]! ^ 0x10;
      container.set(name, { content: other, sha256 });
      // not every bit of a packed payload matters
      return !decodesTo(other, chosen.entry['encoding'], sha256!);
    }
    return true;
  }
}

function decodesTo(content: Buffer, encoding: unknown, sha256: string): boolean {
  try {
    const payload = encoding === 'zstd' ? zstdDecompressSync(content) : content;
    return createHash('sha256').update(payload).digest('hex') === sha256;
  } catch {
    return false;
  }
}

test('after each applied cycle the replica is the source as it was then, whatever failed before', async () => {
  await using world = await testWorld();
  const { context } = world;
  let kept = 0;
  await world.run(() =>
    fc.assert(
      fc.asyncProperty(story, async (steps) => {
        const storage = logStorage();
        const store = new ReplicationStore({
          context,
          storage,
          target: { createManagedDisk: () => '', deleteManagedDisk: () => {} },
        });
        store.addVault(VAULT);
        const item = store.add({
          armId: `${VAULT}/items/${kept++}`,
          name: 'machine',
          vaultId: VAULT,
          machine: {
            instanceUuid: 'uuid',
            displayName: 'machine',
            osType: 'linuxguest',
            osName: 'Debian GNU/Linux 12',
            firmware: 'EFI',
            applianceName: 'a',
            disks: [],
            nics: [],
          },
          machineArmId: '',
          settings: {},
          targetResourceGroupId: '',
          targetVmName: 'machine',
          policyId: '',
          performAutoResync: true,
          recoveryPointHistoryMs: DAY,
          disks: DISK_SECTORS.map((sectors, i) => ({
            facts: {
              uuid: `disk-${i}`,
              label: `disk ${i}`,
              sizeBytes: sectors * SECTOR,
              path: '',
              mode: 'persistent',
            },
            isOsDisk: i === 0,
            diskType: 'Standard_LRS',
            echo: {},
          })),
        });
        store.provision(item);
        const source = new Source();
        const appliance = new PlainAppliance(planeOf(store, context), storage, item, source);
        for (const step of steps) {
          if (step.does === 'write') source.write(step);
          else if (item.state !== 'InitialSeedingFailed') await appliance.cycle(step, context.clock);
        }
        store.request(item, 'DisableMigration');
        store.stop(item);
        expect(storage.extents.usage().liveBytes).toBe(0);
        expect(storage.containers.size).toBe(0);
      }),
      { numRuns: 40 },
    ),
  );
});

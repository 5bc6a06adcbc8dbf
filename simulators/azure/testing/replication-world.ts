/** A test world with a vault, a site with discovered machines, log storage and the replication control plane. */
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { assert } from '#core/assert.ts';
import { sleep } from '#core/time/clock.ts';
import { type Bytes, KIB, MIB, type Millis } from '#core/units.ts';
import type { ArmError } from '../arm/provider.ts';
import { PUBLIC_CLOUD } from '../cloud.ts';
import { Disks } from '../compute/disks.ts';
import { computeProvider } from '../compute/provider.ts';
import { readMachine } from '../discovery-service/machine-shape.ts';
import { type Site, Sites } from '../off-azure/sites.ts';
import { publishedFiles } from '../published-files.ts';
import { appliancesOf, discoveredMachines } from '../recovery/discovered-machines.ts';
import { ProtectedStore } from '../recovery/protected-store.ts';
import { recoveryProvider } from '../recovery/provider.ts';
import { logAccount } from '../replication-service/log-account.ts';
import type { MigrationItem } from '../replication-service/replicated-item.ts';
import { createReplicationService } from '../replication-service/service.ts';
import { ReplicationStore, vaultToken } from '../replication-service/store.ts';
import type { TargetCloud, VirtualMachineOptions } from '../replication-service/target.ts';
import { createStorage, type StorageService } from '../storage/service.ts';
import { type ArmWorld, armWorld, GROUP, SUBSCRIPTION, TENANT } from './arm-world.ts';
import { discovered } from './discovered.ts';
import type { Answer } from './test-world.ts';

export const V = '2023-06-01';
export const VAULT = `${GROUP}/providers/Microsoft.RecoveryServices/vaults/vault`;
export const FABRIC = `${VAULT}/replicationFabrics/fabric`;
export const CONTAINER = `${FABRIC}/replicationProtectionContainers/container`;
export const POLICY = `${VAULT}/replicationPolicies/policy`;
export const ITEM = `${CONTAINER}/replicationMigrationItems/web-1`;
export const LOG_ACCOUNT = 'migratelsa1';
/** Of the control plane, below the vault. */
export const WORK = '/work?appliance=appliance-1';
export const GROUP_ID = GROUP;
const SITE = `${GROUP}/providers/Microsoft.OffAzure/VMwareSites/corp`;

/** The last window of this disk is half a mebibyte and a sector. */
export const OS_DISK_BYTES: Bytes = 2.5 * MIB + 512;
export const DATA_DISK_BYTES: Bytes = MIB;

export type Range = readonly [start: Bytes, length: Bytes];

/** A disk as it is at the source, and which of its ranges a cycle is to send. */
export interface SourceDisk {
  readonly image: Buffer;
  readonly dirty: readonly Range[];
}

export interface CycleOptions {
  readonly id: string;
  readonly kind: 'initial' | 'delta' | 'final' | 'resync';
  /** In the order of the item's disks. */
  readonly disks: readonly SourceDisk[];
  /** Changes a block's blob or manifest entry on its way; an undefined content is not uploaded. */
  readonly tamper?: (sent: SentBlock, n: number) => SentBlock;
  /** Changes what the commit says. */
  readonly commitDirty?: (dirty: readonly Range[]) => readonly Range[];
}

export interface SentBlock {
  readonly entry: Readonly<Record<string, unknown>>;
  readonly content: Buffer | undefined;
  readonly metadata: string;
}

export interface ReplicationWorld extends ArmWorld {
  readonly store: ReplicationStore;
  readonly storage: StorageService;
  readonly disks: Disks;
  readonly protection: ProtectedStore;
  readonly site: Site;
  /** Virtual machines that were made and not deleted, by id. */
  readonly machines: ReadonlyMap<string, VirtualMachineOptions>;
  /** When set, making a virtual machine is refused with it. */
  refuseMachines: ArmError | undefined;
  /** When set, making a managed disk is refused with it. */
  refuseDisks: ArmError | undefined;
  machineId(n: number): string;
  diskId(n: number, disk: 'os' | 'data'): string;
  /** The appliance finds another operating system on a machine. */
  rename(n: number, osName: string): void;
  /** Vault, fabric, container and policy. */
  prepare(): void;
  /** PUTs the item of machine 1; `change` is merged into its details. */
  enable(change?: object, path?: string): Promise<Answer>;
  /** Vault and all, machine 1 enabled and provisioned. */
  replicating(): Promise<MigrationItem>;
  /** A call of the control plane, below the vault. */
  plane(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
  upload(containerUrl: string, name: string, content: Buffer, sha256: string): Promise<Answer>;
  /** Opens a cycle, uploads its blocks and describes them, commits. @returns the answer to the commit */
  send(item: MigrationItem, cycle: CycleOptions): Promise<Answer>;
  /** `send`, then waits until it is applied or failed. @returns its state */
  cycle(item: MigrationItem, cycle: CycleOptions): Promise<Answer>;
  wait(ms: Millis): Promise<void>;
}

export async function inReplication(script: (world: ReplicationWorld) => Promise<void>): Promise<void> {
  let refuseDisks: ArmError | undefined;
  let refuseMachines: ArmError | undefined;
  const made = new Map<string, VirtualMachineOptions>();
  const machines: TargetCloud['machines'] = {
    create(options) {
      if (refuseMachines) throw refuseMachines;
      const id = `${options.resourceGroupId}/providers/Microsoft.Compute/virtualMachines/${options.name}`;
      made.set(id, options);
      return id;
    },
    delete: (id) => void made.delete(id),
  };
  let parts:
    | { store: ReplicationStore; storage: StorageService; disks: Disks; protection: ProtectedStore }
    | undefined;
  const sites = new Sites();
  await using arm = await armWorld(({ context }, _authorization, { verifyToken }) => {
    const storage = createStorage({ context, accounts: [{ name: LOG_ACCOUNT }], verifyToken });
    const disks = new Disks({ context, storage, region: 'westeurope' });
    const store = new ReplicationStore({
      context,
      storage: logAccount(storage, LOG_ACCOUNT),
      target: {
        createManagedDisk(options) {
          if (refuseDisks) throw refuseDisks;
          return disks.createManagedDisk(options);
        },
        deleteManagedDisk(id) {
          const disk = disks.find(id);
          if (disk) disks.delete(disk);
        },
        machines,
      },
    });
    const protection = new ProtectedStore({ context, storage: store.storage, target: store.target });
    parts = { store, storage, disks, protection };
    return [
      computeProvider({ disks }),
      recoveryProvider({
        context,
        cloud: PUBLIC_CLOUD,
        tenantId: TENANT,
        store,
        findMachine: discoveredMachines(sites),
        appliances: appliancesOf(sites),
        files: publishedFiles(context, storage, LOG_ACCOUNT),
        protectedStore: protection,
      }),
    ];
  });
  assert(parts, 'the providers were made');
  const { world, identity, authorization } = arm;
  const { context } = world;
  const host = 'pod01.westeurope.hypervrecoverymanager.windowsazure.com';
  const service = createReplicationService({
    context,
    cloud: PUBLIC_CLOUD,
    identity,
    authorization,
    tenantId: TENANT,
    store: parts.store,
  });
  await world.serve([host], service);
  await world.serve(['*.blob.core.windows.net'], parts.storage.handler);
  const site = sites.create({
    id: SITE,
    name: 'corp',
    subscriptionId: SUBSCRIPTION,
    resourceGroup: 'rg',
    location: 'westeurope',
    tags: {},
    properties: { applianceName: 'appliance-1' },
  });
  for (const n of [1, 2]) site.inventory.put(readMachine(machine(n), ''), context.clock.wall());
  const base = `https://${host}/v1/vaults/${vaultToken(VAULT)}`;
  const self: ReplicationWorld = {
    ...arm,
    ...parts,
    site,
    machines: made,
    get refuseMachines() {
      return refuseMachines;
    },
    set refuseMachines(error) {
      refuseMachines = error;
    },
    get refuseDisks() {
      return refuseDisks;
    },
    set refuseDisks(error) {
      refuseDisks = error;
    },
    machineId: (n) => `${SITE}/machines/vcenter-corp-test_${String(machine(n)['instanceUuid'])}`,
    diskId,
    rename(n, osName) {
      const operatingSystemDetails = { osType: 'windowsguest', osName };
      site.inventory.put(readMachine(machine(n, { operatingSystemDetails }), ''), context.clock.wall());
    },
    prepare() {
      arm.arm.apply('PUT', VAULT, '2024-04-01', vaultBody);
      arm.arm.apply('PUT', FABRIC, V, fabricBody);
      arm.arm.apply('PUT', CONTAINER, V, { properties: {} });
      arm.arm.apply('PUT', POLICY, V, policyBody);
    },
    enable: (change = {}, path = ITEM) => {
      const providerSpecificDetails = {
        instanceType: 'VMwareCbt',
        vmwareMachineId: self.machineId(1),
        targetResourceGroupId: GROUP,
        disksToInclude: [
          { diskId: diskId(1, 'os'), isOSDisk: 'true' },
          { diskId: diskId(1, 'data'), isOSDisk: 'false', diskType: 'Premium_LRS' },
        ],
        ...change,
      };
      return arm.ask('PUT', path, V, { body: { properties: { policyId: POLICY, providerSpecificDetails } } });
    },
    async replicating() {
      self.prepare();
      await arm.finish(await self.enable());
      const item = self.store.byArmId(ITEM);
      assert(item, 'the machine is enabled');
      return item;
    },
    plane: async (method, path, body, token) =>
      world.ask(method, `${base}${path}`, {
        ...(body === undefined ? {} : { body }),
        token: token ?? (await arm.token(undefined, 'https://hypervrecoverymanager.windowsazure.com')),
      }),
    upload(containerUrl, name, content, sha256) {
      const [path, query] = containerUrl.split('?');
      return world.ask('PUT', `${path}/${name}?${query}`, {
        headers: {
          'x-ms-version': '2021-08-06',
          'x-ms-blob-type': 'BlockBlob',
          'x-ms-meta-sha256': sha256,
          'content-type': 'application/octet-stream',
        },
        body: content,
      });
    },
    async send(item, { id, kind, disks, tamper = (sent) => sent, commitDirty = (dirty) => dirty }) {
      const path = `/items/${item.itemId}/cycles/${id}`;
      const opened = await self.plane('PUT', path, {
        kind,
        takenAt: new Date(context.clock.wall()).toISOString(),
        disks: item.disks.map(({ diskId, capacityBytes }) => ({ diskId, capacityInBytes: capacityBytes })),
      });
      if (opened.status >= 400) return opened;
      let n = 0;
      for (const [i, { image, dirty }] of disks.entries()) {
        const { diskId } = item.disks[i]!;
        const { logContainerUrl } = (await self.plane('POST', `/items/${item.itemId}/sas`, { diskId })).json;
        const blocks: object[] = [];
        for (const block of blocksOf(image, dirty, `${id}/${i}`)) {
          const { entry, content, metadata } = tamper(block, n++);
          if (content) await self.upload(logContainerUrl, String(entry['blob']), content, metadata);
          blocks.push(entry);
        }
        await self.plane('PUT', `${path}/disks/${diskId}/manifests/0`, { blocks });
      }
      return self.plane('POST', `${path}/commit`, {
        disks: item.disks.map(({ diskId }, i) => ({
          diskId,
          manifests: 1,
          dirty: commitDirty(disks[i]!.dirty),
        })),
      });
    },
    async cycle(item, cycle) {
      const committed = await self.send(item, cycle);
      if (committed.status >= 400) return committed;
      await self.wait(3000);
      return self.plane('GET', `/items/${item.itemId}/cycles/${cycle.id}`);
    },
    wait: (ms) => sleep(world.tier.clock, ms, 'test.wait'),
  };
  await world.run(() => script(self));
}

export const vaultBody = { location: 'westeurope', sku: { name: 'Standard' }, properties: {} };
export const fabricBody = {
  properties: { customDetails: { instanceType: 'VMwareV2', vmwareSiteId: SITE } },
};
export const policyBody = {
  properties: {
    providerSpecificInput: {
      instanceType: 'VMwareCbt',
      recoveryPointHistoryInMinutes: 1440,
      crashConsistentFrequencyInMinutes: 60,
      appConsistentFrequencyInMinutes: 240,
    },
  },
};

export const migrateBody = (performShutdown: string) => ({
  properties: { providerSpecificDetails: { instanceType: 'VMwareCbt', performShutdown } },
});
export const NETWORK = `${GROUP}/providers/Microsoft.Network/virtualNetworks/test`;
export const testBody = (recoveryPointId: string) => ({
  properties: {
    providerSpecificDetails: { instanceType: 'VMwareCbt', recoveryPointId, networkId: NETWORK },
  },
});
export const resumeBody = { properties: { providerSpecificDetails: { instanceType: 'VMwareCbt' } } };

/** Site Recovery's own spelling of ids. */
export const spelt = (id: string) => id.replace('/subscriptions/', '/Subscriptions/');

export const detailsOf = (answer: Answer) => answer.json.properties.providerSpecificDetails;

/** As ARM shows it. */
export async function stateOf({ ask }: ReplicationWorld): Promise<string> {
  return (await ask('GET', ITEM, V)).json.properties.migrationState;
}

export function logBlobs({ storage }: ReplicationWorld, item: MigrationItem): string[] {
  return item.disks.flatMap(({ container }) => [...storage.blobNames(LOG_ACCOUNT, container)]);
}

/** Is the replica byte for byte what these disks are? */
export function holds(item: MigrationItem, disks: ReadonlyArray<{ image: Buffer }>): boolean {
  return item.disks.every(({ seed }, i) => seed.read(0, seed.sizeBytes).equals(disks[i]!.image));
}

function diskId(n: number, disk: 'os' | 'data'): string {
  return `6000c29${disk === 'os' ? 0 : 1}-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** A discovered machine with two small disks. */
export function machine(n: number, change: object = {}): Record<string, unknown> {
  const disk = (uuid: string, label: string, maxSizeInBytes: Bytes, isOSDisk: string, instance: string) => ({
    uuid,
    label,
    maxSizeInBytes,
    isOSDisk,
    instance,
    diskMode: 'persistent',
  });
  return discovered(n, {
    disks: [
      disk(diskId(n, 'os'), 'Hard disk 1', OS_DISK_BYTES, 'true', 'scsi0:0'),
      disk(diskId(n, 'data'), 'Hard disk 2', DATA_DISK_BYTES, 'false', 'scsi0:1'),
    ],
    ...change,
  });
}

/** Blocks of the dirty ranges: one for each window of 1 MiB; content of zeros has none, every other one is packed. */
function* blocksOf(image: Buffer, dirty: readonly Range[], prefix: string): Generator<SentBlock> {
  for (let offset = 0; offset < image.length; offset += MIB) {
    const extents: Range[] = [];
    for (const [start, length] of dirty) {
      const from = Math.max(start, offset);
      const to = Math.min(start + length, offset + MIB);
      if (from < to) extents.push([from - offset, to - from]);
    }
    if (extents.length === 0) continue;
    const payload = Buffer.concat(
      extents.map(([start, length]) => image.subarray(offset + start, offset + start + length)),
    );
    const sha256 = createHash('sha256').update(payload).digest('hex');
    if (payload.every((byte) => byte === 0)) {
      yield { entry: { offset, extents, encoding: 'zero' }, content: undefined, metadata: '' };
      continue;
    }
    const encoding = (offset / MIB) % 2 === 0 ? 'zstd' : 'none';
    const content = encoding === 'zstd' ? zstdCompressSync(payload) : payload;
    const blob = `${prefix}/${offset / MIB}`;
    yield {
      entry: { offset, extents, encoding, blob, storedBytes: content.length, sha256 },
      content,
      metadata: sha256,
    };
  }
}

/** Both disks with recognisable content in some places, which are to be sent; zeros elsewhere. */
export function someContent(fill = 1): SourceDisk[] {
  const places: ReadonlyArray<readonly Range[]> = [
    [
      [0, 64 * KIB],
      [MIB - 512, 1024], // in two windows
      [OS_DISK_BYTES - 512, 512],
    ],
    [[DATA_DISK_BYTES - 4 * KIB, 4 * KIB]],
  ];
  return places.map((dirty, disk) => {
    const image = Buffer.alloc(disk === 0 ? OS_DISK_BYTES : DATA_DISK_BYTES);
    for (const [start, length] of dirty)
      for (let at = start; at < start + length; at += 512)
        image.fill(((at / 512 + 7 * disk + fill) % 250) + 1, at, at + 512);
    return { image, dirty };
  });
}

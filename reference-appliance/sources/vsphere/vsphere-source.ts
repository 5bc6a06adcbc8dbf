/** One vCenter as a source: the calls of this folder behind the domain's port, faults told as coded errors. */
import { HttpClient } from '#core/net/http-client.ts';
import type { TlsClientOptions, Transport } from '#core/net/transport.ts';
import { type Clock, deadline } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { SECOND } from '#core/units.ts';
import type { ReplicationSource } from '../../app/ports.ts';
import type { SourceChanges, VmwareAbout, VmwareMachine } from '../../app/source-machines.ts';
import type { Logger } from '../../log.ts';
import { enableChangeTracking, queryChangedAreas } from './changed-blocks.ts';
import { type ManagedObject, type ServiceContent, VsphereConnection } from './connection.ts';
import { readDisk } from './disk-reader.ts';
import { told, VimFault } from './faults.ts';
import { runInGuest } from './guest.ts';
import { Inventory } from './inventory.ts';
import { INVENTORY_SPECS, readPower } from './machine-properties.ts';
import { type CounterIds, PerformanceQueries, readCounterIds } from './performance.ts';
import { missingPrivileges } from './privileges.ts';
import { InventoryFeed, readObject } from './property-collector.ts';
import type { Scope } from './scope.ts';
import { createSnapshot, listSnapshots, readFrozen, removeSnapshot } from './snapshots.ts';
import { waitForTask } from './tasks.ts';

export interface VsphereOptions {
  host: string;
  port: number;
  user: string;
  password: string;
  tls: Omit<TlsClientOptions, 'serverName'>;
  scope: Scope | undefined;
  transport: Transport;
  clock: Clock;
  life: AbortSignal;
  log: Logger;
  counters: Counters;
}

/** How long a sign-out may take when the appliance stops. */
const SIGN_OUT_MS = 5 * SECOND;

const machineOf = (id: string): ManagedObject => ({ type: 'VirtualMachine', id });

export function vsphereSource(options: VsphereOptions): ReplicationSource {
  const { host, clock, log } = options;
  const http = new HttpClient({ transport: options.transport, clock, tls: options.tls });
  const connection = new VsphereConnection({ ...options, http });
  const inventory = new Inventory(options.scope);
  const feed = new InventoryFeed(connection, INVENTORY_SPECS);
  const performance = new PerformanceQueries(connection, log);
  /** Everything is being told anew; stays so until all of it has been read, in however many attempts. */
  let isFull = false;
  let counterIds: { session: number; ids: CounterIds } | undefined;

  async function telling<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw told(error, host, doing);
    }
  }

  /** Read once per session: a restarted or upgraded server may number them anew. */
  async function counterIdsOf(signal: AbortSignal): Promise<CounterIds> {
    await connection.content(signal);
    if (counterIds?.session !== connection.session) {
      const { session } = connection;
      counterIds = { session, ids: await readCounterIds(connection, signal) };
      if (counterIds.ids.size < 8)
        log.warn({ vcenter: host, found: counterIds.ids.size }, 'counters are missing');
    }
    return counterIds.ids;
  }

  const aboutOf = ({ about }: ServiceContent): VmwareAbout => ({
    kind: 'vmware',
    fqdn: host,
    instanceUuid: about.instanceUuid,
    version: about.version,
    licenseProductName: about.licenseProductName,
  });

  return {
    name: host,
    kind: 'vmware',
    about: (signal) => telling('sign in', async () => aboutOf(await connection.content(signal))),
    changes: (waitMs, signal) =>
      telling('read the inventory', async (): Promise<SourceChanges<VmwareMachine>> => {
        await feed.read(
          waitMs,
          signal,
          () => {
            inventory.clear();
            isFull = true;
          },
          (update) => inventory.apply(update),
        );
        const full = isFull;
        isFull = false;
        const { machines, removed } = inventory.takeChanges();
        return { full, machines, removed: full ? [] : removed, unreached: [] };
      }),
    prerequisites: (signal) =>
      telling('look up its privileges', async () => {
        const { rootFolder } = await connection.content(signal);
        const root = { object: rootFolder, name: 'the root folder' };
        return missingPrivileges(connection, { ...inventory.samplePlaces(), root }, signal);
      }),
    samples: (query, makeSink, signal) =>
      telling('read performance counters', async () =>
        performance.samples(await counterIdsOf(signal), query, makeSink, signal),
      ),
    enableChangeTracking: (handle, signal) =>
      telling('enable changed block tracking', () =>
        enableChangeTracking(connection, clock, machineOf(handle), signal),
      ),
    snapshots: (handle, signal) =>
      telling('list snapshots', () => listSnapshots(connection, machineOf(handle), signal)),
    createSnapshot: (handle, name, signal) =>
      telling(`take a snapshot of ${handle}`, () =>
        createSnapshot(connection, clock, machineOf(handle), name, signal),
      ),
    removeSnapshot: (snapshot, signal) =>
      telling(`remove snapshot ${snapshot}`, () => removeSnapshot(connection, clock, snapshot, signal)),
    frozen: (snapshot, signal) =>
      telling(`read snapshot ${snapshot}`, () => readFrozen(connection, snapshot, signal)),
    changedRanges: (handle, snapshot, disk, since, signal) =>
      telling('ask for changed blocks', () =>
        queryChangedAreas(connection, machineOf(handle), snapshot, disk, since ?? '*', signal),
      ),
    read: (handle, disk, range, signal) =>
      telling('read a disk', () =>
        readDisk(connection, inventory.datacenterPath(handle), disk, range, signal),
      ),
    powerState: (handle, signal) =>
      telling('read the power state', async () => {
        const values = await readObject(connection, machineOf(handle), ['runtime.powerState'], signal);
        return readPower(values.get('runtime.powerState')?.text ?? '');
      }),
    runInGuest: ({ handle, name }, credential, script, signal) =>
      telling(`look into ${name}`, () =>
        runInGuest({ connection, http, clock }, machineOf(handle), name, credential, script, signal),
      ),
    shutDownGuest: (handle, signal) =>
      telling('shut a guest down', async () => {
        try {
          await connection.call('ShutdownGuest', machineOf(handle), () => {}, signal);
          return true;
        } catch (error) {
          if (error instanceof VimFault && /^(ToolsUnavailable|InvalidPowerState)$/.test(error.type))
            return false;
          throw error;
        }
      }),
    powerOff: (handle, signal) =>
      telling(`power ${handle} off`, async () => {
        try {
          const [task] = await connection.ask('PowerOffVM_Task', machineOf(handle), () => {}, signal);
          await waitForTask(connection, clock, task, `power ${handle} off`, signal);
        } catch (error) {
          // off already
          if (!(error instanceof VimFault) || error.type !== 'InvalidPowerState') throw error;
        }
      }),
    async close() {
      using timer = deadline(clock, SIGN_OUT_MS, 'appliance.vcenter.signOut');
      await connection.signOut(timer.signal);
      http.close();
    },
  };
}

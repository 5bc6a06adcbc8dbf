/** One vCenter as a Source: the calls of this folder behind the domain's port, faults told as coded errors. */
import { HttpClient } from '#core/net/http-client.ts';
import type { TlsClientOptions, Transport } from '#core/net/transport.ts';
import { type Clock, deadline } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { SECOND } from '#core/units.ts';
import type { Source, SourceChanges } from '../../app/ports.ts';
import type { Logger } from '../../log.ts';
import { enableChangeTracking, queryChangedAreas } from './changed-blocks.ts';
import { type ManagedObject, type ServiceContent, VsphereConnection } from './connection.ts';
import { readDisk } from './disk-reader.ts';
import { told, VimFault } from './faults.ts';
import { INVENTORY_SPECS, Inventory, readPower, type Scope } from './inventory.ts';
import { type CounterIds, querySamples, readCounterIds } from './performance.ts';
import { InventoryFeed, readObject } from './property-collector.ts';
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

export function vsphereSource(options: VsphereOptions): Source {
  const { host, clock, log } = options;
  const http = new HttpClient({ transport: options.transport, clock, tls: options.tls });
  const connection = new VsphereConnection({ ...options, http });
  const inventory = new Inventory(options.scope);
  const feed = new InventoryFeed(connection, INVENTORY_SPECS);
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

  const aboutOf = ({ about }: ServiceContent) => ({
    fqdn: host,
    instanceUuid: about.instanceUuid,
    version: about.version,
  });

  return {
    name: host,
    about: (signal) => telling('sign in', async () => aboutOf(await connection.content(signal))),
    changes: (signal) =>
      telling('read the inventory', async (): Promise<SourceChanges> => {
        let full = false;
        await feed.read(
          signal,
          () => {
            inventory.clear();
            full = true;
          },
          (update) => inventory.apply(update),
        );
        const { machines, removed } = inventory.takeChanges();
        return { full, machines, removed: full ? [] : removed };
      }),
    samples: (query, makeSink, signal) =>
      telling('read performance counters', async () =>
        querySamples(connection, await counterIdsOf(signal), query, makeSink, signal).catch((error) => {
          // QueryPerf words a machine that is gone in either way
          if (
            error instanceof VimFault &&
            error.type === 'InvalidArgument' &&
            /entity/i.test(error.field('invalidProperty') ?? '')
          )
            throw new VimFault('ManagedObjectNotFound', error.message, error.detail);
          throw error;
        }),
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

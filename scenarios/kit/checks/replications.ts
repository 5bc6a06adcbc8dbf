/**
 * Replications, cycle by cycle, for checks and for the run record: what the service says of each cycle, and
 * beside it what the appliance says of the work.
 */
import type { CycleView, ReplicationView } from '#core/contracts/run-record.ts';
import type { Millis, UnixMillis } from '#core/units.ts';
import type { Story } from '../story.ts';
import type { World } from '../world.ts';

export function replicationViews(world: World, story: Story): ReplicationView[] {
  const told = new Map(
    (world.appliance?.status().replications ?? [])
      .flatMap(({ cycles }) => cycles)
      .map((cycle) => [cycle.id, cycle] as const),
  );
  return world.azure.replication.items().map((item): ReplicationView => {
    const machine = story.machine(item.machine.displayName);
    const cutover = story.cutovers.get(machine.name);
    return {
      machine: machine.name,
      state: item.state,
      disks: item.disks.map((disk) => {
        const index = machine.disks.findIndex(({ uuid }) => uuid.toLowerCase() === disk.diskId.toLowerCase());
        const migrated = story.migrated.find((m) => m.machine === machine && m.diskIndex === index);
        return {
          name: disk.label,
          sizeBytes: disk.capacityBytes,
          sourceSha256: migrated?.sourceSha256 ?? '',
          targetSha256: migrated?.exported.sha256 ?? '',
        };
      }),
      cycles: item.cycles.map((cycle): CycleView => {
        const work = told.get(cycle.id);
        return {
          id: cycle.id,
          kind: cycle.kind,
          from: cycle.takenAt,
          ...(cycle.endedAt === undefined ? {} : { to: cycle.endedAt }),
          changedBytes: work?.changedBytes ?? cycle.appliedBytes,
          readBytes: work?.readBytes ?? 0,
          sentBytes: work?.sentBytes ?? 0,
          blocks: work?.blocks ?? 0,
          retries: work?.retries ?? 0,
          state: cycle.error ? `${cycle.state}: ${cycle.error.code}` : cycle.state,
        };
      }),
      ...(cutover ? { cutover } : {}),
    };
  });
}

/**
 * The longest time for which a machine depended on one recovery point: from the instant that point was taken
 * until the next one was there. Undefined before there were two.
 */
export function longestRpo(view: ReplicationView): { ms: Millis; at: UnixMillis } | undefined {
  const applied = view.cycles.filter(({ state, to }) => state === 'Applied' && to !== undefined);
  let longest: { ms: Millis; at: UnixMillis } | undefined;
  for (let i = 1; i < applied.length; i++) {
    const ms = applied[i]!.to! - applied[i - 1]!.from;
    if (longest === undefined || ms > longest.ms) longest = { ms, at: applied[i]!.to! };
  }
  return longest;
}

/**
 * Collection from sources that keep nothing, without their protocols: 5,000 machines of Hyper-V with two disks and an
 * adapter, a sample every 30 seconds, from the sink to batches that are durable and taken by a service. The peer gets the
 * same samples and does nothing with them.
 */
import { LIVE_COUNTERS, type LiveSink } from '#appliance/app/ports.ts';
import type { SourceMachine } from '#appliance/app/source-machines.ts';
import { fakeLiveSource, hypervMachine } from '#appliance/testing/fake-live-source.ts';
import { type LiveStage, liveStage } from '#appliance/testing/live-stage.ts';
import { sleep } from '#core/time/clock.ts';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import type { BenchSuite } from '../suite.ts';

const MACHINES = 5_000;
const SERIES = 2 + 2 * 4 + 2;
const TICKS = HOUR / (30 * SECOND);

function machines(): SourceMachine[] {
  return Array.from({ length: MACHINES }, (_, n) => {
    const one = hypervMachine(n);
    const disk = (i: number) => ({ ...one.disks[0]!, uuid: `D:${n}:${i}`, instance: `D:${n}:${i}` });
    return { ...one, disks: [disk(0), disk(1)] };
  });
}

/** Twelve values of each: no protocol, no allocation. */
function tell(all: readonly SourceMachine[], sink: LiveSink, at: number): void {
  for (let m = 0; m < all.length; m++) {
    const { handle, disks, nics } = all[m]!;
    const value = (m * 7 + at * 13) % 9_000;
    sink(handle, 'cpu.usage', '', value);
    sink(handle, 'mem.usage', '', value + 1);
    for (const { instance } of disks)
      for (let c = 2; c < 6; c++) sink(handle, LIVE_COUNTERS[c]!, instance, value + c);
    for (const { id } of nics) for (let c = 6; c < 8; c++) sink(handle, LIVE_COUNTERS[c]!, id, value + c);
  }
}

async function begun(all: readonly SourceMachine[]): Promise<LiveStage> {
  const stage = await liveStage(({ clock }) => {
    const source = fakeLiveSource(clock, 'hv1');
    for (const machine of all) if (machine.kind === 'hyperv') source.put(machine);
    source.sample = async (asked, sink) => tell(asked, sink, clock.wall() / (30 * SECOND));
    return [source];
  }, 30 * MINUTE);
  await stage.world.run(async () => {
    await stage.start();
    await sleep(stage.world.clock, 11 * MINUTE, 'bench');
  });
  return stage;
}

export const suite: BenchSuite = {
  name: 'live-performance',
  benches: () => {
    const all = machines();
    let stage: LiveStage | undefined;
    let nothing = 0;
    return [
      {
        name: `${MACHINES} machines, a sample every 30 s, for an hour`,
        unit: 'samples',
        work: MACHINES * SERIES * TICKS,
        isLong: true,
        async setup() {
          stage = await begun(all);
        },
        run: () => stage!.world.run(() => sleep(stage!.world.clock, HOUR, 'bench')),
        peer: {
          name: 'a sink that only counts',
          run: () => {
            for (let at = 0; at < TICKS; at++)
              tell(
                all,
                () => {
                  nothing++;
                },
                at,
              );
            return nothing;
          },
        },
      },
    ];
  },
};

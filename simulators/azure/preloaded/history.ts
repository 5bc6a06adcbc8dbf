/**
 * Ten-minute points of the time before the story, from the estate's own curves through the same roll-up that
 * an appliance uses: what an assessment of a served cloud reads.
 */
import { PeakSink, POINT_PERIOD_MS, RollUp, rollUpGrid } from '#core/metrics/roll-up.ts';
import { DAY, SECOND, type UnixMillis } from '#core/units.ts';
import type { EstateFacts, Machine } from '../../estate/model.ts';
import { type Counter, curveOf, fillCurve, SAMPLE_SECONDS } from '../../estate/workload-curve.ts';
import { KEPT_WINDOWS, type SiteInventory } from '../discovery-service/inventory.ts';
import { diskInstance, nicInstance } from './published-machine.ts';

/** A whole month of so many machines; larger estates get a shorter history, a day at least. */
const WHOLE_MONTH_MACHINES = 100;
const WINDOWS_MIN = DAY / POINT_PERIOD_MS;

const GRID = rollUpGrid(SAMPLE_SECONDS * SECOND);
const PER_WINDOW = GRID.samplesPerWindow;
/** Samples made at a time. */
const BATCH_SAMPLES = WINDOWS_MIN * PER_WINDOW;

/** How many ten-minute windows of history an estate of that many machines gets, so that the start stays short. */
export function historyWindows(machines: number): number {
  const affordable = Math.floor((WHOLE_MONTH_MACHINES * KEPT_WINDOWS) / Math.max(machines, 1));
  return Math.min(KEPT_WINDOWS, Math.max(WINDOWS_MIN, affordable));
}

/** Stores the last `windows` windows that ended by `now` of all counters of a machine. One that is off has none. */
export function publishHistory(
  facts: EstateFacts,
  machine: Machine,
  inventory: SiteInventory,
  windows: number,
  now: UnixMillis,
): void {
  if (machine.power !== 'on' || machine.template) return;
  const first = Math.floor(now / POINT_PERIOD_MS) - windows;
  const publish = (counter: Counter, index: number, instance: string): void => {
    const scale = counter === 'cpu.usage' || counter === 'mem.usage' ? 100 : 1; // hundredths of a per cent
    const curve = curveOf(facts, machine, counter, index);
    const sink = new PeakSink(windows + 2);
    const rollUp = new RollUp(GRID);
    const end = (first + windows) * PER_WINDOW;
    for (let sample = first * PER_WINDOW + 1; sample <= end; sample += BATCH_SAMPLES) {
      const count = Math.min(BATCH_SAMPLES, end - sample + 1);
      fillCurve(curve, sample, count, samples);
      rollUp.add(samples, 0, count, sample, sink);
    }
    const values = new Array<number>(sink.length);
    for (let i = 0; i < sink.length; i++) values[i] = sink.peaks[i]! / scale;
    inventory.putPoints(machine.instanceUuid, counter, instance, first, values);
  };
  publish('cpu.usage', 0, '');
  publish('mem.usage', 0, '');
  for (const disk of machine.disks)
    for (const counter of DISK_COUNTERS) publish(counter, disk.index, diskInstance(disk));
  for (const nic of machine.nics)
    for (const counter of NIC_COUNTERS) publish(counter, nic.index, nicInstance(nic));
}

const samples = new Int32Array(BATCH_SAMPLES);
const DISK_COUNTERS: readonly Counter[] = [
  'virtualDisk.read',
  'virtualDisk.write',
  'virtualDisk.numberReadAveraged',
  'virtualDisk.numberWriteAveraged',
];
const NIC_COUNTERS: readonly Counter[] = ['net.received', 'net.transmitted'];

import { describe, expect, test } from 'vitest';
import { generateEstate } from './generate.ts';
import type { EstateFacts, Machine, WorkloadShape } from './model.ts';
import { type Counter, curveOf, fillCurve } from './workload-curve.ts';

/** Monday 2024-01-01T00:00:00Z. */
const MONDAY = Date.UTC(2024, 0, 1) / 20_000;
const HOUR = 180;
const WEEK = 168 * HOUR;

const facts = generateEstate({ seed: 'curves', machines: 9 });

function machineWith(workload: Partial<Machine['workload']>): Machine {
  const machine = facts.machines[8]!;
  return { ...machine, workload: { ...machine.workload, ...workload } };
}

/** One week from Monday; element 0 is the sample that ends at Monday 00:00:20. */
function week(machine: Machine, counter: Counter, instance = 0, of: EstateFacts = facts): Int32Array {
  const out = new Int32Array(WEEK);
  fillCurve(curveOf(of, machine, counter, instance), MONDAY + 1, WEEK, out);
  return out;
}

/** Mean over hours `from` … `to` of day `day` (0 = Monday). */
function mean(values: Int32Array, day: number, from: number, to: number): number {
  const part = values.subarray((day * 24 + from) * HOUR, (day * 24 + to) * HOUR);
  return part.reduce((sum, value) => sum + value, 0) / part.length;
}

describe('shapes of load', () => {
  test('office: the working day runs at the stated level, nights and weekends are quiet', () => {
    const cpu = week(machineWith({ shape: 'office', cpuLevel: 0.5 }), 'cpu.usage');
    for (const day of [0, 1, 2, 3, 4]) {
      expect(mean(cpu, day, 13, 16)).toBeGreaterThan(4700);
      expect(mean(cpu, day, 13, 16)).toBeLessThan(5300);
      expect(mean(cpu, day, 1, 4)).toBeLessThan(500);
    }
    expect(mean(cpu, 5, 9, 17)).toBeLessThan(500);
  });

  test('batch: the night runs at the stated level, the day is quiet', () => {
    const cpu = week(machineWith({ shape: 'batch', cpuLevel: 0.8 }), 'cpu.usage');
    expect(mean(cpu, 2, 0, 3)).toBeGreaterThan(7500);
    expect(mean(cpu, 2, 9, 17)).toBeLessThan(600);
  });

  test('leaking: memory grows all week and is back where it began after the restart on Sunday 03:00', () => {
    const memory = week(machineWith({ shape: 'leaking', memoryLevel: 0.9 }), 'mem.usage');
    const days = [0, 1, 2, 3, 4, 5].map((day) => mean(memory, day, 12, 13));
    expect(days).toEqual(days.toSorted((a, b) => a - b));
    expect(mean(memory, 6, 0, 2)).toBeGreaterThan(8500);
    expect(mean(memory, 6, 4, 6)).toBeLessThan(4000);
  });

  test('bursty: about one five-minute block in ten stands far above the rest', () => {
    const cpu = week(machineWith({ shape: 'bursty', cpuLevel: 0.8 }), 'cpu.usage');
    let bursts = 0;
    for (let at = 0; at < WEEK; at += 15) if (cpu[at]! > 4500) bursts++;
    expect(bursts / (WEEK / 15)).toBeGreaterThan(0.07);
    expect(bursts / (WEEK / 15)).toBeLessThan(0.13);
  });

  test('steady and idle stay where they are told to be', () => {
    const steady = week(machineWith({ shape: 'steady', cpuLevel: 0.4 }), 'cpu.usage');
    const idle = week(machineWith({ shape: 'idle', cpuLevel: 0.03 }), 'cpu.usage');
    for (const day of [0, 3, 6]) {
      expect(Math.abs(mean(steady, day, 0, 24) - 4000)).toBeLessThan(150);
      expect(mean(idle, day, 0, 24)).toBeLessThan(350);
    }
  });

  test('the busiest sample of a disk stays within its stated peak, reads and writes together', () => {
    for (const shape of ['office', 'batch', 'bursty', 'steady'] as WorkloadShape[]) {
      const machine = machineWith({ shape, diskKBps: 10_000, diskIops: 400 });
      const read = week(machine, 'virtualDisk.read', 1);
      const write = week(machine, 'virtualDisk.write', 1);
      const reads = week(machine, 'virtualDisk.numberReadAveraged', 1);
      const writes = week(machine, 'virtualDisk.numberWriteAveraged', 1);
      expect(Math.max(...read) + Math.max(...write)).toBeLessThanOrEqual(10_000);
      expect(Math.max(...reads) + Math.max(...writes)).toBeLessThanOrEqual(400);
      expect(Math.max(...read)).toBeGreaterThan(2000);
    }
  });

  test('backups read the disks at night and write nothing', () => {
    const machine = machineWith({ shape: 'office', diskKBps: 20_000 });
    expect(mean(week(machine, 'virtualDisk.read', 1), 1, 1, 2)).toBeGreaterThan(
      10 * mean(week(machine, 'virtualDisk.read', 1), 1, 4, 5),
    );
    expect(mean(week(machine, 'virtualDisk.write', 1), 1, 1, 2)).toBeLessThan(2000);
  });

  test('a disconnected adapter carries nothing', () => {
    const machine = facts.machines[8]!;
    const unplugged = { ...machine, nics: machine.nics.map((nic) => ({ ...nic, connected: false })) };
    expect(week(unplugged, 'net.received').every((value) => value === 0)).toBe(true);
  });

  test('disks, adapters and directions have curves of their own', () => {
    const machine = machineWith({ shape: 'steady', diskKBps: 50_000, netKBps: 10_000 });
    const all = [
      week(machine, 'virtualDisk.read', 0),
      week(machine, 'virtualDisk.read', 1),
      week(machine, 'virtualDisk.write', 0),
      week(machine, 'net.received', 0),
      week(machine, 'net.transmitted', 0),
      week(machine, 'net.received', 1),
    ];
    expect(new Set(all.map((values) => values.subarray(0, 20).join())).size).toBe(all.length);
  });
});

describe('recorded traces', () => {
  const recorded = Uint8Array.from({ length: 288 }, (_, i) => (i * 7) % 101);
  const traced = { ...facts, cpuTraces: new Map([['day', recorded]]) };
  const machine = machineWith({ cpuTrace: 'day', shape: 'steady', memoryLevel: 0.8, diskKBps: 10_000 });

  test('every five-minute mean is the recorded value, to the rounding that the recording lost', () => {
    const cpu = week(machine, 'cpu.usage', 0, traced);
    for (let block = 0; block < 2016; block++) {
      const inBlock = cpu.subarray(block * 15, block * 15 + 15);
      const value = recorded[block % 288]! * 100;
      expect(Math.max(...inBlock.map((sample) => Math.abs(sample - value)))).toBeLessThanOrEqual(51);
    }
  });

  test('it wraps around after its length and stays at or below 100 %', () => {
    const cpu = week(machine, 'cpu.usage', 0, traced);
    expect(Math.max(...cpu)).toBe(10_000);
    expect(Math.abs(cpu[7]! - cpu[7 + 24 * HOUR]!)).toBeLessThanOrEqual(101);
  });

  test('memory and disks follow it', () => {
    const busy = recorded.indexOf(100) * 15 + 3;
    const quiet = 3; // recorded 0 %
    const memory = week(machine, 'mem.usage', 0, traced);
    const write = week(machine, 'virtualDisk.write', 1, traced);
    expect(memory[busy]! - memory[quiet]!).toBeGreaterThan(1500);
    expect(write[busy]!).toBeGreaterThan(500);
    expect(write[quiet]!).toBeLessThan(20);
  });

  test('a trace that the estate does not hold is a bug, not a flat line', () => {
    expect(() => curveOf(facts, machineWith({ cpuTrace: 'gone' }), 'cpu.usage', 0)).toThrow(
      /no CPU trace gone/,
    );
  });
});

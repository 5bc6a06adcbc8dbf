/** Machines and points for the tests of this folder. */
import { Points } from '../metrics/points.ts';
import { GIB } from '../units.ts';
import { type AssessedMachine, type Assessment, assess } from './assess.ts';
import type { CounterName, DiskOfMachine, MachineFacts, PointSource } from './machine-facts.ts';
import { builtInCatalogue, type Catalogue } from './plan.ts';
import { assessmentProperties, type GivenProperties } from './properties.ts';

/** The instant tests assess at; the last window that is over is END_WINDOW - 1. */
export const END_WINDOW = 2_900_000;
export const AS_OF = END_WINDOW * 600_000;

/** The last `count` windows, all at `value` (in the counter's unit). */
export function flat(value: number, count = 144, periodMs = 600_000): Points {
  const points = new Points(periodMs);
  const end = AS_OF / periodMs;
  for (let i = 1; i <= count; i++) points.raise(end - i, value);
  return points;
}

/** Points of a month, oldest first. */
export function points(values: readonly number[]): Points {
  const series = new Points(600_000);
  values.forEach((value, i) => {
    if (!Number.isNaN(value)) series.raise(END_WINDOW - values.length + i, value);
  });
  return series;
}

/** Series by "counter" or "counter instance": "cpu", "readIops d1". */
export function source(series: Readonly<Record<string, Points>>): PointSource {
  return (counter: CounterName, instance: string) =>
    series[instance === '' ? counter : `${counter} ${instance}`];
}

export function disk(id: string, sizeGiB: number, isOs = false): DiskOfMachine {
  return { id, label: `Hard disk ${id.slice(1)}`, sizeBytes: sizeGiB * GIB, isOs };
}

export function machine(stated: Partial<MachineFacts> = {}): MachineFacts {
  return {
    id: 'm-1',
    displayName: 'web-01',
    platform: 'VMware',
    cores: 4,
    memoryMiB: 8 * 1024,
    bootType: 'BIOS',
    os: { name: 'Microsoft Windows Server 2016 (64-bit)' },
    disks: [disk('d1', 100, true)],
    nics: [{ id: 'n1' }],
    ...stated,
  };
}

export function assessOne(
  properties: GivenProperties,
  facts: MachineFacts,
  series: Readonly<Record<string, Points>> = {},
  catalogue: Catalogue = builtInCatalogue(),
): AssessedMachine {
  return assessGroup(properties, [[facts, series]], catalogue).machines[0]!;
}

export function assessGroup(
  properties: GivenProperties,
  machines: readonly (readonly [MachineFacts, Readonly<Record<string, Points>>])[],
  catalogue: Catalogue = builtInCatalogue(),
): Assessment {
  const inputs = machines.map(([facts, series]) => ({ facts, points: source(series) }));
  return assess(assessmentProperties(properties), catalogue, AS_OF, inputs);
}

import { describe, expect, test } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { DAY } from '#core/units.ts';
import { Estate, type EstateChange } from './estate.ts';
import { generateEstate } from './generate.ts';

const START = Date.UTC(2024, 0, 1);

function newEstate(machines = 4) {
  let now = START;
  const clock: Clock = {
    monotonic: () => now - START,
    wall: () => now,
    schedule: () => ({ cancel: () => {} }),
  };
  const facts = generateEstate({ seed: 'estate', machines });
  const estate = new Estate(facts, { clock, entropy: new Entropy('estate') });
  return {
    estate,
    facts,
    id: facts.machines.find((m) => m.power === 'on')!.id,
    at: (ms: number) => (now = START + ms),
  };
}

describe('power', () => {
  test('machines that are on were started one day to three months before the story', () => {
    const { estate, facts } = newEstate(40);
    for (const { id, power } of facts.machines) {
      expect(estate.power(id)).toBe(power);
      expect(START - estate.powerSince(id)).toBeGreaterThanOrEqual(DAY);
      expect(START - estate.powerSince(id)).toBeLessThan(92 * DAY);
    }
  });

  test('a window has a sample when the machine was on at its start', () => {
    const { estate, id, at } = newEstate();
    at(30_000);
    estate.setPower(id, 'off');
    at(100_000);
    estate.setPower(id, 'on');
    const ends = [0, 20, 40, 60, 100, 120, 140].map((s) => estate.wasOn(id, START + s * 1000));
    // ends at 40 s: began at 20 s, on. Ends at 60 s: began at 40 s, off. Ends at 120 s: began at 100 s, on.
    expect(ends).toEqual([true, true, true, false, false, true, true]);
    expect(estate.wasOn(id, START - 365 * DAY)).toBe(true);
    expect(estate.powerSince(id)).toBe(START + 100_000);
  });

  test('setting what is already so is no change', () => {
    const { estate, id } = newEstate();
    const since = estate.powerSince(id);
    const seen: EstateChange[] = [];
    estate.onChange((change) => seen.push(change));
    estate.setPower(id, 'on');
    expect(seen).toEqual([]);
    expect(estate.powerSince(id)).toBe(since);
  });
});

test('listeners hear of power and of writes, until they are disposed of', () => {
  const { estate, id } = newEstate();
  const seen: EstateChange[] = [];
  const subscription = estate.onChange((change) => seen.push(change));
  estate.setPower(id, 'suspended');
  estate.disk(`${id}/0`).write(0, Buffer.alloc(512));
  estate.disk(`${id}/0`).mark();
  subscription[Symbol.dispose]();
  estate.setPower(id, 'on');
  expect(seen).toEqual([
    { kind: 'power', machineId: id },
    { kind: 'disk', machineId: id, diskId: `${id}/0` },
  ]);
});

test('a disk is the same object for everybody, and unknown ones do not exist', () => {
  const { estate, id } = newEstate();
  expect(estate.disk(`${id}/0`)).toBe(estate.disk(`${id}/0`));
  expect(estate.machine(id)!.id).toBe(id);
  expect(estate.machine('vm-none')).toBeUndefined();
  expect(() => estate.disk(`${id}/99`)).toThrow(/no disk/);
  expect(() => estate.power('vm-none')).toThrow(/no machine/);
});

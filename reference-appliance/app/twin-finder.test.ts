import { expect, test } from 'vitest';
import { SystemClock } from '#core/time/system-clock.ts';
import { createLog } from '../log.ts';
import { hypervMachine, serverMachine } from '../testing/fake-live-source.ts';
import { machine as vmwareMachine } from '../testing/fake-source.ts';
import type { Seen } from './duplicates.ts';
import { TwinFinder } from './twin-finder.ts';
import { Warnings } from './warnings.ts';

const UUID = '564d1234-5678-9abc-def0-123456789abc';

function finder(seen: Seen[]) {
  const lines: string[] = [];
  const clock = new SystemClock();
  const warnings = new Warnings(createLog({ clock, level: 'debug', write: (line) => lines.push(line) }));
  return { warnings, lines, twins: new TwinFinder(warnings, () => [...seen]) };
}

test('a guest that is also in the list of servers counts once, as a guest; it is warned about until it is taken out', () => {
  const guest = vmwareMachine(1, { biosUuid: UUID, name: 'web' });
  const listed = serverMachine(1, { biosUuid: UUID, name: 'web.corp.test' });
  const other = serverMachine(2);
  const seen: Seen[] = [
    { source: 'vc1', machine: guest },
    { source: 'servers', machine: listed },
    { source: 'servers', machine: other },
  ];
  const { warnings, lines, twins } = finder(seen);
  expect(twins.count()).toBe(2);
  expect(twins.firsts()).toEqual([guest, other]);
  expect(twins.firstOf(listed)).toBe(guest);
  expect(twins.firstOf(guest)).toBeUndefined();
  expect(twins.views()).toMatchObject([
    { first: { source: 'vc1', name: 'web' }, second: { source: 'servers' }, because: 'bios uuid' },
  ]);
  expect(warnings.list()).toMatchObject([
    { code: 'machine.twice', message: expect.stringContaining('web.corp.test of servers is web of vc1') },
  ]);
  twins.expire();
  expect(twins.count()).toBe(2);
  expect(lines).toHaveLength(1); // nothing changed, so nothing is told again

  seen.splice(1, 1);
  expect(twins.count()).toBe(2); // not looked at again before something changed
  twins.expire();
  expect(twins.count()).toBe(2);
  expect(twins.views()).toEqual([]);
  expect(warnings.list()).toEqual([]);
});

test('many pairs of two sources are one warning; copies of Hyper-V Replica have their own', () => {
  const seen: Seen[] = [1, 2, 3].flatMap((n) => {
    const biosUuid = `0000000${n}-1111-4111-8111-111111111111`;
    return [
      { source: 'hv1', machine: hypervMachine(n, { biosUuid }) },
      { source: 'hv2', machine: hypervMachine(10 + n, { biosUuid, isReplica: n === 3 }) },
    ];
  });
  const { warnings, twins } = finder(seen);
  expect(twins.count()).toBe(3);
  expect(warnings.list().map(({ code, message }) => [code, / and 1 more/.test(message)])).toEqual([
    ['machine.twice', true],
    ['machine.replica', false],
  ]);
});

import { expect, test } from 'vitest';
import type { Clock } from '#core/time/clock.ts';
import { MINUTE } from '#core/units.ts';
import { Logins, splitUser } from './logins.ts';

let now = 0;
const clock: Clock = { wall: () => now, monotonic: () => now, schedule: () => ({ cancel() {} }) };
const domain = { name: 'd', user: 'CORP\\svc', password: 'wrong' };

test('a wrong password of a domain account is shown to two of three hundred hosts, then to none for half an hour', async () => {
  now = 0;
  const logins = new Logins(clock);
  let shown = 0;
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      logins.attempt(`hv${i}`, domain, async () => {
        shown++;
        await Promise.resolve();
        return false;
      }),
    ),
  );
  expect(shown).toBe(2);
  expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(298);
  expect(logins.heldUntil('hv7', { ...domain, user: 'svc@corp.example' })).toBe(30 * MINUTE);
  now = 31 * MINUTE;
  expect(logins.heldUntil('hv7', domain)).toBeUndefined();
});

test('what worked anywhere makes room again; accounts of hosts are apart', async () => {
  now = 0;
  const logins = new Logins(clock);
  const no = async () => false;
  const yes = async () => true;
  await logins.attempt('a', domain, no);
  await logins.attempt('b', domain, yes);
  await logins.attempt('a', domain, no);
  expect(logins.heldUntil('c', domain)).toBeUndefined();
  const local = { name: 'l', user: '.\\Administrator', password: 'x' };
  await logins.attempt('a', local, no);
  await logins.attempt('a', local, no);
  expect(logins.heldUntil('a', local)).toBe(30 * MINUTE);
  expect(logins.heldUntil('b', local)).toBeUndefined();
});

test('the credential that worked on a host is the first there', async () => {
  const logins = new Logins(clock);
  const other = { ...domain, name: 'e', user: 'Administrator' };
  await logins.attempt('a', other, async () => true);
  expect(logins.ordered('a', [domain, other]).map(({ name }) => name)).toEqual(['e', 'd']);
  expect(logins.ordered('b', [domain, other]).map(({ name }) => name)).toEqual(['d', 'e']);
  expect(logins.hasWorked('a', other)).toBe(true);
});

test.each([
  ['CORP\\svc', 'CORP', 'svc'],
  ['svc@corp.example', 'corp.example', 'svc'],
  ['.\\Administrator', '.', 'Administrator'],
  ['Administrator', '', 'Administrator'],
])('%s is of domain %j', (user, domainName, name) => {
  expect(splitUser(user)).toEqual({ domain: domainName, name });
});

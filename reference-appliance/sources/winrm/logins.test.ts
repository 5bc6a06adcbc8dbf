import { expect, test } from 'vitest';
import type { Clock } from '#core/time/clock.ts';
import { MINUTE } from '#core/units.ts';
import { type Attempt, Logins, splitUser } from './logins.ts';

let now = 0;
const clock: Clock = { wall: () => now, monotonic: () => now, schedule: () => ({ cancel() {} }) };
const domain = { name: 'd', user: 'CORP\\svc', password: 'wrong' };

test('a wrong password of a domain account is shown to one of three hundred hosts, once more, then to none for half an hour', async () => {
  now = 0;
  const logins = new Logins(clock);
  let shown = 0;
  const all = (): Promise<Attempt[]> =>
    Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        logins.attempt(`hv${i}`, domain, async () => {
          shown++;
          await Promise.resolve();
          return false;
        }),
      ),
    );
  expect((await all()).filter((outcome) => outcome === 'held')).toHaveLength(299);
  expect(shown).toBe(1);
  await all();
  await all();
  expect(shown).toBe(2);
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

test('two passwords for one account: the wrong one is shown once, then everybody takes the right one', async () => {
  now = 0;
  const logins = new Logins(clock);
  const right = { ...domain, name: 'right', password: 'right' };
  const shown: string[] = [];
  const signIn = async (host: string): Promise<boolean> => {
    const tried = new Set<string>();
    for (;;) {
      const next = logins.ordered(host, [domain, right]).find(({ name }) => !tried.has(name));
      if (!next) return false;
      tried.add(next.name);
      const outcome = await logins.attempt(host, next, async () => {
        shown.push(next.name);
        await Promise.resolve();
        return next === right;
      });
      if (outcome === 'worked') return true;
    }
  };
  const worked = await Promise.all(Array.from({ length: 300 }, (_, i) => signIn(`hv${i}`)));
  expect(worked.every(Boolean)).toBe(true);
  expect(shown.filter((name) => name === 'd')).toHaveLength(1);
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

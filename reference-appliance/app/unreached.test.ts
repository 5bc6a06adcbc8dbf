import { expect, test } from 'vitest';
import { MINUTE } from '#core/units.ts';
import { createLog } from '../log.ts';
import { UnreachedMachines } from './unreached.ts';

const away = (name: string, code: string) => ({
  name,
  code,
  what: `${name}: ${code}.`,
  why: 'Why.',
  next: 'Do.',
});

function begun() {
  let now = 0;
  const clock = { wall: () => now, monotonic: () => now, schedule: () => ({ cancel() {} }) };
  const lines: string[] = [];
  const log = createLog({ clock, level: 'debug', write: (line) => lines.push(line) });
  return {
    unreached: new UnreachedMachines({ clock, log }),
    lines,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test('what lasts is told once, with its beginning; a change and the end are told', () => {
  const { unreached, lines, pass } = begun();
  unreached.replace('servers', [away('a', 'net.refused'), away('b', 'ssh.timeout')]);
  pass(MINUTE);
  unreached.replace('servers', [away('a', 'net.refused'), away('b', 'ssh.timeout')]);
  expect(lines).toHaveLength(2);
  expect(unreached.list()).toMatchObject([{ name: 'a', since: 0, source: 'servers' }, { name: 'b' }]);
  unreached.replace('servers', [away('a', 'ssh.timeout')]);
  expect(lines).toHaveLength(4);
  expect(unreached.list()).toMatchObject([{ name: 'a', code: 'ssh.timeout', since: MINUTE }]);
  expect(unreached.warningsOf('servers')).toEqual([
    { code: 'ssh.timeout', message: 'a: ssh.timeout. Why. Do.' },
  ]);
  expect(unreached.warningsOf('hv1')).toEqual([]);
});

test('an account that is held back between two refusals stays one that is refused', () => {
  const { unreached, lines } = begun();
  for (const code of ['ssh.login.refused', 'ssh.login.held', 'ssh.login.held', 'ssh.login.refused'])
    unreached.replace('servers', [away('a', code)]);
  expect(lines).toHaveLength(1);
  expect(unreached.list()).toMatchObject([{ code: 'ssh.login.refused', since: 0 }]);
});

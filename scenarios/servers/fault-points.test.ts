/**
 * Every fault that simulated servers know, on one server among others: the others are told as if nothing were, the one has a
 * code with cause and remedy, and when the fault is over the source has it back as who it was, without anybody's help.
 */
import { expect, it } from 'vitest';
import { sleep } from '#core/time/clock.ts';
import { MINUTE, SECOND } from '#core/units.ts';
import { lookAt, serversStage } from './servers-stage.ts';

const NEVER = new AbortController().signal;
const SPAN = 20 * MINUTE;

interface Case {
  readonly at: string;
  readonly answer: string;
  /** Of the server that cannot be looked at. */
  readonly code?: RegExp;
  /** Of what lacks where it can. */
  readonly warning?: RegExp;
}

const of = (
  at: string,
  answers: Readonly<Record<string, RegExp>>,
  kind: 'code' | 'warning' = 'code',
): Case[] => Object.entries(answers).map(([answer, code]) => ({ at, answer, [kind]: code }));

const LINUX: readonly Case[] = [
  ...of('linux.connect', {
    refused: /^(net\.refused|ssh\.dropped)$/,
    reset: /^ssh\.dropped$/,
    silent: /^ssh\.timeout$/,
    maxStartups: /^ssh\.dropped$/,
  }),
  ...of('linux.logon', {
    wrongPassword: /^ssh\.login\.(refused|held)$/,
    locked: /^ssh\.login\.(refused|held)$/,
    expired: /^ssh\.login\.expired$/,
    nologin: /^ssh\.(login\.(refused|held)|dropped)$/,
  }),
  ...of('linux.exec', {
    hang: /^ssh\.timeout$/,
    reset: /^ssh\.dropped$/,
    refused: /^ssh\.exec\.refused$/,
  }),
  ...of('linux.hostKey', { changed: /^ssh\.hostKey\.changed$/ }),
  ...of('linux.host', { rebooting: /^(net\.refused|net\.unreachable|ssh\.dropped)$/ }),
  ...of('linux.sudo', { notAllowed: /^ssh\.sudo\.denied$/, requiretty: /^ssh\.sudo\.tty$/ }, 'warning'),
  // the account's own password serves
  { at: 'linux.sudo', answer: 'password' },
  ...of('linux.clock', { '+10min': /^server\.clock$/, '-2d': /^server\.clock$/ }, 'warning'),
];
const WINDOWS: readonly Case[] = [
  ...of('winrm.request', { reset: /^(net|winrm)\./, '503': /^winrm\.(unavailable|quota)$/ }),
  ...of('winrm.logon', {
    wrongPassword: /^winrm\.login\.(refused|locked)$/,
    locked: /^winrm\.login\.(refused|locked)$/,
  }),
  ...of('winrm.cim', {
    accessDenied: /^winrm\.(namespace\.)?denied$/,
    quotaViolation: /^winrm\.(quota|fault)$/,
    shuttingDown: /^winrm\.fault$/,
    operationsQuota: /^winrm\.quota$/,
    hang: /^(winrm\.timeout|server\.slow)$/,
    reset: /^(net|winrm)\./,
  }),
  ...of('winrm.host', { rebooting: /^net\./ }),
  ...of('winrm.certificate', {
    expired: /^winrm\.certificate\.expired$/,
    otherName: /^winrm\.certificate\.name$/,
  }),
];

it.each([...LINUX, ...WINDOWS])('$at $answer', async ({ at, answer, code, warning }) => {
  const isLinux = at.startsWith('linux.');
  await using stage = await serversStage(isLinux ? 'linux: 3' : 'windows: 3');
  const { clock, points } = stage.world;
  let source = stage.source();
  await stage.run(async () => {
    const healthy = (await lookAt(source)).machines;
    expect(healthy.size).toBe(3);
    // the connections that are kept would hide some of them
    await source.close();
    source = stage.source();
    const [address] = stage.targets.map((target) => target.address);
    const { machine } = stage.guest(address!);
    using fault = points.arm({
      id: 'one',
      at,
      from: clock.wall(),
      until: clock.wall() + SPAN,
      times: Number.POSITIVE_INFINITY,
      answer,
      subject: machine.name,
    });
    await sleep(clock, SECOND, 'test');
    const begun = clock.monotonic();
    const { machines, changes } = await lookAt(source);
    expect(clock.monotonic() - begun).toBeLessThanOrEqual(3 * MINUTE);
    const others = stage.targets.slice(1).map((target) => target.address);
    for (const other of others) expect(machines.get(other)).toEqual(healthy.get(other));
    if (code) {
      expect(machines.has(address!)).toBe(false);
      expect(changes.unreached.map(({ name }) => name)).toEqual([address]);
      const [told] = changes.unreached;
      expect(told!.code).toMatch(code);
      for (const text of [told!.what, told!.why, told!.next]) expect(text).toMatch(/\S{3,} \S/);
    } else {
      expect(changes.unreached).toEqual([]);
      const warnings = [...(await source.prerequisites(NEVER)).values()];
      expect(warnings.map((each) => each.code)).toEqual(warning ? [expect.stringMatching(warning)] : []);
      expect(machines.get(address!)!.instanceUuid).toBe(healthy.get(address!)!.instanceUuid);
    }
    await sleep(clock, SPAN + 31 * MINUTE, 'test');
    const back = code ? await source.retryUnreached(NEVER) : await source.changes(0, NEVER);
    expect(back.unreached).toEqual([]);
    expect(back.machines.find(({ handle }) => handle === address)).toMatchObject({
      instanceUuid: healthy.get(address!)!.instanceUuid,
    });
    if (warning) expect(await source.prerequisites(NEVER)).toEqual(new Map());
    void fault;
  });
});

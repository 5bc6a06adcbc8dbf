/** Whatever servers answer: nothing thrown, nothing negative, nothing out of bounds; and nobody is mistaken for another. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GuestCredential } from '../../app/ports.ts';
import { SHELL_WORD_SAMPLES } from '../../testing/hostile-texts.ts';
import { fallbackId, Identities, realSerial, realUuid } from './identity.ts';
import { readConfiguration, readCounters } from './linux-reader.ts';
import { CONFIGURATION, guestScriptOf, SAMPLE, SHELL, scriptOf, shellWord } from './linux-script.ts';
import { growth, Rates } from './rates.ts';
import { linuxMachine } from './server-machine.ts';
import type { ServerTarget } from './targets.ts';

const TARGET: ServerTarget = {
  address: '10.0.0.1',
  os: 'linux',
  port: undefined,
  credential: undefined,
  name: undefined,
  hostKey: undefined,
  tls: {},
};
const sections = CONFIGURATION.map(({ section }) => section);
const hostile = fc.oneof(fc.constantFrom(...SHELL_WORD_SAMPLES), fc.string({ unit: 'binary' }), fc.string());

describe('an answer', () => {
  const line = fc.oneof(
    hostile,
    fc.constantFrom(
      'processor\t: 0',
      'MemTotal: 99999999999999999999 kB',
      'Disk /dev/sda: 1 GB, 99999999999999999999 bytes',
      '{"blockdevices":[{"name":"sda","type":"disk","size":"1e400"}]}',
      '{"blockdevices":[{"name":"sda","type":"disk","size":12,"children":[{"name":1}]},null,7]}',
      '[{"ifname":"x","addr_info":[{"local":5}]},null]',
      'NAME="a" KNAME="a" PKNAME="a" TYPE="disk" SIZE="5"',
      '2: eth0: <UP>',
      '    link/ether aa:bb:cc:dd:ee:ff',
      '    inet 10.0.0.1/8',
      '@@end',
      '@@cpu',
    ),
  );
  const answer = fc
    .array(
      fc.tuple(
        fc.constantFrom(...sections, ...SAMPLE.map(({ section }) => section)),
        fc.array(line, { maxLength: 4 }),
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => [
      '@@host',
      'web',
      ...parts.flatMap(([section, lines]) => [`@@${section}`, ...lines]),
      '@@cpu',
      'processor : 0',
      '@@end',
    ]);

  test('of any kind is read as a machine that the service takes, or as none', () => {
    fc.assert(
      fc.property(answer, (lines) => {
        const facts = readConfiguration(lines.join('\n'));
        if (!facts) return;
        const machine = linuxMachine({ target: TARGET, credential: 'c' }, 'id', facts);
        for (const { uuid, sizeBytes } of machine.disks) {
          expect(uuid).toMatch(/^[\w.:{}-]{1,128}$/);
          expect(Number.isSafeInteger(sizeBytes) && sizeBytes > 0).toBe(true);
        }
        for (const { id } of machine.nics) expect(id).toMatch(/^[\w.:{}-]{1,128}$/);
        for (const text of [machine.name, machine.fqdn, machine.os.name, machine.biosSerialNumber])
          expect(text.length).toBeLessThanOrEqual(256);
        expect(Number.isSafeInteger(machine.memoryMiB)).toBe(true);
        expect(new Set(machine.nics.map(({ id }) => id)).size).toBe(machine.nics.length);
      }),
    );
  });

  test('with counters of any kind is read, or not, and never breaks', () => {
    fc.assert(
      fc.property(answer, (lines) => {
        readCounters(['@@uptime', '1.5 2', ...lines].join('\n'));
      }),
    );
  });

  test('that breaks off before its end is no answer', () => {
    expect(readConfiguration('@@host\nweb\n@@cpu\nprocessor : 0\n')).toBeUndefined();
    expect(readCounters('@@uptime\n12.0 3\n')).toBeUndefined();
  });
});

describe('rates', () => {
  test('grow by what was counted, over starts and 32 bits too, and are never negative', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            // a new start, or so much more
            restart: fc.boolean(),
            more: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
            seconds: fc.integer({ min: 60, max: 600 }),
          }),
          { maxLength: 30 },
        ),
        fc.boolean(),
        (steps, isNarrow) => {
          const rates = new Rates();
          let [uptime, count, at] = [1000, 2 ** 32 - 1000, 0];
          const look = () => ({
            uptime,
            at,
            counters: new Map([['n', isNarrow ? count % 2 ** 32 : count]]),
          });
          rates.since('m', look());
          for (const { restart, more, seconds } of steps) {
            at += seconds;
            uptime = restart ? seconds / 2 - 20 : uptime + seconds;
            count = restart ? more : count + more;
            const since = rates.since('m', look());
            if (restart) expect(since).toBeUndefined();
            else expect(since!.grown.get('n')).toBe(more);
          }
        },
      ),
    );
  });

  test('of a counter that begins again by itself are left out once', () => {
    expect(growth(1000, 10)).toBeUndefined();
    expect(growth(2 ** 40, 10)).toBeUndefined();
    expect(growth(2 ** 32 - 5, 10)).toBe(15);
    expect(growth(undefined, 10)).toBeUndefined();
  });
});

describe('an identity', () => {
  const memory = () => {
    const kept = new Map<string, string>();
    return {
      get: async (key: string) => kept.get(key),
      set: async (key: string, value: string) => void kept.set(key, value),
    };
  };
  const UUID = '32892be7-b95d-4e01-a67b-c2b7d9009924';

  test.each([
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    '03000200-0400-0500-0006-000700080009',
    'Not Settable',
    '',
  ])('is none: %j', (uuid) => expect(realUuid(uuid)).toBeUndefined());

  test.each([
    'Not Specified',
    'To be filled by O.E.M.',
    'To Be Filled By O.E.M.',
    'Default string',
    'System Serial Number',
    '0123456789',
    '0000000',
    'None',
    ' ',
  ])('is no serial number: %j', (serial) => expect(realSerial(serial)).toBeUndefined());

  test('is the UUID, however it is written; else serial number and adapters; else the address', async () => {
    const of = new Identities(memory());
    expect(await of.of({ uuid: `{${UUID.toUpperCase()}}`, serial: '', macs: [], label: 'a' })).toBe(UUID);
    const [one, two] = ['10.0.0.1', '10.0.0.2'].map((label) => ({
      uuid: '',
      serial: 'None',
      macs: [],
      label,
    }));
    expect(fallbackId(one!)).not.toBe(fallbackId(two!));
    const board = { uuid: '', serial: 'CZJ1', macs: ['AA-BB-CC-DD-EE-01'], label: 'x' };
    expect(fallbackId(board)).toBe(fallbackId({ ...board, macs: ['aa:bb:cc:dd:ee:01'], label: 'y' }));
  });

  test('stays when rights of root come or go, when an adapter is added, and when the address changes', async () => {
    const kept = memory();
    const mac = (n: number) => `aa:bb:cc:dd:ee:0${n}`;
    const known = await new Identities(kept).of({ uuid: UUID, serial: 'S', macs: [mac(1)], label: 'a' });
    // another life of the appliance
    const later = new Identities(kept);
    expect(await later.of({ uuid: '', serial: '', macs: [mac(1), mac(2)], label: 'a' })).toBe(known);
    expect(await later.of({ uuid: '', serial: '', macs: [mac(2)], label: 'b' })).toBe(known);
    const poor = await later.of({ uuid: '', serial: '', macs: [mac(7)], label: 'c' });
    expect(
      await later.of({
        uuid: '11112222-3333-4444-5555-666677778888',
        serial: 'T',
        macs: [mac(7)],
        label: 'c',
      }),
    ).toBe(poor);
  });

  test('of copies with one UUID differs, also when both are met at one time', async () => {
    const identities = new Identities(memory());
    const ids = await Promise.all(
      [1, 2, 3].map((n) =>
        identities.of({ uuid: UUID, serial: '', macs: [`aa:bb:cc:dd:ee:0${n}`], label: `h${n}` }),
      ),
    );
    expect(new Set(ids).size).toBe(3);
    expect(ids[0]).toBe(UUID);
  });
});

describe('a shell', () => {
  /** What the shell that is there makes of a word. */
  const echoed = (script: string, env: Record<string, string> = {}) =>
    spawnSync('/bin/sh', ['-s'], { input: script, env: { PATH: '/usr/bin:/bin', ...env } });

  test('takes a word as it is, whatever is in it', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { stdout, stderr } = echoed(`printf '%s' ${shellWord(text)}\n`);
        const plain = text.replaceAll('\0', '');
        expect([stdout.equals(Buffer.from(plain)), stderr.toString()]).toEqual([true, '']);
      }),
      { numRuns: 60 },
    );
  });

  test('a word ends where it began: in pure form', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        // word by word as POSIX has it: inside single quotes nothing means anything
        let [quoted, plain] = [false, ''];
        const word = shellWord(text);
        for (let i = 0; i < word.length; i++)
          if (word[i] === "'") quoted = !quoted;
          else if (quoted) plain += word[i];
          else {
            expect(word.slice(i, i + 2)).toBe("\\'");
            plain += word[++i];
          }
        expect([quoted, plain]).toEqual([false, text.replaceAll('\0', '')]);
      }),
    );
  });

  test('gets the password in one place, inside its quotes, and never in the command line', () => {
    fc.assert(
      fc.property(hostile, (password) => {
        const word = shellWord(password);
        const script = scriptOf(CONFIGURATION, password);
        const given = `printf '%s\\n' ${word} | sudo -S`;
        const parts = script.split(given);
        expect(parts).toHaveLength(password === '' ? 1 : 2);
        if (password !== '')
          expect(parts).toEqual(scriptOf(CONFIGURATION, 'x').split("printf '%s\\n' 'x' | sudo -S"));
        expect(SHELL).toBe('/bin/sh -s');
      }),
    );
  });

  test('gives sudo the password through a pipe: nothing of it is run, and no argument list shows it', () => {
    fc.assert(
      fc.property(
        hostile.filter((text) => !/[\0\n]/.test(text) && text !== ''),
        (password) => {
          const sudo =
            'sudo() { for a; do case "$a" in -n) return 1;; -S) printf "got:"; cat;; esac; done; }; id() { echo 1000; }\n';
          const { stdout } = echoed(sudo + scriptOf([], password));
          // the first line of @@sudo is what came through the pipe
          const text = stdout.toString('latin1');
          expect(text).toContain(`@@sudo\ngot:${Buffer.from(password).toString('latin1')}\n@@end`);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('runs lines of a guest script under the same rules', () => {
    const { stdout } = echoed(guestScriptOf(['echo one', 'cat', 'echo two'], ''));
    expect(stdout.toString()).toBe('one\ntwo\n');
  });

  const credential: GuestCredential = {
    name: '$(id)',
    family: 'linux',
    user: '-oProxyCommand=id',
    password: '',
  };
  test('is not told who logs in', () => {
    expect(scriptOf(CONFIGURATION, credential.password)).not.toContain('ProxyCommand');
  });
});

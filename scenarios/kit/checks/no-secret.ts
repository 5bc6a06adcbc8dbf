/** Passwords, client secrets, tokens and signatures are in no log, no trace and no file of the appliance. */
import { existsSync, readFileSync } from 'node:fs';
import { type Check, type Run, someOf } from './check.ts';

/** What secrets look like that the world cannot know beforehand. */
const SHAPES: ReadonlyArray<readonly [name: string, pattern: RegExp]> = [
  ['a signature', /[?&]sig=(?!\*\*\*)[\w%+/=-]{8,}/],
  ['an access token', /\beyJ[\w-]{16,}\.[\w-]{16,}/],
  ['a session cookie', /vmware_soap_session=(?!\*\*\*)["\w-]{8,}/],
];

export const noSecret: Check = {
  id: 'no-secret',
  says: 'no password, secret, token or signature is in the trace, in the log or in the store of the appliance',
  judge({ world }: Run) {
    const found = new Set<string>();
    let texts = 0;
    const look = (where: string, text: string): void => {
      texts++;
      for (const secret of world.secrets) if (text.includes(secret)) found.add(`a password in ${where}`);
      for (const [name, pattern] of SHAPES) if (pattern.test(text)) found.add(`${name} in ${where}`);
    };
    for (const { who, what } of world.trace.events) look('the trace', `${who} ${what}`);
    for (const line of world.log) look('the log', line);
    for (const suffix of ['', '-wal'])
      if (existsSync(world.storePath + suffix)) {
        const store = readFileSync(world.storePath + suffix);
        texts++;
        for (const secret of world.secrets) if (store.includes(secret)) found.add('a password in the store');
      }
    return {
      holds: found.size === 0,
      limit: 'none',
      actual: found.size > 0 ? someOf([...found]) : `none in ${texts.toLocaleString('en-US')} texts`,
    };
  },
};

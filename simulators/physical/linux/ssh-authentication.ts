/** Who may log in to a Linux server, by which method, and how often somebody may try. [sshd_config(5), RFC 4252, 4256] */
import type { AuthContext } from 'ssh2';
import ssh2 from 'ssh2';
import { type GuestUser, userOf } from '../../estate/guest/accounts.ts';
import type { Guest } from '../../estate/guest/guest.ts';
import { POINTS, type ServerFaults } from './fault-points.ts';

export type AuthMethod = 'publickey' | 'password' | 'keyboard-interactive';

export interface AuthenticationOptions {
  readonly guest: Guest;
  /** Keys in OpenSSH's one-line form ("ssh-ed25519 AAAA…") by user name. */
  readonly authorizedKeys: ReadonlyMap<string, readonly string[]>;
  readonly methods: readonly AuthMethod[];
  readonly faults: ServerFaults;
}

export interface Admitted {
  readonly user: GuestUser;
  /** The password has to be changed before anything else: commands are refused. */
  readonly isExpired: boolean;
}

/** `more`: the client was told that its key would do, and has to sign with it. Undefined: refused. */
export async function admitted(
  attempt: AuthContext,
  options: AuthenticationOptions,
): Promise<Admitted | 'more' | 'nologin' | undefined> {
  if (attempt.method !== 'none' && !options.methods.includes(attempt.method as AuthMethod)) return undefined;
  const user = await userOfAttempt(attempt, options);
  if (!user || user === 'more') return user;
  switch (options.faults.hit(POINTS.logon, user.name, attempt.method)?.answer) {
    case undefined:
      return { user, isExpired: false };
    case 'expired':
      return { user, isExpired: true };
    case 'nologin':
      return 'nologin';
    default: // a locked account is told from a wrong password by nobody but its administrator
      return undefined;
  }
}

async function userOfAttempt(
  attempt: AuthContext,
  { guest, authorizedKeys }: AuthenticationOptions,
): Promise<GuestUser | 'more' | undefined> {
  switch (attempt.method) {
    case 'password':
      return guest.logIn(attempt.username, attempt.password);
    case 'keyboard-interactive': {
      const answers = await new Promise<string[]>((resolve) =>
        attempt.prompt([{ prompt: 'Password: ', echo: false }], '', '', resolve),
      );
      return guest.logIn(attempt.username, answers[0] ?? '');
    }
    case 'publickey': {
      const lines = authorizedKeys.get(attempt.username) ?? [];
      const known = lines
        .map((line) => ssh2.utils.parseKey(line))
        .find((key) => !(key instanceof Error) && key.getPublicSSH().equals(attempt.key.data));
      if (!known || known instanceof Error) return undefined;
      if (!attempt.signature) {
        attempt.accept();
        return 'more';
      }
      const right = known.verify(attempt.blob!, attempt.signature, attempt.hashAlgo);
      const account = guest.accounts().find(({ user }) => user === attempt.username);
      return right === true && account ? userOf(guest.os, guest.hostName, account) : undefined;
    }
    default:
      return undefined;
  }
}

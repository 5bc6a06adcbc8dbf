/**
 * Which credential is tried where. The one that worked on a host comes first there; one that was refused is not tried so
 * often that Windows would lock the account. An account of a domain is one account on all hosts, so that what was refused
 * counts over all of them; what worked anywhere in between has shown that the password is right.
 */
import type { Clock } from '#core/time/clock.ts';
import { MINUTE, type Millis, type UnixMillis } from '#core/units.ts';
import type { WinrmCredential } from './types.ts';

/** Policies lock after three or more wrong passwords within half an hour; people make mistakes of their own. */
const REFUSALS_MAX = 2;
const WINDOW_MS: Millis = 30 * MINUTE;

export type Attempt = 'worked' | 'refused' | 'held';

interface Account {
  /** In the last half hour, since it last worked. */
  refusals: UnixMillis[];
  /** How often each credential was refused since it last worked, by name. */
  readonly refusalsOf: Map<string, number>;
  /** The credential that works: the others of the account have another password. */
  working: string | undefined;
  /** Attempts whose outcome is not known yet: they count as if they would be refused. */
  underWay: number;
  readonly waiting: Array<() => void>;
}

export class Logins {
  readonly #clock: Clock;
  readonly #accounts = new Map<string, Account>();
  /** Name of the credential that worked last, by host. */
  readonly #working = new Map<string, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * In the order in which they are to be tried: the one that worked there first, then those that were refused least
   * often. Those whose account is known to have another password are left out.
   */
  ordered(host: string, credentials: readonly WinrmCredential[]): readonly WinrmCredential[] {
    return credentials
      .map((credential) => ({ credential, account: this.#account(host, credential) }))
      .filter(({ credential, account }) => (account.working ?? credential.name) === credential.name)
      .map(({ credential, account }) => ({
        credential,
        rank: this.hasWorked(host, credential) ? -1 : (account.refusalsOf.get(credential.name) ?? 0),
      }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ credential }) => credential);
  }

  hasWorked(host: string, credential: WinrmCredential): boolean {
    return this.#working.get(host) === credential.name;
  }

  /** When the account may be tried again; `undefined`: now. */
  heldUntil(host: string, credential: WinrmCredential): UnixMillis | undefined {
    const account = this.#account(host, credential);
    const oldest = this.#clock.wall() - WINDOW_MS;
    account.refusals = account.refusals.filter((at) => at > oldest);
    return account.refusals.length < REFUSALS_MAX ? undefined : account.refusals[0]! + WINDOW_MS;
  }

  /**
   * Never are there more attempts under way than might be refused without harm: the others wait for their outcome. Who
   * waited and learns that the password was refused does not show it again.
   * @param signIn shows the password to the host; false: refused
   */
  async attempt(host: string, credential: WinrmCredential, signIn: () => Promise<boolean>): Promise<Attempt> {
    const account = this.#account(host, credential);
    const { name } = credential;
    const refusalsOf = (): number => account.refusalsOf.get(name) ?? 0;
    const refusedBefore = refusalsOf();
    for (;;) {
      if (this.heldUntil(host, credential) !== undefined || refusalsOf() > refusedBefore) return 'held';
      const underWayMax = account.working === name ? REFUSALS_MAX - account.refusals.length : 1;
      if (account.underWay < underWayMax) break;
      await new Promise<void>((resolve) => account.waiting.push(resolve));
    }
    account.underWay++;
    try {
      const worked = await signIn();
      if (worked) {
        account.refusals = [];
        account.refusalsOf.delete(name);
        account.working = name;
        this.#working.set(host, name);
        return 'worked';
      }
      account.refusals.push(this.#clock.wall());
      account.refusalsOf.set(name, refusalsOf() + 1);
      if (account.working === name) account.working = undefined;
      return 'refused';
    } finally {
      account.underWay--;
      for (const wake of account.waiting.splice(0)) wake();
    }
  }

  #account(host: string, credential: WinrmCredential): Account {
    const key = accountKey(host, credential);
    const known = this.#accounts.get(key);
    if (known) return known;
    const account: Account = {
      refusals: [],
      refusalsOf: new Map(),
      working: undefined,
      underWay: 0,
      waiting: [],
    };
    this.#accounts.set(key, account);
    return account;
  }
}

/** `DOMAIN\user`, `user@domain`, `user` or `.\user`. */
export function splitUser(user: string): { readonly domain: string; readonly name: string } {
  const backslash = user.indexOf('\\');
  if (backslash >= 0) return { domain: user.slice(0, backslash), name: user.slice(backslash + 1) };
  const at = user.lastIndexOf('@');
  return at < 0 ? { domain: '', name: user } : { domain: user.slice(at + 1), name: user.slice(0, at) };
}

/** An account of a domain is the same everywhere, whether its domain is named "CORP" or "corp.example". */
function accountKey(host: string, { user }: WinrmCredential): string {
  const { domain, name } = splitUser(user);
  const place = domain === '' || domain === '.' ? host : `domain ${domain.split('.')[0]!}`;
  return `${place}\\${name}`.toLowerCase();
}

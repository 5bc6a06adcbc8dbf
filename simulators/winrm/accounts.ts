/** Accounts of a Windows host, local and of its domain: who may log on, and what becomes of wrong passwords. */
import type { Clock } from '#core/time/clock.ts';
import { MINUTE, type Millis, type UnixMillis } from '#core/units.ts';

export interface WindowsAccount {
  /** Without the domain: "Administrator". */
  readonly name: string;
  readonly password: string;
  /** Groups that decide what it may do: "Administrators", "Remote Management Users", "Hyper-V Administrators". */
  readonly groups: readonly string[];
}

/** Names by which a host is known; what clients send as the domain must be one of them, or nothing. */
export interface HostNames {
  /** NetBIOS name: upper case, at most 15 characters. */
  readonly computer: string;
  /** "hv1.corp.example" */
  readonly dnsName: string;
  /** NetBIOS and DNS name of the domain; of the host itself where it is in none. */
  readonly domain: string;
  readonly dnsDomain: string;
}

export interface LockoutPolicy {
  /** Wrong passwords in a row after which the account is locked; 0, never. */
  readonly threshold: number;
  readonly forMs: Millis;
}

const NO_LOCKOUT: LockoutPolicy = { threshold: 0, forMs: 30 * MINUTE };

export class Accounts {
  readonly #byName: ReadonlyMap<string, WindowsAccount>;
  readonly #names: HostNames;
  readonly #clock: Clock;
  readonly #policy: LockoutPolicy;
  readonly #wrong = new Map<string, number>();
  readonly #lockedUntil = new Map<string, UnixMillis>();

  constructor(options: {
    accounts: readonly WindowsAccount[];
    names: HostNames;
    clock: Clock;
    lockout?: LockoutPolicy;
  }) {
    this.#byName = new Map(options.accounts.map((account) => [account.name.toLowerCase(), account]));
    this.#names = options.names;
    this.#clock = options.clock;
    this.#policy = options.lockout ?? NO_LOCKOUT;
  }

  /** An account that is there and not locked; `undefined` says no more than that. */
  find(user: string, domain: string): WindowsAccount | undefined {
    const { computer, dnsName, domain: netbios, dnsDomain } = this.#names;
    const known = ['', '.', computer, dnsName, netbios, dnsDomain].map((name) => name.toLowerCase());
    if (!known.includes(domain.toLowerCase())) return undefined;
    const account = this.#byName.get(user.toLowerCase());
    return account && !this.isLocked(account) ? account : undefined;
  }

  /** After each attempt on an account that `find` gave. */
  note(account: WindowsAccount, right: boolean): void {
    const key = account.name.toLowerCase();
    if (right) return void this.#wrong.delete(key);
    const wrong = (this.#wrong.get(key) ?? 0) + 1;
    this.#wrong.set(key, wrong);
    if (this.#policy.threshold === 0 || wrong < this.#policy.threshold) return;
    this.#wrong.delete(key);
    this.lock(account, this.#clock.wall() + this.#policy.forMs);
  }

  isLocked({ name }: WindowsAccount): boolean {
    return (this.#lockedUntil.get(name.toLowerCase()) ?? 0) > this.#clock.wall();
  }

  /** Nobody gets in as this one before `until`. */
  lock({ name }: WindowsAccount, until: UnixMillis): void {
    this.#lockedUntil.set(name.toLowerCase(), until);
  }
}

/** "CORP\user", "user@corp.example" or "user". */
export function splitUser(text: string): { user: string; domain: string } {
  const backslash = text.indexOf('\\');
  if (backslash >= 0) return { domain: text.slice(0, backslash), user: text.slice(backslash + 1) };
  const at = text.lastIndexOf('@');
  return at < 0 ? { domain: '', user: text } : { domain: text.slice(at + 1), user: text.slice(0, at) };
}

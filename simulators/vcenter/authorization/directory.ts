/**
 * Accounts and groups as vCenter's single sign-on knows them. Every account of a domain is in its group Users, those
 * that may do everything at first in Administrators; further groups stand with the accounts.
 */
import { accountName, type User } from '../sessions.ts';
import type { Data } from '../values.ts';

/** Who a permission is for: compared without regard to case and way of writing. */
export function keyOf(principal: string, isGroup: boolean): string {
  return `${isGroup ? 'group' : 'user'} ${accountName(principal).toLowerCase()}`;
}

interface Group {
  /** "VSPHERE.LOCAL\Administrators" */
  readonly name: string;
  readonly members: Set<string>;
}

export class Directory {
  readonly #users: readonly User[];
  readonly #groups = new Map<string, Group>();
  readonly #groupsOf = new Map<string, string[]>();

  constructor(users: readonly User[]) {
    this.#users = users;
    for (const user of users) {
      const { domain } = partsOf(accountName(user.name));
      const builtIn = user.role === 'administrator' ? ['Users', 'Administrators'] : ['Users'];
      const names = [
        ...builtIn.map((name) => (domain === '' ? name : `${domain}\\${name}`)),
        ...(user.groups ?? []),
      ];
      for (const name of names) {
        const key = keyOf(name, true);
        const group = this.#groups.get(key) ?? { name: accountName(name), members: new Set() };
        this.#groups.set(key, group);
        group.members.add(keyOf(user.name, false));
      }
      this.#groupsOf.set(
        keyOf(user.name, false),
        names.map((name) => keyOf(name, true)),
      );
    }
  }

  knows(principal: string, isGroup: boolean): boolean {
    const key = keyOf(principal, isGroup);
    return isGroup ? this.#groups.has(key) : this.#groupsOf.has(key);
  }

  /** Keys of the groups that an account is in. */
  groupsOf(userKey: string): readonly string[] {
    return this.#groupsOf.get(userKey) ?? [];
  }

  /** The domains of accounts and groups. */
  domains(): string[] {
    const names = [
      ...this.#users.map(({ name }) => accountName(name)),
      ...[...this.#groups.values()].map(({ name }) => name),
    ];
    return [...new Set(names.map((name) => partsOf(name).domain.toLowerCase()))].filter(
      (name) => name !== '',
    );
  }

  /** As UserDirectory answers: accounts and groups whose names contain the text, or are it. */
  search(wanted: {
    readonly text: string;
    readonly domain: string | undefined;
    readonly isExact: boolean;
    readonly findsUsers: boolean;
    readonly findsGroups: boolean;
    readonly inGroup: string | undefined;
    readonly ofUser: string | undefined;
  }): Data[] {
    const { text, domain, isExact, findsUsers, findsGroups, inGroup, ofUser } = wanted;
    const members = inGroup === undefined ? undefined : this.#groups.get(keyOf(inGroup, true))?.members;
    const users = this.#users.filter(
      ({ name }) => inGroup === undefined || members?.has(keyOf(name, false)) === true,
    );
    const groups = [...this.#groups.values()].filter(
      ({ members: own }) => ofUser === undefined || own.has(keyOf(ofUser, false)),
    );
    const found = [
      ...(findsUsers ? users.map(({ name }) => ({ name: accountName(name), group: false })) : []),
      ...(findsGroups ? groups.map(({ name }) => ({ name, group: true })) : []),
    ];
    const sought = text.toLowerCase();
    return found.flatMap(({ name, group }) => {
      const { domain: place, short } = partsOf(name);
      if (domain !== undefined && domain !== '' && place.toLowerCase() !== domain.toLowerCase()) return [];
      const isMeant = isExact
        ? short.toLowerCase() === sought || keyOf(text, group) === keyOf(name, group)
        : name.toLowerCase().includes(sought);
      return isMeant ? [{ $: 'UserSearchResult', principal: short, fullName: short, group }] : [];
    });
  }
}

/** "CONTOSO\\anna", or a name without a domain. */
function partsOf(name: string): { domain: string; short: string } {
  const at = name.indexOf('\\');
  return { domain: name.slice(0, Math.max(0, at)), short: name.slice(at + 1) };
}

/** The secrets of one vault: versions, deletion that can be taken back, and the end of it. */
import { DAY, type UnixMillis } from '#core/units.ts';

export interface SecretVersion {
  /** 32 hex digits. */
  readonly version: string;
  readonly value: string;
  contentType: string | undefined;
  tags: Readonly<Record<string, string>>;
  enabled: boolean;
  /** Outside of these it is told and not to be used; the service gives it all the same. */
  expiresAt: UnixMillis | undefined;
  notBefore: UnixMillis | undefined;
  readonly createdAt: UnixMillis;
  updatedAt: UnixMillis;
}

interface Secret {
  readonly name: string;
  /** Oldest first; the last one is current. */
  readonly versions: SecretVersion[];
  deletedAt: UnixMillis | undefined;
}

export interface DeletedSecret {
  readonly name: string;
  readonly current: SecretVersion;
  readonly deletedAt: UnixMillis;
  readonly purgedAt: UnixMillis;
}

export class Secrets {
  readonly #secrets = new Map<string, Secret>();

  /** The current version, or the one asked for. */
  find(name: string, version = ''): SecretVersion | undefined {
    const secret = this.#live(name);
    if (version === '') return secret?.versions.at(-1);
    return secret?.versions.find((known) => known.version === version.toLowerCase());
  }

  /** Sorted by name, with their current versions. */
  all(): Array<{ name: string; current: SecretVersion }> {
    return this.#sorted()
      .filter(({ deletedAt }) => deletedAt === undefined)
      .map(({ name, versions }) => ({ name, current: versions.at(-1)! }));
  }

  versions(name: string): readonly SecretVersion[] | undefined {
    return this.#live(name)?.versions;
  }

  isDeleted(name: string): boolean {
    return this.#secrets.get(name.toLowerCase())?.deletedAt !== undefined;
  }

  set(name: string, version: SecretVersion): void {
    const known = this.#secrets.get(name.toLowerCase());
    if (known) known.versions.push(version);
    else this.#secrets.set(name.toLowerCase(), { name, versions: [version], deletedAt: undefined });
  }

  delete(name: string, now: UnixMillis): void {
    const secret = this.#live(name);
    if (secret) secret.deletedAt = now;
  }

  deleted(retentionDays: number): DeletedSecret[] {
    return this.#sorted().flatMap(({ name, versions, deletedAt }) =>
      deletedAt === undefined
        ? []
        : [{ name, current: versions.at(-1)!, deletedAt, purgedAt: deletedAt + retentionDays * DAY }],
    );
  }

  recover(name: string): void {
    const secret = this.#secrets.get(name.toLowerCase());
    if (secret) secret.deletedAt = undefined;
  }

  purge(name: string): void {
    this.#secrets.delete(name.toLowerCase());
  }

  /** What was deleted long enough ago is gone. */
  forgetOld(retentionDays: number, now: UnixMillis): void {
    for (const { name, purgedAt } of this.deleted(retentionDays)) if (purgedAt <= now) this.purge(name);
  }

  #live(name: string): Secret | undefined {
    const secret = this.#secrets.get(name.toLowerCase());
    return secret?.deletedAt === undefined ? secret : undefined;
  }

  #sorted(): Secret[] {
    return [...this.#secrets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/**
 * Which host key a server is known by. One that is pinned in the configuration counts; without one the key that was
 * shown the first time is remembered, as OpenSSH's `StrictHostKeyChecking accept-new` does; a key that changed stops
 * everything. Keys are told as OpenSSH tells them: "SHA256:" and base64 without padding.
 */
import { createHash } from 'node:crypto';
import { errors } from './ssh-errors.ts';

/** Where first seen keys are kept, by "host:port". */
export interface HostKeyStore {
  /** "ssh-ed25519 SHA256:…"; undefined when the server was never seen. */
  get(place: string): Promise<string | undefined>;
  set(place: string, key: string): Promise<void>;
}

export interface ShownKey {
  /** "ssh-ed25519" */
  readonly type: string;
  /** "SHA256:…" */
  readonly fingerprint: string;
}

/** A public key as it goes over the wire: RFC 4253, section 6.6. */
export function shownKey(blob: Buffer): ShownKey {
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  const type = length <= 64 ? blob.toString('latin1', 4, 4 + length) : '';
  return {
    type,
    fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
  };
}

/** The same fingerprint, whether it was typed with or without "SHA256:" and padding. */
export function sameFingerprint(a: string, b: string): boolean {
  const bare = (text: string) =>
    text
      .trim()
      .replace(/^.*SHA256:/i, '')
      .replace(/=+$/, '');
  return bare(a) === bare(b);
}

/** Key types by the family that a server has one key of; each is asked for by itself when a pinned key is looked for. */
export const HOST_KEY_FAMILIES: ReadonlyArray<readonly string[]> = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
];

/** Signature algorithms by which to ask for keys of the type first, then the others. */
export function algorithmsFor(type: string | undefined): string[] {
  const families = [...HOST_KEY_FAMILIES];
  const wanted = families.find((family) => type !== undefined && family.includes(type));
  return (wanted ? [wanted, ...families.filter((family) => family !== wanted)] : families).flat();
}

export function changedKey(place: string, known: string, shown: ShownKey, isPinned: boolean): Error {
  return errors.make('ssh.hostKey.changed', {
    what: `${place} shows the host key ${shown.fingerprint} (${shown.type}); ${isPinned ? 'pinned is' : 'it was known by'} ${known}.`,
    data: { known, shown: shown.fingerprint },
  });
}

/**
 * Aliases of guests: certificates whose holders a guest takes for one of its users (GuestAliasManager). They are kept
 * and shown; logging in by a SAML token, which they are for, is refused as for any server without single sign-on.
 */
import { X509Certificate } from 'node:crypto';
import type { Guest } from '../../estate/guest/guest.ts';
import { invalidArgument, vimFault } from '../faults.ts';
import { type Call, defineMethod, type Method } from '../methods/method.ts';
import type { Data } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';
import { enterGuest, GUEST_FAULTS, type GuestArgs } from './access.ts';

interface Entry {
  readonly username: string;
  /** DER in base64. */
  readonly certificate: string;
  isMapped: boolean;
  readonly aliases: Data[];
}

const ALIASES_MAX = 100;
const GUESTS = new WeakMap<Vcenter, Map<string, Entry[]>>();

function entriesOf({ vcenter }: Call, guest: Guest): Entry[] {
  let guests = GUESTS.get(vcenter);
  if (!guests) {
    guests = new Map();
    GUESTS.set(vcenter, guests);
  }
  let entries = guests.get(guest.machine.id);
  if (!entries) {
    entries = [];
    guests.set(guest.machine.id, entries);
  }
  return entries;
}

/** PEM or DER in base64, as DER in base64. @throws VimFault InvalidArgument */
function certificateOf(text: string): string {
  try {
    const bytes = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64');
    return new X509Certificate(bytes).raw.toString('base64');
  } catch {
    throw invalidArgument('base64Cert');
  }
}

/** @throws VimFault InvalidArgument */
function requireUser(guest: Guest, username: string): void {
  const short = username.toLowerCase();
  const isKnown = guest
    .accounts()
    .some(({ user }) => user.toLowerCase() === short || user.toLowerCase().split('\\').at(-1) === short);
  if (!isKnown) throw invalidArgument('username');
}

const subjectKey = (subject: Data) => `${subject.$} ${String(subject.name ?? '')}`;

function method<Args>(
  name: string,
  takes: string,
  privilege: 'QueryAliases' | 'ModifyAliases',
  act: (args: Args, entries: Entry[], guest: Guest) => Data[] | undefined,
  returns?: string,
): Method {
  return defineMethod<GuestArgs & Args>({
    on: 'GuestAliasManager',
    name,
    since: '6.0',
    takes: `vm &VirtualMachine @6.0, auth GuestAuthentication @6.0${takes === '' ? '' : `, ${takes}`}`,
    ...(returns === undefined ? {} : { returns }),
    faults: GUEST_FAULTS,
    run(args, call) {
      const { guest } = enterGuest(call, args, privilege);
      return act(args, entriesOf(call, guest), guest);
    },
  });
}

interface AddArgs {
  readonly username: string;
  readonly mapCert: boolean;
  readonly base64Cert: string;
  readonly aliasInfo: Data & { readonly subject: Data; readonly comment: string };
}

const USER_AND_CERTIFICATE = 'username string @6.0, base64Cert string @6.0';

/** Takes away what fits; certificates without aliases go, too. @throws VimFault GuestOperationsFault */
function remove(
  entries: Entry[],
  { username, base64Cert }: { username: string; base64Cert: string },
  isMeant: (alias: Data) => boolean,
): undefined {
  const certificate = certificateOf(base64Cert);
  const at = entries.findIndex((each) => each.username === username && each.certificate === certificate);
  const kept = entries[at]?.aliases.filter((alias) => !isMeant(alias)) ?? [];
  if (at < 0 || kept.length === entries[at]!.aliases.length)
    throw vimFault('GuestOperationsFault', 'There is no such alias in the guest.');
  if (kept.length === 0) entries.splice(at, 1);
  else entries[at]!.aliases.splice(0, Number.POSITIVE_INFINITY, ...kept);
  return undefined;
}

export const GUEST_ALIAS_METHODS: readonly Method[] = [
  method<AddArgs>(
    'AddGuestAlias',
    'username string @6.0, mapCert boolean @6.0, base64Cert string @6.0, aliasInfo GuestAuthAliasInfo @6.0',
    'ModifyAliases',
    ({ username, mapCert, base64Cert, aliasInfo }, entries, guest) => {
      requireUser(guest, username);
      const certificate = certificateOf(base64Cert);
      const others = entries.filter((each) => each.certificate === certificate && each.username !== username);
      if (mapCert && others.some(({ isMapped }) => isMapped))
        throw vimFault('GuestMultipleMappings', 'The certificate is mapped to another user of the guest.');
      let entry = entries.find((each) => each.certificate === certificate && each.username === username);
      if (!entry) {
        entry = { username, certificate, isMapped: false, aliases: [] };
        entries.push(entry);
      }
      const count = entries.reduce((sum, { aliases }) => sum + aliases.length, 0);
      if (count >= ALIASES_MAX) throw vimFault('GuestOperationsFault', 'The guest takes no more aliases.');
      entry.isMapped ||= mapCert;
      const key = subjectKey(aliasInfo.subject);
      const at = entry.aliases.findIndex((each) => subjectKey(each.subject as Data) === key);
      entry.aliases.splice(at < 0 ? entry.aliases.length : at, at < 0 ? 0 : 1, aliasInfo);
      return undefined;
    },
  ),
  method<{ username: string; base64Cert: string; subject: Data }>(
    'RemoveGuestAlias',
    `${USER_AND_CERTIFICATE}, subject GuestAuthSubject @6.0`,
    'ModifyAliases',
    (args, entries) =>
      remove(entries, args, (alias) => subjectKey(alias.subject as Data) === subjectKey(args.subject)),
  ),
  method<{ username: string; base64Cert: string }>(
    'RemoveGuestAliasByCert',
    USER_AND_CERTIFICATE,
    'ModifyAliases',
    (args, entries) => remove(entries, args, () => true),
  ),
  method<{ username: string }>(
    'ListGuestAliases',
    'username string @6.0',
    'QueryAliases',
    ({ username }, entries, guest) => {
      requireUser(guest, username);
      return entries
        .filter((each) => each.username === username)
        .map(({ certificate, aliases }) => ({
          $: 'GuestAliases',
          base64Cert: certificate,
          aliases: [...aliases],
        }));
    },
    'GuestAliases[]',
  ),
  method(
    'ListGuestMappedAliases',
    '',
    'QueryAliases',
    (_args, entries) =>
      entries
        .filter(({ isMapped }) => isMapped)
        .map(({ username, certificate, aliases }) => ({
          $: 'GuestMappedAliases',
          base64Cert: certificate,
          username,
          subjects: aliases.map(({ subject }) => subject as Data),
        })),
    'GuestMappedAliases[]',
  ),
];

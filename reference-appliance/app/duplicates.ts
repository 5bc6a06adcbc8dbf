/**
 * One machine that is seen through two sources: a guest that is also in the list of servers, a server that two vCenters
 * or hosts have. The rules and their reasons are in docs/decisions/0012-one-machine-two-sources.md.
 *
 * Cost: linear in machines; candidates meet in maps of what identifies them.
 */
import type { SourceMachine } from './source-machines.ts';

/** A machine and the source that has it. */
export interface Seen {
  /** As configured. */
  readonly source: string;
  readonly machine: SourceMachine;
}

export type SameBecause = 'bios uuid' | 'serial number' | 'mac address' | 'name and address' | 'replica';

export interface Twin {
  /** The view that counts: that of the virtualisation, for it can be migrated from there. */
  readonly first: Seen;
  readonly second: Seen;
  readonly because: SameBecause;
  /** What they have in common. */
  readonly evidence: string;
}

/** UUIDs and serial numbers that boards carry when nobody gave them one. */
const NOBODYS_UUID =
  /^(.)\1*$|^03000200040005000006000700080009$|^12345678123456789?0?abcddeefaabbcc$|^(?:fefe|dead|beef)+/;
const NOBODYS_SERIAL =
  /^(?:none|n\/?a|not (?:specified|available|applicable)|to be filled.*|default string|system serial number|chassis serial number|unknown|0+|1234567890?|x+|\.+)$/i;
const SERIAL_MIN = 5;
/** Addresses that software gives to many: VRRP, HSRP, and those of containers. */
const SHARED_MAC = /^(?:00005e0001|00000c07ac|0242)/;

interface Identity {
  readonly seen: Seen;
  /** SMBIOS UUID with its first three fields in the order in which they come first in the alphabet. */
  readonly uuid: string | undefined;
  readonly serial: string | undefined;
  readonly macs: readonly string[];
  /** In lower case, with a domain. */
  readonly fqdn: string | undefined;
  readonly addresses: ReadonlySet<string>;
}

/**
 * Machines that are one, each of the later ones once, with the first one it is the same as.
 *
 * @param seen in the order in which views count: sources of virtualisation before lists of servers
 */
export function findTwins(seen: readonly Seen[]): Twin[] {
  const all = seen.map(identityIn);
  const twins: Twin[] = [];
  const taken = new Set<Identity>();
  /** The first of each group with each of the others, as long as none of them is the second of another. */
  function* pairs(keysOf: (identity: Identity) => readonly string[]): Iterable<[Identity, Identity, string]> {
    for (const [key, group] of groupsBy(all, keysOf)) {
      // what one source shows of several machines identifies nothing
      if (new Set(group.map(({ seen }) => seen.source)).size < group.length) continue;
      const [first, ...others] = group.filter((each) => !taken.has(each));
      for (const other of others) yield [first!, other, key];
    }
  }
  const tell = (first: Identity, second: Identity, because: SameBecause, evidence: string): void => {
    if (taken.has(first) || taken.has(second)) return;
    const isCopy = isReplica(first) !== isReplica(second);
    // the original counts, whichever was seen first
    const [a, b] = isCopy && isReplica(first) ? [second, first] : [first, second];
    taken.add(b);
    twins.push({ first: a.seen, second: b.seen, because: isCopy ? 'replica' : because, evidence });
  };

  for (const [first, second, uuid] of pairs(({ uuid }) => (uuid === undefined ? [] : [uuid])))
    tell(first, second, 'bios uuid', spelt(uuid));
  for (const [first, second, serial] of pairs(({ serial }) => (serial === undefined ? [] : [serial])))
    if (mayBeOne(first, second)) tell(first, second, 'serial number', serial);
  for (const [first, second, mac] of pairs(({ macs }) => macs))
    if (mayBeOne(first, second)) tell(first, second, 'mac address', mac);
  for (const [first, second, fqdn] of pairs(({ fqdn }) => (fqdn === undefined ? [] : [fqdn]))) {
    const address = [...first.addresses].find((each) => second.addresses.has(each));
    if (address !== undefined && mayBeOne(first, second))
      tell(first, second, 'name and address', `${fqdn} ${address}`);
  }
  return twins;
}

/** A machine is never changed, only replaced: what identifies it is worked out once. */
const identities = new WeakMap<SourceMachine, Identity>();

function identityIn(seen: Seen): Identity {
  let identity = identities.get(seen.machine);
  if (identity?.seen.source !== seen.source) {
    identity = identityOf(seen);
    identities.set(seen.machine, identity);
  }
  return identity;
}

function identityOf(seen: Seen): Identity {
  const { machine } = seen;
  const serial = 'biosSerialNumber' in machine ? machine.biosSerialNumber : '';
  const fqdn = (
    machine.kind === 'server' && machine.fqdn !== '' ? machine.fqdn : machine.guestHostName
  ).toLowerCase();
  return {
    seen,
    uuid: uuidOf(machine.biosUuid) ?? uuidOf(vmwareUuidIn(serial)),
    serial: serialOf(serial),
    macs: machine.nics.map(({ macAddress }) => macOf(macAddress)).filter((mac) => mac !== undefined),
    fqdn: /^[^.]+\.[^.]/.test(fqdn) && !fqdn.startsWith('localhost') ? fqdn : undefined,
    addresses: new Set(machine.nics.flatMap(({ addresses }) => addresses.filter(isOwnAddress))),
  };
}

/**
 * An SMBIOS UUID, whatever its reader made of its first three fields: up to version 2.5 of the standard they were
 * written in network order, since 2.6 in that of Intel, and readers differ in which they assume.
 */
export function uuidOf(text: string): string | undefined {
  const hex = text.replace(/[^0-9a-f]/gi, '').toLowerCase();
  if (hex.length !== 32 || NOBODYS_UUID.test(hex)) return undefined;
  const swapped = swappedUuid(hex);
  return swapped < hex ? swapped : hex;
}

function swappedUuid(hex: string): string {
  const reverse = (field: string): string => field.match(/../g)!.reverse().join('');
  return reverse(hex.slice(0, 8)) + reverse(hex.slice(8, 12)) + reverse(hex.slice(12, 16)) + hex.slice(16);
}

/** VMware writes the UUID into the serial number: "VMware-56 4d 12 34 56 78 9a bc-de f0 12 34 56 78 9a bc". */
function vmwareUuidIn(serial: string): string {
  return /^VMware-((?:[0-9a-f]{2}[ -]?){16})$/i.exec(serial)?.[1] ?? '';
}

function serialOf(text: string): string | undefined {
  const serial = text.trim();
  return serial.length < SERIAL_MIN || NOBODYS_SERIAL.test(serial) ? undefined : serial.toUpperCase();
}

function macOf(text: string): string | undefined {
  const hex = text.replace(/[^0-9a-f]/gi, '').toLowerCase();
  const isOfOne = hex.length === 12 && (Number.parseInt(hex.slice(0, 2), 16) & 1) === 0;
  return !isOfOne || /^0+$/.test(hex) || SHARED_MAC.test(hex) ? undefined : hex;
}

function isOwnAddress(address: string): boolean {
  return !/^(?:127\.|169\.254\.|172\.17\.0\.1$|::1$|fe80:)/i.test(address);
}

/** Two UUIDs that differ, whatever their order, are two machines, whatever else they share: copied addresses, cloned names. */
function mayBeOne(a: Identity, b: Identity): boolean {
  return a.uuid === undefined || b.uuid === undefined || a.uuid === b.uuid;
}

function isReplica({ seen: { machine } }: Identity): boolean {
  return machine.kind === 'hyperv' && machine.isReplica;
}

function spelt(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function groupsBy(
  all: readonly Identity[],
  keysOf: (identity: Identity) => readonly string[],
): Map<string, Identity[]> {
  const groups = new Map<string, Identity[]>();
  for (const identity of all)
    for (const key of new Set(keysOf(identity))) {
      const group = groups.get(key);
      if (group) group.push(identity);
      else groups.set(key, [identity]);
    }
  return groups;
}

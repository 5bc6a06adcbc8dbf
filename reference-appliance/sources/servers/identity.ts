/**
 * Who a server is. Its SMBIOS UUID says so where the maker set one; else its serial number and hardware addresses. What
 * was once decided is remembered with the hardware addresses, so that a machine stays who it is when root's rights come
 * or go, when an adapter is added, and when its address changes. [facts: physical-servers §3, "not an identity"]
 */
import { createHash } from 'node:crypto';
import type { SourceMemory } from './memory.ts';

export interface Marks {
  /** SMBIOS, as it was told. */
  readonly uuid: string;
  readonly serial: string;
  /** Of its adapters. */
  readonly macs: readonly string[];
  /** How it was reached: what is left when nothing else tells it from others. */
  readonly label: string;
}

interface Known {
  readonly id: string;
  readonly macs: readonly string[];
  /** Where it was met. */
  readonly label: string;
}

/** What boards say that nobody gave an identity. */
const NOBODY =
  /^(|none|unknown|default|default string|not (specified|settable|present|applicable|available)|n\/?a|invalid|empty|oem|0+|f+|x+|\.+|to be filled by o\.?e\.?m\.?|system serial number|chassis serial number|serial number|0?123456789.*)$/i;
/** A UUID that a maker of boards put on all of them. */
const COMMON_UUIDS = new Set([
  '03000200-0400-0500-0006-000700080009',
  '12345678-1234-5678-90ab-cddeefaabbcc',
]);
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/** The UUID in lower case; undefined for one that is no identity. */
export function realUuid(text: string): string | undefined {
  const uuid = text
    .trim()
    .replace(/^\{|\}$/g, '')
    .toLowerCase();
  if (!UUID.test(uuid) || COMMON_UUIDS.has(uuid) || /^([\da-f])\1*$/.test(uuid.replaceAll('-', '')))
    return undefined;
  return uuid;
}

/** The serial number; undefined for one that is no identity. */
export function realSerial(text: string): string | undefined {
  const serial = text.trim();
  return NOBODY.test(serial) ? undefined : serial;
}

const macsOf = (macs: readonly string[]): string[] =>
  [...new Set(macs.map((mac) => mac.toLowerCase().replaceAll('-', ':')))]
    .filter((mac) => /^[\da-f]{2}(:[\da-f]{2}){5}$/.test(mac) && mac !== '00:00:00:00:00:00')
    .sort();

/** Without a UUID: serial number and hardware addresses together, else the address that it was reached by. */
export function fallbackId({ serial, macs, label }: Marks): string {
  const hardware = [realSerial(serial) ?? '', ...macsOf(macs)];
  const what = hardware.some((mark) => mark !== '') ? hardware.join('|') : `address|${label.toLowerCase()}`;
  return `server-${createHash('sha256').update(what).digest('hex').slice(0, 32)}`;
}

const KEY = 'identity.';

/** Decides, and remembers the decision. */
export class Identities {
  readonly #memory: SourceMemory;
  /** One decision after the other: two copies that are met at one time must see each other. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(memory: SourceMemory) {
    this.#memory = memory;
  }

  of(marks: Marks): Promise<string> {
    const turn = this.#tail.then(() => this.#decide(marks));
    this.#tail = turn.catch(() => {});
    return turn;
  }

  async #decide(marks: Marks): Promise<string> {
    const { label } = marks;
    const macs = macsOf(marks.macs);
    const uuid = realUuid(marks.uuid);
    const known = await this.#known(macs);
    let id: string;
    if (known && (uuid === undefined || known.id.startsWith('server-'))) id = known.id;
    else if (uuid === undefined) id = fallbackId(marks);
    else {
      // two machines with one UUID are copies, or come from a careless maker: the second is told by its hardware
      const holder = parse(await this.#memory.get(`${KEY}${uuid}`));
      const isCopy =
        holder !== undefined &&
        holder.label !== label &&
        holder.macs.length > 0 &&
        macs.length > 0 &&
        !holder.macs.some((mac) => macs.includes(mac));
      id = isCopy ? fallbackId(marks) : uuid;
    }
    const text = JSON.stringify({ id, macs, label });
    for (const key of [id, ...macs]) {
      if ((await this.#memory.get(`${KEY}${key}`)) !== text) await this.#memory.set(`${KEY}${key}`, text);
    }
    return id;
  }

  /** What was decided of a machine that has one of these addresses. */
  async #known(macs: readonly string[]): Promise<Known | undefined> {
    for (const mac of macs) {
      const known = parse(await this.#memory.get(`${KEY}${mac}`));
      if (known) return known;
    }
    return undefined;
  }
}

function parse(text: string | undefined): Known | undefined {
  if (text === undefined) return undefined;
  return JSON.parse(text) as Known;
}

/**
 * What the appliance remembers. One list of steps brings an empty database to the newest schema; a step that
 * was released is never edited, a change is a new step.
 */
import type { Generated } from 'kysely';
import type { UnixMillis } from '#core/units.ts';

export interface ApplianceSchema {
  meta: { key: string; value: string };
  /** Credentials, sealed (see secret-box.ts). */
  secrets: { name: string; box: Uint8Array };
  /** Every machine that the service was told of, with a digest of what it was told. */
  machines: {
    source: string;
    instance_uuid: string;
    digest: string;
    /** What it is reached by, when that can fail for it alone: a host, an address. Else ''. */
    via: string;
  };
  /** Last ten-minute window of a machine of which nothing more is to come: collection goes on behind it. */
  watermarks: { machine: string; window: number };
  /** Windows of a machine without points, from first to last; `reason` of app/performance.ts. */
  gaps: { machine: string; first: number; last: number; reason: string };
  /** Batches in the order in which they are to be sent; the body is kept until it has been. */
  outbox: {
    id: Generated<number>;
    /** Which of the appliance's sites it is for. */
    site: 'vmware' | 'hyperv' | 'server';
    kind: 'inventory' | 'points' | 'applications' | 'dependencies';
    /** Its number at the service; counts per site and kind. */
    sequence: number;
    /** zstd of the JSON body: repeating it repeats the same bytes. */
    body: Uint8Array;
    /** Points: the newest window inside; 0 for inventory. */
    last_window: number;
    created_at: UnixMillis;
    sent_at: UnixMillis | null;
    /** 1 when every window inside is also in `points`. */
    compacted: number;
  };
  /** Peaks of a window that was running when the appliance was stopped; body as in `outbox`. */
  partial_windows: { site: 'vmware' | 'hyperv' | 'server'; window: number; body: Uint8Array };
  series: { id: Generated<number>; machine: string; counter: string; instance: string };
  /** One packed blob (core/metrics/points.ts) per series and UTC day (days since the epoch). */
  points: { series: number; day: number; data: Uint8Array };
  /** Machines that were looked into: the credential that worked ('' for none), and a digest of what the service was told. */
  guests: { instance_uuid: string; credential: string; digest: string };
  /** Connections seen in a slot of six hours, from the side of their client ('source') or server ('destination'). */
  dependencies: {
    slot: number;
    view: 'source' | 'destination';
    source: string;
    destination: string;
    port: number;
    process: string;
    application: string;
    observations: number;
    first_seen: UnixMillis;
    last_seen: UnixMillis;
  };
  /** Replication items; `state` is JSON of app/replication-item.ts. */
  items: { item_id: string; state: string };
  /** The cycle of an item that is under way; `state` is JSON of app/cycle-record.ts. */
  cycles: { item_id: string; state: string };
}

/** Statements of one step each; the schema version is the number of steps done. */
export const SCHEMA_STEPS: ReadonlyArray<readonly string[]> = [
  [
    'create table secrets (name text primary key, box blob not null) without rowid',
    `create table machines (source text not null, instance_uuid text not null, digest text not null,
       primary key (source, instance_uuid)) without rowid`,
    'create table watermarks (machine text primary key, window integer not null) without rowid',
    `create table outbox (id integer primary key, kind text not null, sequence integer not null,
       body blob not null, last_window integer not null, created_at integer not null, sent_at integer,
       compacted integer not null)`,
    'create index outbox_unsent on outbox (kind, id) where sent_at is null',
    'create index outbox_by_window on outbox (last_window) where compacted = 0',
    `create table series (id integer primary key, machine text not null, counter text not null,
       instance text not null, unique (machine, counter, instance))`,
    `create table points (series integer not null, day integer not null, data blob not null,
       primary key (series, day)) without rowid`,
    'create index points_by_day on points (day)',
    'create table items (item_id text primary key, state text not null) without rowid',
    'create table cycles (item_id text primary key, state text not null) without rowid',
  ],
  [
    `create table gaps (machine text not null, first integer not null, last integer not null, reason text not null,
       primary key (machine, first)) without rowid`,
  ],
  [
    `create table guests (instance_uuid text primary key, credential text not null, digest text not null)
       without rowid`,
    `create table dependencies (slot integer not null, view text not null, source text not null,
       destination text not null, port integer not null, process text not null, application text not null,
       observations integer not null, first_seen integer not null, last_seen integer not null,
       primary key (slot, view, source, destination, port, process, application)) without rowid`,
  ],
  [
    "alter table outbox add column site text not null default 'vmware'",
    "alter table machines add column via text not null default ''",
    'drop index outbox_unsent',
    'create index outbox_unsent on outbox (site, kind, id) where sent_at is null',
    `create table partial_windows (site text not null, window integer not null, body blob not null,
       primary key (site, window)) without rowid`,
  ],
];

/** Exists before any step, since it holds the version. */
export const META_TABLE =
  'create table if not exists meta (key text primary key, value text not null) without rowid';

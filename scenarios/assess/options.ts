/** What `assess` and `what-if` have in common: options of the command line, and what they open and plan. */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { MachineFacts } from '#core/assessment/machine-facts.ts';
import type { PriceSheet, RetailPriceItem } from '#core/assessment/price-sheet.ts';
import { readPriceSheet } from '#core/assessment/price-sheet.ts';
import { defineErrors } from '#core/errors.ts';
import { readInstant } from '#core/points/point-table.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { formatBytes, GIB, MIB, MINUTE, SECOND, type UnixMillis } from '#core/units.ts';
import { PROPERTY_WORDS } from './property-words.ts';
import { type AssessSource, openSource } from './sources.ts';

export const errors = defineErrors({
  'assess.badOption': {
    blame: 'input',
    why: 'The value cannot be used, or goes with another option only.',
    next: 'See `drylift assess --help` and docs/guides/assess.md.',
  },
  'assess.badPrices': {
    blame: 'input',
    why: 'Prices are a JSON file in the form of the Azure Retail Prices API: a response with Items, or a list of items or responses.',
    next: 'Save responses of https://prices.azure.com/api/retail/prices, or leave --prices out for sample prices.',
  },
});

/** As commander gives them; beside these, the properties by their words (`wordsOf`). */
export interface AssessOptions {
  readonly points?: string;
  readonly machines?: string;
  readonly samples?: string;
  readonly asOf?: string;
  readonly prices?: string;
  readonly cores?: string;
  readonly memoryGib?: string;
  readonly os?: string;
  readonly diskGib?: string;
  readonly skipBadRows?: boolean;
  readonly period?: string;
}

const PRICES_BYTES_MAX = 400 * MIB;

/** The properties among the options, by word: `hybridBenefit` is `hybrid-benefit`. */
export function wordsOf(options: AssessOptions): Map<string, string> {
  const words = new Map<string, string>();
  for (const word of Object.keys(PROPERTY_WORDS)) {
    const value = (options as Readonly<Record<string, unknown>>)[
      word.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    ];
    if (typeof value === 'string') words.set(word, value);
  }
  return words;
}

/** Opens what --points and --machines name. */
export function sourceOf(options: AssessOptions): Promise<AssessSource> {
  const period = Number(options.period ?? 10) * MINUTE;
  if (![5, 10, 15].includes(period / MINUTE))
    throw badOption(`--period ${options.period}: points are of 5, 10 or 15 minutes.`);
  const samples = options.samples === undefined ? undefined : Number(options.samples) * SECOND;
  if (samples !== undefined && !(samples >= SECOND && Number.isInteger(period / samples)))
    throw badOption(
      `--samples ${options.samples}: seconds that divide the ${period / MINUTE} minutes of a point.`,
    );
  return openSource({
    points: options.points,
    machines: options.machines,
    table: { periodMs: period, ...(samples === undefined ? {} : { samplePeriodMs: samples }) },
    defaults: defaultsOf(options),
    skipBadRows: options.skipBadRows,
  });
}

function defaultsOf({
  cores,
  memoryGib,
  os,
  diskGib,
}: AssessOptions): Omit<MachineFacts, 'id' | 'displayName'> | undefined {
  if (cores === undefined && memoryGib === undefined) return undefined;
  const positive = (name: string, text: string | undefined): number => {
    const value = Number(text);
    if (text !== undefined && value > 0) return value;
    throw badOption(`${name} is ${text ?? 'missing'}; --cores and --memory-gib go together and are above 0.`);
  };
  const disks = (diskGib ?? '').split('+').filter(Boolean);
  return {
    platform: 'VMware',
    cores: positive('--cores', cores),
    memoryMiB: positive('--memory-gib', memoryGib) * 1024,
    bootType: 'BIOS',
    os: { name: os ?? '' },
    disks: disks.map((size, i) => ({
      id: `disk${i + 1}`,
      label: `Disk ${i + 1}`,
      sizeBytes: positive('--disk-gib', size) * GIB,
      isOs: i === 0,
    })),
    nics: [{ id: 'nic1' }],
  };
}

/** The instant of the assessment: as stated, else where the points end, else now. */
export function asOfOf({ asOf }: AssessOptions, source: AssessSource): UnixMillis {
  if (asOf !== undefined) {
    const at = readInstant(asOf);
    if (at === undefined) throw badOption(`--as-of ${asOf}: an instant such as 2026-03-31T00:00:00Z.`);
    return at;
  }
  return source.end === undefined ? new SystemClock().wall() : source.end * source.periodMs;
}

export interface GivenPrices {
  readonly items: readonly RetailPriceItem[];
  readonly source: string;
}

/** @throws `assess.badPrices`; items are checked when the sheet is read */
export function pricesOf({ prices: path }: AssessOptions): GivenPrices | undefined {
  if (path === undefined) return undefined;
  const bad = (what: string, cause?: unknown) =>
    errors.make('assess.badPrices', { what, where: { file: path }, ...(cause ? { cause } : {}) });
  let value: unknown;
  try {
    const { size } = statSync(path);
    if (size > PRICES_BYTES_MAX) throw bad(`${path} has ${formatBytes(size)}.`);
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw bad(`${path} cannot be read as JSON.`, cause);
  }
  const items = (Array.isArray(value) ? value : [value]).flatMap((part: unknown) =>
    typeof part === 'object' && part !== null && 'Items' in part && Array.isArray(part.Items)
      ? part.Items
      : [part],
  ) as RetailPriceItem[];
  return { items, source: basename(path) };
}

/** Undefined: the sample prices. */
export function sheetOf(prices: GivenPrices | undefined): PriceSheet | undefined {
  return prices && readPriceSheet(prices.items, prices.source);
}

function badOption(what: string) {
  return errors.make('assess.badOption', { what });
}

/** A thread that assesses chunks of a packed store which it opens for itself. See chunk.ts for why this is safe. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '#core/assert.ts';
import { type RetailPriceItem, readPriceSheet } from '#core/assessment/price-sheet.ts';
import { openPackedStore } from '#core/points/packed-store.ts';
import type { UnixMillis } from '#core/units.ts';
import { assessChunk, CHUNK_MACHINES, planOf, type Wants } from './chunk.ts';
import type { PropertySet } from './property-words.ts';
import { pointSource } from './sources.ts';

export interface WorkerTask {
  readonly path: string;
  readonly set: PropertySet;
  readonly prices: { readonly items: readonly RetailPriceItem[]; readonly source: string } | undefined;
  readonly asOf: UnixMillis;
  readonly wants: Wants;
}

assert(parentPort !== null, 'worker.ts runs as a thread');
const port = parentPort;
const { path, set, prices, asOf, wants } = workerData as WorkerTask;
const plan = planOf(set, prices && readPriceSheet(prices.items, prices.source), asOf);
const store = openPackedStore(path);

async function* machinesOf(chunk: number) {
  for await (const { facts, series } of store.read(chunk * CHUNK_MACHINES, CHUNK_MACHINES))
    yield { facts, points: pointSource(series) };
}

/** A failure here ends the thread, and is told by its `error` event. */
async function work(chunk: number): Promise<void> {
  const own = chunk === 0 ? wants : { ...wants, table: false };
  port.postMessage({ chunk, result: await assessChunk(plan, machinesOf(chunk), own) });
}

port.on('message', (chunk: number) => void work(chunk));

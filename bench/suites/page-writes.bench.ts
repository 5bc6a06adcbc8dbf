/**
 * What the blob service makes of a MiB: page writes, overwrites, block writes and range reads through its
 * handler in the memory tier (HTTP, signature, checksums, extent store; no cipher), against moving the same
 * bytes into a sparse array of chunks with Buffer.copy, which is the least that keeping them can cost. And the
 * extent store alone: page writes, and a comparison of two snapshots of a large space that differ in little.
 */

import { Entropy } from '#core/entropy/entropy.ts';
import { createAuthority } from '#core/net/certificates.ts';
import { HttpClient } from '#core/net/http-client.ts';
import { serveHttp } from '#core/net/http-server.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { MemoryNetwork } from '#core/net/memory-network.ts';
import { Quiescence } from '#core/time/quiescence.ts';
import { VirtualClock } from '#core/time/virtual-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { DAY, GIB, KIB, MIB, TIB } from '#core/units.ts';
import { ExtentStore } from '#simulators/azure/storage/extent-store.ts';
import { BLOB_HOSTS, createStorage } from '#simulators/azure/storage/service.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';
import type { Bench, BenchSuite } from '../suite.ts';

const PAGES_BYTES = 4 * MIB;
const BLOCK_BYTES = 8 * MIB;
/** Requests a call. */
const REQUESTS = 8;
const CHUNK_BYTES = 64 * KIB;

interface Client {
  send(method: string, blobAndQuery: string, headers: Record<string, string>, body?: Buffer): Promise<void>;
}

async function blobClient(): Promise<Client> {
  const entropy = new Entropy('bench');
  const quiescence = new Quiescence();
  const start = Date.UTC(2026, 10, 1);
  const clock = new VirtualClock({ start, entropy, quiescence });
  const network = new MemoryNetwork({ clock, links: new LinkRules(clock), quiescence });
  const authority = await createAuthority('drylift bench', { from: start - DAY, to: start + DAY });
  const recorder = { record() {} };
  const context = {
    clock,
    entropy,
    transport: network.as('azure'),
    recorder,
    counters: new Counters(),
    faults: new FaultPoints({ clock, recorder }),
    identityFor: (names: readonly string[]) => authority.issue(names),
  };
  const storage = createStorage({ context, accounts: [{ name: 'bench' }], verifyToken: () => 'none here' });
  storage.container('bench', 'box');
  const at = BLOB_HOSTS.map((host) => ({ host, port: 443 }));
  const identity = await authority.issue(BLOB_HOSTS);
  await serveHttp({ transport: context.transport, at, identity, clock, handler: storage.handler });
  const client = new HttpClient({
    transport: network.as('client'),
    clock,
    tls: { trust: [authority.certificatePem] },
  });
  const grant = { account: 'bench', container: 'box', permissions: 'rw', expiresAt: start + DAY };
  const [base, sas] = storage.issueContainerSas(grant).split('?') as [string, string];
  return {
    async send(method, blobAndQuery, headers, body) {
      const [name, query] = blobAndQuery.split('?');
      const url = `${base}/${name}?${sas}${query === undefined ? '' : `&${query}`}`;
      const answer = await client.fetch({ method, url, headers, ...(body ? { body } : {}) });
      if (answer.status >= 300) throw new Error(`${method} ${name}: ${answer.status}`);
    },
  };
}

/** The least: the bytes copied into chunks of a sparse array. */
function copyIntoChunks(chunks: Map<number, Buffer>, at: number, data: Buffer): void {
  for (let done = 0; done < data.length; done += CHUNK_BYTES) {
    const index = (at + done) / CHUNK_BYTES;
    let chunk = chunks.get(index);
    if (!chunk) {
      chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      chunks.set(index, chunk);
    }
    data.copy(chunk, 0, done, done + CHUNK_BYTES);
  }
}

function noise(length: number): Buffer {
  const out = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    out.writeInt32LE(state, i);
  }
  return out;
}

export const suite: BenchSuite = {
  name: 'page-writes',
  async benches(): Promise<Bench[]> {
    const client = await blobClient();
    const pages = noise(PAGES_BYTES);
    const block = noise(BLOCK_BYTES);
    const create = (name: string) =>
      client.send('PUT', name, { 'x-ms-blob-type': 'PageBlob', 'x-ms-blob-content-length': String(GIB) });
    const writePages = (name: string, at: number) =>
      client.send(
        'PUT',
        `${name}?comp=page`,
        { 'x-ms-page-write': 'update', 'x-ms-range': `bytes=${at}-${at + PAGES_BYTES - 1}` },
        pages,
      );
    const each = async (step: (i: number) => Promise<void>): Promise<void> => {
      for (let i = 0; i < REQUESTS; i++) await step(i);
    };
    const copies = new Map<number, Buffer>();
    const copyPeer = (bytes: Buffer) => ({
      name: 'Buffer.copy into a sparse array',
      run: () => {
        for (let i = 0; i < REQUESTS; i++) copyIntoChunks(copies, i * bytes.length, bytes);
      },
    });
    const store = new ExtentStore();
    const space = store.create(8 * TIB);
    const large = store.create(64 * GIB);
    for (let at = 0; at < 64 * GIB; at += 64 * MIB) large.write(at, pages.subarray(0, CHUNK_BYTES));
    const before = large.snapshot();
    for (let i = 0; i < 16; i++) large.write(i * 4 * GIB, pages.subarray(0, 512));
    return [
      {
        name: 'Put Page 4 MiB to a new blob',
        unit: 'MiB',
        work: REQUESTS * 4,
        peer: copyPeer(pages),
        async run() {
          await create('new');
          await each((i) => writePages('new', i * PAGES_BYTES));
        },
      },
      {
        name: 'Put Page 4 MiB over the same pages',
        unit: 'MiB',
        work: REQUESTS * 4,
        peer: copyPeer(pages),
        setup: () => create('same'),
        run: () => each((i) => writePages('same', i * PAGES_BYTES)),
      },
      {
        name: 'Put Block 8 MiB',
        unit: 'MiB',
        work: REQUESTS * 8,
        peer: copyPeer(block),
        run: () => each((i) => client.send('PUT', `blocks?comp=block&blockid=AAA${i}`, {}, block)),
      },
      {
        name: 'Get Blob, ranges of 8 MiB',
        unit: 'MiB',
        work: REQUESTS * 8,
        peer: copyPeer(block),
        async setup() {
          await create('read');
          for (let at = 0; at < 2 * BLOCK_BYTES; at += PAGES_BYTES) await writePages('read', at);
        },
        run: () =>
          each((i) => {
            const at = (i % 2) * BLOCK_BYTES;
            return client.send('GET', 'read', { 'x-ms-range': `bytes=${at}-${at + BLOCK_BYTES - 1}` });
          }),
      },
      {
        name: 'extent store alone, 4 MiB writes at the end of 8 TiB',
        unit: 'MiB',
        work: REQUESTS * 4,
        peer: copyPeer(pages),
        run: () => {
          for (let i = 0; i < REQUESTS; i++) space.write(8 * TIB - 64 * MIB + i * PAGES_BYTES, pages);
        },
      },
      {
        name: 'difference of two snapshots, 16 of 1,024 chunks changed',
        unit: 'differences',
        work: 1,
        peer: { name: 'listing all ranges', run: () => [...large.ranges()].length },
        run: () => [...large.diff(before)].length,
      },
    ];
  },
};

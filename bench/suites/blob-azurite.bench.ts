/**
 * What a MiB costs over TLS: page writes, overwrites, block writes and range reads, our server over sparse files
 * beside Azurite 3.36 over its file store, in one run, each in a process of its own. The CPU figures are those of
 * the servers' processes.
 */
import { GIB, MIB } from '#core/units.ts';
import type { Bench, BenchSuite } from '../suite.ts';
import { type BlobServer, startBlobServers } from './blob-server.ts';

const PAGES_BYTES = 4 * MIB;
const BLOCK_BYTES = 8 * MIB;
/** Requests a call. */
const REQUESTS = 24;
/** Calls before the first that counts: until then the time of either server's compiler is measured along. */
const WARM_UP = 5;

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
  name: 'blob-azurite',
  async benches(): Promise<Bench[]> {
    const { ours, azurite } = await startBlobServers();
    const pages = noise(PAGES_BYTES);
    const block = noise(BLOCK_BYTES);
    const create = (server: BlobServer, name: string) =>
      server.send('PUT', name, { 'x-ms-blob-type': 'PageBlob', 'x-ms-blob-content-length': String(GIB) });
    const writePages = (server: BlobServer, name: string, at: number) =>
      server.send(
        'PUT',
        `${name}?comp=page`,
        { 'x-ms-page-write': 'update', 'x-ms-range': `bytes=${at}-${at + PAGES_BYTES - 1}` },
        pages,
      );
    const each = async (step: (i: number) => Promise<void>): Promise<void> => {
      for (let i = 0; i < REQUESTS; i++) await step(i);
    };
    const both = (
      name: string,
      bytes: number,
      run: (server: BlobServer) => Promise<void>,
      prepare: (server: BlobServer) => Promise<void> = async () => {},
    ): Bench => ({
      name,
      unit: 'MiB',
      work: (REQUESTS * bytes) / MIB,
      async setup() {
        for (const server of [ours, azurite]) {
          await prepare(server);
          for (let i = 0; i < WARM_UP; i++) await run(server);
        }
      },
      isLong: true,
      run: () => run(ours),
      peer: { name: 'azurite', run: () => run(azurite) },
      cpu: { mine: () => ours.cpuMs(), peer: () => azurite.cpuMs() },
    });
    return [
      both('Put Page 4 MiB to a new blob', PAGES_BYTES, async (server) => {
        await create(server, 'new');
        await each((i) => writePages(server, 'new', i * PAGES_BYTES));
      }),
      both(
        'Put Page 4 MiB over the same pages',
        PAGES_BYTES,
        (server) => each((i) => writePages(server, 'same', i * PAGES_BYTES)),
        (server) => create(server, 'same'),
      ),
      both('Put Block 8 MiB', BLOCK_BYTES, (server) =>
        each((i) =>
          server.send('PUT', `blocks?comp=block&blockid=AA${String(i).padStart(2, '0')}`, {}, block),
        ),
      ),
      both(
        'Get Blob, ranges of 8 MiB',
        BLOCK_BYTES,
        (server) =>
          each((i) => {
            const at = (i % 2) * BLOCK_BYTES;
            return server.send('GET', 'read', { 'x-ms-range': `bytes=${at}-${at + BLOCK_BYTES - 1}` });
          }),
        async (server) => {
          await create(server, 'read');
          for (let at = 0; at < 2 * BLOCK_BYTES; at += PAGES_BYTES) await writePages(server, 'read', at);
        },
      ),
    ];
  },
};

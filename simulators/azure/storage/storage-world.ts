/** A world with one storage account behind its real host name, for tests of the blob service. */
import type { UnixMillis } from '#core/units.ts';
import { HOUR } from '#core/units.ts';
import { type Answer, type TestWorld, testWorld } from '../testing/test-world.ts';
import { BLOB_HOSTS, createStorage, type StorageOptions, type StorageService } from './service.ts';

export const ACCOUNT = 'devaccount';
export const HOST = `https://${ACCOUNT}.blob.core.windows.net`;

export interface StorageWorld extends AsyncDisposable {
  readonly world: TestWorld;
  readonly storage: StorageService;
  /** A request with a signature for everything in the container `box`. */
  box(
    method: string,
    blobAndQuery: string,
    headers?: Record<string, string>,
    body?: Uint8Array,
  ): Promise<Answer>;
  /** Lets the story's time pass. */
  wait(ms: number): Promise<void>;
}

export async function storageWorld(
  options: Partial<StorageOptions> = {},
  seed?: string,
  tier?: 'memory' | 'loopback',
): Promise<StorageWorld> {
  const world = await testWorld(tier, seed);
  const { clock } = world.tier;
  const storage = createStorage({
    context: world.context,
    accounts: [{ name: ACCOUNT }],
    verifyToken: (token) =>
      token === 'good' ? { oid: 'object', tid: 'tenant' } : 'InvalidAuthenticationToken',
    ...options,
  });
  storage.container(ACCOUNT, 'box');
  await world.serve(BLOB_HOSTS, storage.handler);
  const expiresAt: UnixMillis = clock.wall() + 24 * HOUR;
  const sas = storage.issueContainerSas({
    account: ACCOUNT,
    container: 'box',
    permissions: 'racwdltf',
    expiresAt,
  });
  const [base, query] = sas.split('?') as [string, string];
  return {
    world,
    storage,
    box: (method, blobAndQuery, headers = {}, body) => {
      const [name, more] = blobAndQuery.split('?');
      const url = `${base}${name === '' ? '' : `/${name}`}?${query}${more === undefined ? '' : `&${more}`}`;
      return world.ask(method, url, {
        headers: { 'x-ms-version': '2023-11-03', ...headers },
        ...(body ? { body } : {}),
      });
    },
    wait: (ms) => new Promise((done) => void clock.schedule(clock.wall() + ms, 'test.wait', done)),
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      storage.close();
    },
  };
}

/** Status and code. */
export function outcome({ status, headers }: Answer): string {
  const code = headers['x-ms-error-code'];
  return code === undefined ? String(status) : `${status} ${String(code)}`;
}

/**
 * Our storage services on free ports of this machine, over real TLS at wall time, and clients of them in processes
 * of their own, because NODE_EXTRA_CA_CERTS is read only at a process's start.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import { createAuthority } from '#core/net/certificates.ts';
import { type HttpHandler, serveHttp } from '#core/net/http-server.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import type { TlsIdentity } from '#core/net/transport.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { DAY } from '#core/units.ts';
import { createQueues } from '#simulators/azure/queues/service.ts';
import {
  createStorage,
  type StorageOptions,
  type StorageService,
} from '#simulators/azure/storage/service.ts';
import { createTables } from '#simulators/azure/tables/service.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';

export const ACCOUNT = 'devaccount';

/** What client scripts are given. */
export interface ClientInput {
  readonly origin: string;
  readonly queueOrigin: string;
  readonly tableOrigin: string;
  readonly account: string;
  readonly key: string;
  readonly bearer: string;
}

export interface ServedStorage {
  readonly storage: StorageService;
  readonly faults: FaultPoints;
  readonly input: ClientInput;
  readonly folder: string;
  /** For other servers on this machine that the same clients shall trust. */
  readonly identity: TlsIdentity;
  readonly authorityPem: string;
  /** Runs a script of this folder. @returns what it saw, case by case */
  run(script: string, input?: object): Promise<Record<string, unknown>>;
  /** Bugs of ours that were met. */
  bugs(): number;
  stop(): Promise<void>;
}

export async function servedStorage(options: Partial<StorageOptions> = {}): Promise<ServedStorage> {
  const clock = new SystemClock();
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
  const now = clock.wall();
  const authority = await createAuthority('drylift crosscheck', { from: now - DAY, to: now + DAY });
  const recorder = { record() {} };
  const counters = new Counters();
  const faults = new FaultPoints({ clock, recorder });
  const context = {
    clock,
    entropy: new Entropy('azure-storage crosscheck'),
    transport: network.as('azure'),
    recorder,
    counters,
    faults,
    identityFor: (names: readonly string[]) => authority.issue(names),
  };
  const storage = createStorage({
    context,
    accounts: [{ name: ACCOUNT }],
    verifyToken: (token) =>
      token === 'good' ? { oid: 'an-object', tid: 'a-tenant' } : 'InvalidAuthenticationToken',
    ...options,
  });
  const identity = await authority.issue(['127.0.0.1', 'localhost']);
  const listeners: Array<{ close(): Promise<void> }> = [];
  const serve = async (handler: HttpHandler): Promise<string> => {
    const at = { host: '127.0.0.1', port: 0 };
    const listener = await serveHttp({ transport: context.transport, at, identity, clock, handler });
    listeners.push(listener);
    return `https://127.0.0.1:${listener.endpoint.port}`;
  };
  const input: ClientInput = {
    origin: await serve(storage.handler),
    queueOrigin: await serve(createQueues({ context, storage }).handler),
    tableOrigin: await serve(createTables({ context, storage }).handler),
    account: ACCOUNT,
    key: storage.account(ACCOUNT)!.keys[0],
    bearer: 'good',
  };
  const folder = mkdtempSync(join(tmpdir(), 'drylift-storage-'));
  writeFileSync(join(folder, 'ca.pem'), authority.certificatePem);
  return {
    storage,
    faults,
    input,
    folder,
    identity,
    authorityPem: authority.certificatePem,
    run: (script, more = {}) => runClient(script, join(folder, 'ca.pem'), { ...input, ...more }),
    bugs: () => counters.toJSON()['bugs.azure'] ?? 0,
    async stop() {
      for (const listener of listeners) await listener.close();
      await network.close();
      storage.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A client script of this folder that trusts the given authority. @returns what it saw, case by case */
export async function runClient(
  script: string,
  caFile: string,
  input: object,
): Promise<Record<string, unknown>> {
  const path = new URL(script, import.meta.url).pathname;
  const child = spawn(
    'env',
    [`NODE_EXTRA_CA_CERTS=${caFile}`, process.execPath, '--import', 'tsx', path, JSON.stringify(input)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return JSON.parse((await text(child.stdout)) || '{}') as Record<string, unknown>;
}

/** Every case named must have been seen, with this outcome. */
export function expectSeen(seen: Record<string, unknown>, expected: Record<string, unknown>): void {
  expect(Object.fromEntries(Object.keys(expected).map((name) => [name, seen[name]]))).toEqual(expected);
}

/** Serves a cloud and runs a script of the official clients against it, in a process of its own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { type ServeAzureOptions, serveAzure } from '#simulators/azure/serve.ts';

/** What the clients saw, case by case. */
export interface Seen {
  /** Every case named must have been seen, with this outcome. */
  expect(expected: Readonly<Record<string, unknown>>): void;
  expectNoStop(): void;
  stop(): Promise<void>;
}

/** @param script in this folder; it ends by printing one JSON object */
export async function seenByClient(script: string, options: ServeAzureOptions): Promise<Seen> {
  const { exports, files, stop } = await serveAzure(options);
  const folder = mkdtempSync(join(tmpdir(), 'drylift-migrate-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, files!['NODE_EXTRA_CA_CERTS']!.content);
  const child = spawn(
    'env',
    [
      `HTTPS_PROXY=${exports['HTTPS_PROXY']}`,
      `NODE_EXTRA_CA_CERTS=${ca}`,
      ...[process.execPath, '--import', 'tsx', new URL(`./${script}`, import.meta.url).pathname],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.stdin.on('error', () => {}); // it may end without reading: what it says and its status are judged
  child.stdin.end(JSON.stringify(exports));
  const seen = JSON.parse((await text(child.stdout)) || '{"client stopped":true}') as Record<string, unknown>;
  return {
    expect(expected) {
      expect(Object.fromEntries(Object.keys(expected).map((name) => [name, seen[name]]))).toEqual(expected);
    },
    expectNoStop: () =>
      expect(Object.entries(seen).filter(([name]) => name.endsWith(' stopped'))).toEqual([]),
    async stop() {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}

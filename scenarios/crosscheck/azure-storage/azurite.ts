/** The emulator that others use, Azurite of npm, in a process of its own with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TlsIdentity } from '#core/net/transport.ts';

const require = createRequire(import.meta.url);

export interface AzuriteOptions {
  /** Empty folder, the caller's to remove. */
  readonly folder: string;
  readonly identity: TlsIdentity;
  readonly account: string;
  /** Base64. */
  readonly key: string;
}

export interface Azurite {
  readonly origin: string;
  readonly queueOrigin: string;
  readonly tableOrigin: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Path of its main file; undefined where it is not installed. */
export function azuriteMain(): string | undefined {
  try {
    const path = require.resolve('azurite/dist/src/azurite.js');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** On free ports, over TLS, over its file store. Resolves when all three services listen. */
export async function startAzurite({ folder, identity, account, key }: AzuriteOptions): Promise<Azurite> {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(certFile, identity.certificatePem);
  writeFileSync(keyFile, identity.privateKeyPem, { mode: 0o600 });
  const flags = ['--skipApiVersionCheck', '--loose', '--disableTelemetry'];
  const ports = ['--blobPort', '0', '--queuePort', '0', '--tablePort', '0'];
  const tls = ['--cert', certFile, '--key', keyFile, '--location', folder];
  const child = spawn(
    'env',
    [`AZURITE_ACCOUNTS=${account}:${key}`, process.execPath, azuriteMain()!, ...flags, ...ports, ...tls],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const origins = await listening(child);
  return {
    origin: origins.get('Blob')!,
    queueOrigin: origins.get('Queue')!,
    tableOrigin: origins.get('Table')!,
    pid: child.pid!,
    stop: () =>
      new Promise((done) => {
        child.once('exit', () => done());
        child.kill('SIGKILL');
      }),
  };
}

const START_MS = 45_000;

/** "Azurite Blob service is successfully listening at https://127.0.0.1:44443" */
function listening(child: ChildProcess): Promise<Map<string, string>> {
  return new Promise((resolve, reject) => {
    const origins = new Map<string, string>();
    let output = '';
    const giveUp = setTimeout(() => {
      child.kill('SIGKILL');
    }, START_MS);
    child.once('exit', (code) => {
      clearTimeout(giveUp);
      reject(new Error(`azurite ended with ${code}: ${output}`));
    });
    child.stdout!.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000);
      for (const [, service, origin] of output.matchAll(
        /Azurite (\w+) service is successfully listening at (https?:\/\/\S+)/g,
      ))
        origins.set(service!, origin!);
      if (origins.size < 3) return;
      clearTimeout(giveUp);
      resolve(origins);
    });
  });
}

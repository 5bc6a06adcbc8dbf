/**
 * Blob servers in processes of their own, so that what they cost can be told from what their clients cost: ours
 * over sparse files, and Azurite over its file store. Both over TLS, for one client.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Entropy } from '#core/entropy/entropy.ts';
import { createAuthority } from '#core/net/certificates.ts';
import { HttpClient } from '#core/net/http-client.ts';
import { serveHttp } from '#core/net/http-server.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { DAY } from '#core/units.ts';
import { accountSasStringToSign, sasTime } from '#simulators/azure/storage/sas.ts';
import { createStorage } from '#simulators/azure/storage/service.ts';
import { sign } from '#simulators/azure/storage/shared-key.ts';
import type { SimulatorContext } from '#simulators/kit/context.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';
import { leftBehind } from '#simulators/kit/young-garbage.ts';

const require = createRequire(import.meta.url);
const ACCOUNT = 'bench';
const KEY = Buffer.alloc(64, 7).toString('base64');
const THIS_FILE = fileURLToPath(import.meta.url);

export interface BlobServers {
  readonly ours: BlobServer;
  readonly azurite: BlobServer;
}

export interface BlobServer {
  send(
    method: string,
    blobAndQuery: string,
    headers: Readonly<Record<string, string>>,
    body?: Buffer,
  ): Promise<void>;
  /** CPU time of the server's process so far. */
  cpuMs(): number;
}

/** Starts both; they end with this process. */
export async function startBlobServers(): Promise<BlobServers> {
  const clock = new SystemClock();
  const now = clock.wall();
  const authority = await createAuthority('drylift bench', { from: now - DAY, to: now + DAY });
  const identity = await authority.issue(['127.0.0.1', 'localhost']);
  const folder = mkdtempSync(join(tmpdir(), 'drylift-bench-'));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(certFile, identity.certificatePem);
  writeFileSync(keyFile, identity.privateKeyPem, { mode: 0o600 });
  const http = new HttpClient({
    transport: new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) }).as('client'),
    clock,
    tls: { trust: [authority.certificatePem] },
  });
  const sas = accountSas(now + DAY);
  const children: ChildProcess[] = [];
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const start = async (command: readonly string[], said: RegExp): Promise<BlobServer> => {
    const child = spawn('env', command, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const origin = await untilSaid(child, said);
    const base = `${origin}/${ACCOUNT}/box`;
    return {
      cpuMs: () => cpuMsOf(child.pid!),
      async send(method, blobAndQuery, headers, body) {
        const [name, query] = blobAndQuery.split('?');
        const path = name === '' ? '' : `/${name}`;
        const url = `${base}${path}?${sas}${query === undefined ? '' : `&${query}`}`;
        const all = { 'x-ms-version': '2022-11-02', ...headers };
        const answer = await http.fetch({ method, url, headers: all, ...(body ? { body } : {}) });
        leftBehind(answer.body.length); // the client is not what is measured
        if (answer.status >= 300) throw new Error(`${method} ${name}: ${answer.status} ${answer.body}`);
      },
    };
  };
  const dataFolder = join(folder, 'ours');
  mkdirSync(dataFolder);
  const ours = await start(
    [process.execPath, '--import', import.meta.resolve('tsx'), THIS_FILE, certFile, keyFile, dataFolder],
    /listening at (\S+)/,
  );
  const azuriteFolder = join(folder, 'azurite');
  mkdirSync(azuriteFolder);
  const main = require.resolve('azurite/dist/src/blob/main.js');
  const flags = ['--skipApiVersionCheck', '--loose', '--disableTelemetry', '--silent', '--blobPort', '0'];
  const azurite = await start(
    [
      ...[`AZURITE_ACCOUNTS=${ACCOUNT}:${KEY}`, process.execPath, main, ...flags],
      ...['--cert', certFile, '--key', keyFile, '--location', azuriteFolder],
    ],
    /successfully listens on (\S+)/,
  );
  for (const server of [ours, azurite]) await server.send('PUT', '?restype=container', {});
  return { ours, azurite };
}

/** A signature for everything. */
function accountSas(expiresAt: number): string {
  const query = new Map([
    ['sv', '2022-11-02'],
    ['ss', 'b'],
    ['srt', 'sco'],
    ['sp', 'rwdlac'],
    ['se', sasTime(expiresAt)],
  ]);
  query.set('sig', sign(KEY, accountSasStringToSign(ACCOUNT, query)));
  return [...query].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

function untilSaid(child: ChildProcess, said: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.once('exit', (code) => reject(new Error(`a server ended with ${code}: ${output}`)));
    child.stdout!.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000);
      const match = said.exec(output);
      if (match) resolve(match[1]!);
    });
  });
}

/** User and system time of a process. [proc(5): fields 14 and 15 of stat, in ticks of 10 ms] */
function cpuMsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** Our server, when this file is what the process runs. */
async function serve(certFile: string, keyFile: string, directory: string): Promise<void> {
  const clock = new SystemClock();
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
  const recorder = { record() {} };
  const context: SimulatorContext = {
    clock,
    entropy: new Entropy('bench'),
    transport: network.as('azure'),
    recorder,
    counters: new Counters(),
    faults: new FaultPoints({ clock, recorder }),
    identityFor: () => Promise.reject(new Error('the certificate is given')),
  };
  const storage = createStorage({
    context,
    accounts: [{ name: ACCOUNT, keys: [KEY, KEY] }],
    verifyToken: () => 'none here',
    directory,
  });
  const listener = await serveHttp({
    transport: context.transport,
    at: { host: '127.0.0.1', port: 0 },
    identity: {
      certificatePem: readFileSync(certFile, 'utf8'),
      privateKeyPem: readFileSync(keyFile, 'utf8'),
    },
    clock,
    handler: storage.handler,
  });
  process.stdout.write(`listening at https://127.0.0.1:${listener.endpoint.port}\n`);
}

if (process.argv[1] === THIS_FILE) await serve(process.argv[2]!, process.argv[3]!, process.argv[4]!);

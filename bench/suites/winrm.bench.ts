/**
 * The summary of 5,000 machines over WS-Management: one GetSummaryInformation to each of 50 hosts, as the appliance asks
 * it, and an enumeration of the same machines with a projection, over real TLS from another process, signed in by NTLM. In
 * the same run, by turns, an https server that answers as many bytes without looking: the share of its rate is ours.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { fileURLToPath } from 'node:url';
import { NtlmTestClient } from '#simulators/winrm/testing/ntlm-client.ts';
import { soapOf } from '#simulators/winrm/testing/test-host.ts';
import { NS, RESOURCE, WQL_DIALECT } from '#simulators/winrm/wsman/names.ts';
import type { BenchSuite, Figure } from '../suite.ts';

const MACHINES = 5000;
const HOSTS = 50;
const ROUNDS_BEFORE = 4;
const ROUNDS = 5;
const V2 = `${RESOURCE.wmi}root/virtualization/v2`;
/** Name, ElementName, processors, state, load, memory, heartbeat, uptime, guest, health. */
const CODES = [0, 1, 4, 100, 101, 103, 104, 105, 106, 109];

const SUMMARY = soapOf({
  action: `${V2}/Msvm_VirtualSystemManagementService/GetSummaryInformation`,
  uri: `${V2}/Msvm_VirtualSystemManagementService`,
  body:
    `<p:GetSummaryInformation_INPUT xmlns:p="${V2}/Msvm_VirtualSystemManagementService">` +
    `${CODES.map((code) => `<p:RequestedInformation>${code}</p:RequestedInformation>`).join('')}</p:GetSummaryInformation_INPUT>`,
});
const ENUMERATE = soapOf({
  action: `${NS.n}/Enumerate`,
  uri: `${V2}/*`,
  body:
    '<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>1000</w:MaxElements>' +
    `<w:Filter Dialect="${WQL_DIALECT}">select Name, ElementName, EnabledState, OnTimeInMilliseconds from Msvm_ComputerSystem</w:Filter></n:Enumerate>`,
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly bytes: number;
}

interface Line {
  post(body: string): Promise<Answer>;
  close(): void;
}

export const suite: BenchSuite = {
  name: 'winrm',
  benches: () => [],
  async *figures() {
    const { child, message } = await program(
      new URL('./served-hyperv.ts', import.meta.url),
      String(MACHINES),
      String(HOSTS),
    );
    const ports = (message['ports'] as Array<{ https: number }>).map(({ https }) => https);
    const lines = await Promise.all(ports.map(loggedOn));
    for (const [what, body, mark] of [
      ['summary', SUMMARY, 'SummaryInformation xmlns'],
      ['enumeration with a projection', ENUMERATE, '<EnabledState>'],
    ] as const)
      yield* asked(what, body, mark, lines, child);
    for (const line of lines) line.close();
    child.kill();
  },
};

async function* asked(
  what: string,
  body: string,
  mark: string,
  lines: readonly Line[],
  child: ChildProcess,
): AsyncIterable<Figure> {
  const first = await round(lines, body);
  const found = first.reduce((sum, { text }) => sum + text.split(mark).length - 1, 0);
  if (found < MACHINES) throw new Error(`${found} machines were told of: ${first[0]!.text.slice(0, 500)}`);
  const bytes = first.reduce((sum, answer) => sum + answer.bytes, 0);
  const constant = await program(
    new URL('./constant-https.ts', import.meta.url),
    String(Math.round(bytes / HOSTS)),
  );
  const port = constant.message['port'] as number;
  const idle = Array.from({ length: HOSTS }, () => open(port));
  for (let n = 0; n < ROUNDS_BEFORE; n++) {
    await round(lines, body);
    await round(idle, body);
  }
  const mine: number[] = [];
  const theirs: number[] = [];
  const cpu: number[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    const before = await cpuMs(child);
    mine.push(await timed(() => round(lines, body)));
    cpu.push((await cpuMs(child)) - before);
    theirs.push(await timed(() => round(idle, body)));
  }
  for (const line of idle) line.close();
  constant.child.kill();
  const rate = MACHINES / median(mine);
  const floor = MACHINES / median(theirs);
  yield {
    name: `${what}, ${(rate / floor).toFixed(2)} of a handler that looks at nothing`,
    value: rate,
    unit: 'machines/s',
    peer: { name: 'constant', value: floor, times: rate / floor },
  };
  yield { name: `${what}, on the wire`, value: bytes / MACHINES, unit: 'bytes/machine' };
  yield { name: `${what}, CPU of the hosts`, value: (median(cpu) / MACHINES) * 1000, unit: 'ms/1,000' };
}

/** All hosts at once, one request each. */
function round(lines: readonly Line[], body: string): Promise<Answer[]> {
  return Promise.all(lines.map((line) => line.post(body)));
}

async function timed(work: () => unknown): Promise<number> {
  const began = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - began) / 1e9;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

async function program(
  url: URL,
  ...args: readonly string[]
): Promise<{ child: ChildProcess; message: Readonly<Record<string, unknown>> }> {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(url), ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [message] = (await once(child, 'message')) as [Record<string, unknown>];
  return { child, message };
}

async function cpuMs(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ cpuMs: used }] = (await once(child, 'message')) as [{ cpuMs: number }];
  return used;
}

function open(port: number): Line & { leg(token: Buffer): Promise<string> } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  const send = (body: string, more: Record<string, string>) =>
    new Promise<Answer & { said: string }>((resolve, reject) => {
      const asking = request(
        {
          ...{ host: '127.0.0.1', port, agent, method: 'POST', path: '/wsman' },
          headers: {
            'Content-Type': 'application/soap+xml;charset=UTF-8',
            'Content-Length': Buffer.byteLength(body),
            ...more,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => void chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const whole = Buffer.concat(chunks);
            const said = String(response.headers['www-authenticate'] ?? '');
            resolve({ status: response.statusCode!, text: whole.toString(), bytes: whole.length, said });
          });
        },
      );
      asking.on('error', reject);
      asking.end(body);
    });
  return {
    post: (body) => send(body, {}),
    leg: async (token) => (await send('', { Authorization: `Negotiate ${token.toString('base64')}` })).said,
    close: () => agent.destroy(),
  };
}

async function loggedOn(port: number): Promise<Line> {
  const line = open(port);
  const ntlm = new NtlmTestClient({ user: 'bench', domain: '', password: 'bench' });
  const [, challenge = ''] = /Negotiate (\S+)/.exec(await line.leg(ntlm.negotiate)) ?? [];
  await line.leg(ntlm.authenticate(Buffer.from(challenge, 'base64')));
  return line;
}
